"""A trained drum classifier as bytes, as something to call, and as an export case.

What belongs here: what a model file holds and how it is run. What does not: training
(:mod:`groove.drums.classify.train`), ONNX (:mod:`groove.export`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal, Self

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field, model_validator

from groove.audio.waveform import Waveform
from groove.core.models import ExportCase, pack
from groove.drums.classify import unknown
from groove.drums.classify.calibration import Calibration, probabilities
from groove.drums.classify.features import cut, pictures
from groove.drums.classify.graph import DrumGraph
from groove.drums.classify.metrics import Marks, decide
from groove.drums.classify.network import DrumNetwork, build
from groove.drums.model_files import Channels, Header, Name, Threshold, filled, opened
from groove.drums.spec import ClipSpec

FORMAT = "groove.drums.classifier/2"
_BATCH = 256
#: Longest clip (s) that a file may ask for, and classes at most.
_CLIP_S = 30.0
_CLASSES = 64


class _Said(Header):
    """What a classifier's file says about itself."""

    classes: Annotated[list[Name], Field(min_length=1, max_length=_CLASSES)]
    clip: ClipSpec
    network: Literal["edge", "document"]
    channels: Annotated[list[Channels], Field(max_length=8)]
    scale: float = Field(gt=0, le=100)
    bias: float = Field(ge=-100, le=100)
    threshold: Threshold
    unknown_below: float = Field(ge=0, le=1)

    @model_validator(mode="after")
    def _orderly(self) -> Self:
        if len(set(self.classes)) < len(self.classes):
            raise ValueError("a class is named twice")
        if self.clip.fmin_hz >= self.clip.fmax_hz:
            raise ValueError("fmin_hz must be below fmax_hz")
        if self.clip.clip_samples > _CLIP_S * self.clip.sample_rate_hz:
            raise ValueError(f"a clip is longer than {_CLIP_S:g} s")
        if self.clip.pre_samples >= self.clip.clip_samples:
            raise ValueError("a clip ends before its onset")
        return self


@dataclass(frozen=True)
class Shape:
    """Which network: its name and the channels of its blocks."""

    name: str
    channels: tuple[int, ...]


@dataclass(frozen=True)
class DrumModel:
    """Everything that turns sound into probabilities.

    Attributes
    ----------
    network
        In evaluation mode.
    shape
        Which network it is.
    classes
        Names of the outputs, in order.
    clip
        The pictures that the network was trained on.
    calibration
        Logits to probabilities.
    threshold
        A class at or above it is heard.
    unknown_below
        A sound none of whose classes is as probable is no drum that the model knows.
    """

    network: DrumNetwork
    shape: Shape
    classes: tuple[str, ...]
    clip: ClipSpec
    calibration: Calibration
    threshold: float
    unknown_below: float = 0.0

    def probabilities(self, seen: NDArray[np.float16] | NDArray[np.float32]) -> NDArray[np.float32]:
        """Return calibrated probabilities (pictures, classes) of pictures."""
        return probabilities(logits(self.network, seen), self.calibration)

    def listen(self, waveform: Waveform, onsets_s: NDArray[np.float64]) -> NDArray[np.float32]:
        """Return calibrated probabilities (onsets, classes) of what sounds at each onset."""
        return self.probabilities(pictures(cut(waveform, onsets_s, self.clip), self.clip))

    def heard(self, likely: NDArray[np.float32]) -> Marks:
        """Return which classes are heard (sounds, classes); at least one each."""
        return decide(likely, self.threshold)

    def known(self, likely: NDArray[np.float32]) -> NDArray[np.bool_]:
        """Return, per sound, whether it is a drum that the model knows."""
        return unknown.scores(likely) >= self.unknown_below

    def to_bytes(self) -> bytes:
        """Return the model file."""
        return pack(
            self.network,
            {
                "format": FORMAT,
                "classes": list(self.classes),
                "clip": self.clip.model_dump(),
                "network": self.shape.name,
                "channels": list(self.shape.channels),
                "scale": self.calibration.scale,
                "bias": self.calibration.bias,
                "threshold": self.threshold,
                "unknown_below": self.unknown_below,
            },
        )


def logits(
    network: DrumNetwork, seen: NDArray[np.float16] | NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return the network's logits (pictures, classes), in batches and without gradients."""
    network.eval()
    device = network.head.weight.device
    parts = [np.zeros((0, network.head.out_features), dtype=np.float32)]
    with torch.no_grad():
        for start in range(0, len(seen), _BATCH):
            batch = torch.from_numpy(seen[start : start + _BATCH].astype(np.float32))
            parts.append(network(batch.to(device)).float().cpu().numpy())
    return np.concatenate(parts)


def from_bytes(data: bytes) -> DrumModel:
    """Return the model in a file that :meth:`DrumModel.to_bytes` wrote.

    Raises
    ------
    ModelError
        If it is none, or one that says what cannot be.
    """
    kind = "drum classifier"
    state, said = opened(data, kind, FORMAT, _Said)
    shape = Shape(said.network, tuple(said.channels))
    classes, clip = tuple(said.classes), said.clip

    def made() -> DrumNetwork:
        return build(shape.name, clip.frames, clip.n_mels, len(classes), shape.channels)

    return DrumModel(
        filled(made, state, kind),
        shape,
        classes,
        clip,
        Calibration(said.scale, said.bias),
        said.threshold,
        said.unknown_below,
    )


def export_case(model_bytes: bytes) -> ExportCase:
    """Return the step "clips of PCM in, probabilities out", features and calibration inside.

    The input is ``(batch, clip samples)`` at the model's sample rate, at any level, with the
    onset ``pre_s`` after its start. There is no state.
    """
    model = from_bytes(model_bytes)
    generator = torch.Generator().manual_seed(0)
    decay = torch.exp(-torch.arange(model.clip.clip_samples) / 4_000.0)
    clips = torch.randn((1, model.clip.clip_samples), generator=generator) * decay * 0.25
    return ExportCase(
        network=DrumGraph(model.network, model.clip, model.calibration).eval(),
        inputs=(clips,),
        input_names=("clips",),
        output_names=("probabilities",),
        dynamic_axes={"clips": {0: "batch"}},
        feedback={},
    )
