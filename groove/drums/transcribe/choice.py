"""Which model hears: the file that was named, or the one that is there, or none at all.

In this order:

1. the file that was named
2. the file in ``GROOVE_DRUM_MODEL``
3. the model that was promoted below the data root
4. the model that comes with the package
5. for recordings, the heuristic, which needs none

``GROOVE_DRUM_HEURISTICS=1`` (or asking for it) takes the heuristic at once. A model that is named
and cannot be used is an error; nothing else is then taken in its place.

What belongs here: this order, and telling model files apart. What does not: where the data root is
(the commands know), what a model does.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from groove.audio.waveform import Waveform
from groove.core.digest import sha256
from groove.core.models import ModelError
from groove.drums.beatmap import Beatmap

if TYPE_CHECKING:
    from groove.drums.classify.model import DrumModel

MODEL_VARIABLE = "GROOVE_DRUM_MODEL"
HEURISTICS_VARIABLE = "GROOVE_DRUM_HEURISTICS"

T = TypeVar("T")
Kind = Literal["transcriber", "classifier"]
#: What a model file says it is, up to the version, which its reader checks.
_FORMATS: Mapping[Kind, str] = {
    "transcriber": "groove.drums.transcriber/",
    "classifier": "groove.drums.classifier/",
}
#: Where the models lie that come with the package, one file a kind.
RELEASED = resources.files("groove.drums") / "released"
#: What a recording at a lower rate holds of cymbals is not enough to hear one.
LEAST_HZ = 16_000
_NETWORK = "network"
_MAX_BYTES = 500_000_000
_OFF = frozenset({"", "0", "false", "no", "off"})

#: Returns (what it is called, its bytes) of a promoted model of a kind, or None.
Promoted = Callable[[Kind], "tuple[str, bytes] | None"]


@dataclass(frozen=True)
class Ears:
    """What hears a recording.

    Parameters
    ----------
    name
        For people: which model, and where it is from.
    about
        For files: ``transcriber`` (method) and, of a model, its file, the beginning of its hash.
    hear
        Hits of a waveform, at or above a threshold (``None``: its own).
    named
        Whether it was asked for, so that nothing may take its place.
    """

    name: str
    about: dict[str, Any]
    hear: Callable[[Waveform, float | None], Beatmap]
    named: bool = False


@dataclass(frozen=True)
class Found:
    """A model file: what it is called, of which kind, its bytes; its file, if it was named."""

    name: str
    kind: Kind
    data: bytes
    file: str = ""


def ears(
    model: Path | None = None,
    *,
    heuristics: bool = False,
    promoted: Promoted | None = None,
    environment: Mapping[str, str] | None = None,
) -> Ears:
    """Return what is to hear recordings.

    Parameters
    ----------
    model
        A transcriber's file, or a clip classifier's, which is then asked at every onset.
    heuristics
        Take no model.
    promoted
        Looks below the data root.
    environment
        Of the process, when it is not given.

    Raises
    ------
    ModelError
        If a model was named and is none, or both a model and the heuristic were asked for.
    OSError
        If its file cannot be read.
    """
    variables = os.environ if environment is None else environment
    if heuristics and model is not None:
        raise ModelError(f"{model} and the heuristic cannot both be used: ask for one")
    if heuristics or (model is None and heuristics_wanted(variables)):
        return _heuristic()
    found = _first(model, ("transcriber", "classifier"), promoted, variables)
    if found is None:
        return _heuristic()
    # A file's name, not where it lies: what is written may be passed on.
    about = {"model": found.file or found.name, "model_id": sha256(found.data)[:16]}
    if found.kind == "classifier":
        from groove.drums.transcribe import by_clips

        classifier = _classifier(found)

        def hear_clips(waveform: Waveform, threshold: float | None) -> Beatmap:
            return by_clips.transcribe(classifier, waveform, threshold)

        method = "clip classifier at spectral-flux onsets"
        return Ears(f"{found.name}, a {method}", {"transcriber": method, **about}, hear_clips)
    named = model is not None or bool(variables.get(MODEL_VARIABLE, "").strip())
    return _transcriber(found, about, named=named)


def for_rate(chosen: Ears, rate_hz: int) -> Ears:
    """Return what is to hear a recording of a rate: below 16 kHz not a network nobody named.

    The released network was trained on sound with an upper half. Without it, it finds next to
    nothing, and that wrongly: of two rendered songs at 8 kHz, micro F of groups was 0.00 and 0.04
    against the heuristic's 0.82 and 0.43; at 11 kHz 0.33 and 0.20 against 0.89 and 0.50. Lower
    thresholds are no cure: it hears onsets then, and names them wrongly.
    """
    usable = rate_hz >= LEAST_HZ or chosen.named or chosen.about.get("transcriber") != _NETWORK
    return chosen if usable else _heuristic()


def heuristics_wanted(environment: Mapping[str, str] | None = None) -> bool:
    """Return whether ``GROOVE_DRUM_HEURISTICS`` asks for the heuristic."""
    variables = os.environ if environment is None else environment
    return variables.get(HEURISTICS_VARIABLE, "").strip().lower() not in _OFF


def classifier(
    model: Path | None = None,
    *,
    promoted: Promoted | None = None,
    environment: Mapping[str, str] | None = None,
) -> tuple[DrumModel, str]:
    """Return the clip classifier to be used, and what it is called.

    A transcriber in ``GROOVE_DRUM_MODEL`` is passed over: it is meant for recordings. So is
    ``GROOVE_DRUM_HEURISTICS``: of clips there is no heuristic.

    Raises
    ------
    ModelError
        If there is none, or a file that was named is none.
    OSError
        If its file cannot be read.
    """
    variables = os.environ if environment is None else environment
    found = _first(model, ("classifier",), promoted, variables)
    if found is None:
        raise ModelError(
            "no drum classifier comes with this package: name one with --model FILE, "
            f"or set {MODEL_VARIABLE}"
        )
    return _classifier(found), found.name


def kind_of(data: bytes, name: str) -> Kind:
    """Return what a model file is, by its header.

    Raises
    ------
    ModelError
        If it is no drum model; the message says what it is.
    """
    from groove.core.models import unpack

    try:
        _, metadata = unpack(data)
    except ModelError as error:
        raise ModelError(
            f"{name}: no model file (.safetensors of a drum classifier or transcriber)"
        ) from error
    said = metadata.get("format") if isinstance(metadata, dict) else None
    for kind, beginning in _FORMATS.items():
        if isinstance(said, str) and said.startswith(beginning):
            return kind
    other = said or (metadata.get("stage") if isinstance(metadata, dict) else None) or "another"
    raise ModelError(
        f"{name}: a model of {str(other)[:60]!r}; a drum classifier or transcriber is wanted"
    )


def _first(
    model: Path | None,
    kinds: tuple[Kind, ...],
    promoted: Promoted | None,
    variables: Mapping[str, str],
) -> Found | None:
    if model is not None:
        found = _read(model, str(model))
        if found.kind not in kinds:
            raise ModelError(f"{model}: a drum {found.kind}; a {' or '.join(kinds)} is wanted")
        return found
    if named := variables.get(MODEL_VARIABLE, "").strip():
        try:
            found = _read(Path(named).expanduser(), f"{named} ({MODEL_VARIABLE})")
        except OSError as error:
            raise ModelError(f"{named} ({MODEL_VARIABLE}): {error.strerror}") from error
        if found.kind in kinds:
            return found
    for kind in kinds:
        if promoted is not None and (given := promoted(kind)) is not None:
            return Found(given[0], kind, given[1])
    for kind in kinds:
        file = RELEASED / f"{kind}.safetensors"
        if file.is_file():
            return Found(f"the released {kind}", kind, file.read_bytes())
    return None


def _read(path: Path, name: str) -> Found:
    if path.stat().st_size > _MAX_BYTES:
        raise ModelError(f"{name}: over {_MAX_BYTES // 1_000_000} MB, which no drum model is")
    data = path.read_bytes()
    return Found(name, kind_of(data, name), data, path.name)


def _heuristic() -> Ears:
    from groove.drums.transcribe import heuristic

    return Ears(
        f"no model, the {heuristic.NAME}", {"transcriber": heuristic.NAME}, heuristic.transcribe
    )


def _classifier(found: Found) -> DrumModel:
    from groove.drums.classify.model import from_bytes

    return _loaded(found, from_bytes)


def _transcriber(found: Found, about: dict[str, Any], *, named: bool) -> Ears:
    from groove.drums.transcribe.model import Transcriber

    transcriber = _loaded(found, Transcriber.from_bytes)
    return Ears(found.name, {"transcriber": _NETWORK, **about}, transcriber.transcribe, named)


def _loaded(found: Found, read: Callable[[bytes], T]) -> T:
    """Return a model, whose file may be damaged in any way."""
    try:
        return read(found.data)
    except (KeyError, TypeError, ValueError, RuntimeError, AttributeError) as error:
        said = f"no {error}" if isinstance(error, KeyError) else str(error).splitlines()[0][:200]
        raise ModelError(f"{found.name}: cannot be used: {said}") from error
