"""Checkpoints: where a training stands, so that a killed one goes on instead of starting anew.

A checkpoint is one safetensors file: tensors by name, the rest as JSON in its header. Reading one
runs no code. It belongs to one piece of work, named by a hash of data and settings; that of another
is not taken.

What belongs here: the file. What does not: what a training has to keep
(:mod:`groove.core.fitting`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from groove.core.files import write_whole
from groove.core.models import ModelError

if TYPE_CHECKING:
    import torch

_METADATA = "groove_training"


@dataclass(frozen=True)
class Checkpoint:
    """A place for the state of one training.

    Parameters
    ----------
    path
        The file; its folder is made when something is kept.
    identity
        Hash of the data and the settings; a file of another training is as good as none.
    """

    path: Path
    identity: str

    def keep(self, tensors: Mapping[str, torch.Tensor], told: Mapping[str, Any]) -> None:
        """Write the state; whoever reads finds the last one or this one, never a part.

        Parameters
        ----------
        tensors
            By name; copied to the CPU.
        told
            The rest, JSON-able.
        """
        from safetensors.torch import save

        # A tensor of its own each: the file may not hold two views of one memory.
        held = {
            name: value.detach().to("cpu", copy=True).contiguous()
            for name, value in tensors.items()
        }
        header = {"identity": self.identity, "told": dict(told)}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(self.path, save(held, {_METADATA: json.dumps(header)}))

    def last(self) -> tuple[dict[str, torch.Tensor], dict[str, Any]] | None:
        """Return (tensors, the rest) of what was kept last, ``None`` if that was nothing.

        Raises
        ------
        ModelError
            If the file is damaged.
        """
        if not self.path.is_file():
            return None
        from safetensors import SafetensorError
        from safetensors.torch import load

        data = self.path.read_bytes()
        try:
            length = int.from_bytes(data[:8], "little")
            header = json.loads(json.loads(data[8 : 8 + length])["__metadata__"][_METADATA])
            if header["identity"] != self.identity:
                return None
            return load(data), dict(header["told"])
        except (SafetensorError, KeyError, TypeError, ValueError) as error:
            raise ModelError(f"{self.path} is no checkpoint: delete it to start anew") from error

    def drop(self) -> None:
        """Remove the file: the work is done."""
        self.path.unlink(missing_ok=True)
