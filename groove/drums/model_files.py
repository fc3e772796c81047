"""Model files of others: looked through before anything is built or computed with them.

A file's metadata says how large a network is wanted, and anybody can write metadata. So the
settings are held to bounds first, then the network is laid out without memory and its tensors are
compared with the file's; only a network as large as the file itself is ever built.

What belongs here: what the drum models' files share. What does not: what is in them
(:mod:`groove.drums.classify.model`, :mod:`groove.drums.transcribe.model`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from groove.core.models import ModelError, unpack

if TYPE_CHECKING:
    import torch

Channels = Annotated[int, Field(ge=1, le=512)]
Name = Annotated[str, Field(min_length=1, max_length=64)]
#: A probability that something is compared with; neither 0 nor 1 would tell anything apart.
Threshold = Annotated[float, Field(gt=0, lt=1)]


class Header(BaseModel):
    """The base of what a model file says about itself: finite numbers, no unknown names."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


_H = TypeVar("_H", bound=Header)
_N = TypeVar("_N", bound="torch.nn.Module")


def first_error(error: ValidationError) -> str:
    """Return the first of the errors in one line: where, and what is wrong."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    place = ".".join(str(part) for part in first["loc"])[:100]
    return f"{place}: {first['msg']}" if place else first["msg"]


def opened(
    data: bytes, kind: str, format_: str, header: type[_H]
) -> tuple[dict[str, torch.Tensor], _H]:
    """Return the tensors of a model file and what it says about itself.

    Parameters
    ----------
    data
        The file.
    kind
        What it should be, in words.
    format_
        The format that it should name.
    header
        What its metadata must be like, beside the format.

    Raises
    ------
    ModelError
        If it is not such a file, or says something out of bounds.
    """
    try:
        state, metadata = unpack(data)
    except RecursionError as error:
        raise ModelError(f"a damaged {kind}: its header is nested too deeply") from error
    if not isinstance(metadata, dict) or metadata.get("format") != format_:
        found = str(metadata.get("format") if isinstance(metadata, dict) else None)[:64]
        raise ModelError(
            f"not a {kind} of this release: its format is {found!r}, {format_!r} is needed"
        )
    try:
        said = header.model_validate({k: v for k, v in metadata.items() if k != "format"})
    except ValidationError as error:
        raise ModelError(f"a damaged {kind}: {first_error(error)}") from error
    return state, said


def filled(build: Callable[[], _N], state: Mapping[str, torch.Tensor], kind: str) -> _N:
    """Return the network that ``build`` makes with a file's tensors, in evaluation mode.

    Parameters
    ----------
    build
        Called on a device without memory first.
    state
        The file's tensors.
    kind
        What the file should be, in words.

    Raises
    ------
    ModelError
        If the tensors are not the network's, or hold what no training leaves behind.
    """
    import torch

    with torch.device("meta"):
        wanted = build().state_dict()
    for name in sorted({*wanted, *state}):
        if name not in wanted or name not in state:
            missing = "lacks" if name in wanted else "has an unknown"
            raise ModelError(f"a damaged {kind}: it {missing} tensor {name[:100]!r}")
        tensor, other = state[name], wanted[name]
        if tensor.shape != other.shape or tensor.dtype != other.dtype:
            raise ModelError(
                f"a damaged {kind}: {name} is {_told(tensor)}, its settings need {_told(other)}"
            )
        if not bool(torch.isfinite(tensor).all()):
            raise ModelError(f"a damaged {kind}: {name} holds numbers that are not finite")
        if name.endswith("running_var") and bool((tensor < 0).any()):
            raise ModelError(f"a damaged {kind}: {name} holds a variance below 0")
    network = build()
    network.load_state_dict(dict(state))
    network.eval()
    return network


def _told(tensor: Any) -> str:
    """Return type and shape of a tensor in words."""
    return f"{str(tensor.dtype).removeprefix('torch.')} {list(tensor.shape)}"
