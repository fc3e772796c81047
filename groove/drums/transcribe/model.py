"""A trained transcriber as bytes, as something to call, and as an export case.

What belongs here: what a model file holds and how it is run. What does not: training.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, NamedTuple, Self

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field, model_validator

from groove.audio.waveform import Waveform, resample
from groove.core.models import ExportCase, pack
from groove.drums.beatmap import Beatmap
from groove.drums.model_files import Channels, Header, Name, Threshold, filled, opened
from groove.drums.transcribe import decode
from groove.drums.transcribe.graph import TranscriberGraph
from groove.drums.transcribe.levels import log_levels, reference, scaled
from groove.drums.transcribe.network import TranscriberNetwork
from groove.drums.transcribe.spec import DecodeSpec, LevelSpec
from groove.midi.taxonomy import CLASSES

FORMAT = "groove.drums.transcriber/1"
#: Frames that are worked out at once: what a long recording costs in memory.
_BLOCK = 6_000
_SHAPE = ("channels", "width", "layers")
#: Frames in a second, at least and at most.
_FRAME_RATES = (10.0, 2_000.0)


class _Levels(Header):
    """The levels of a file: :class:`LevelSpec`, within what can be computed."""

    sample_rate_hz: int = Field(ge=8_000, le=192_000)
    hop: int = Field(ge=1, le=16_384)
    n_fft: int = Field(ge=64, le=32_768)
    n_mels: int = Field(ge=8, le=512)
    fmin_hz: float = Field(ge=0, le=96_000)
    fmax_hz: float = Field(gt=0, le=96_000)
    range_db: float = Field(gt=0, le=1_000)

    @model_validator(mode="after")
    def _orderly(self) -> Self:
        if self.fmin_hz >= self.fmax_hz:
            raise ValueError("fmin_hz must be below fmax_hz")
        least, most = _FRAME_RATES
        if not least <= self.sample_rate_hz / self.hop <= most:
            raise ValueError(f"there must be {least:g} to {most:,.0f} frames in a second")
        return self


class _Said(Header):
    """What a transcriber's file says about itself."""

    classes: Annotated[list[Name], Field(min_length=1, max_length=len(CLASSES))]
    level: _Levels
    decoding: DecodeSpec
    thresholds: list[Threshold]
    channels: Annotated[list[Channels], Field(min_length=1, max_length=8)]
    width: int = Field(ge=1, le=1024)
    layers: int = Field(ge=1, le=12)

    @model_validator(mode="after")
    def _of_this_taxonomy(self) -> Self:
        known = len(set(self.classes) & set(CLASSES))
        if not known == len(self.classes) == len(self.thresholds):
            raise ValueError("its classes must be this taxonomy's, each once with a threshold")
        return self


class Activations(NamedTuple):
    """What is heard at each frame: onset and velocity, ``(frames, classes)`` in 0..1."""

    times_s: NDArray[np.float64]
    onset: NDArray[np.float32]
    velocity: NDArray[np.float32]


@dataclass(frozen=True)
class Transcriber:
    """Everything that turns a recording into hits.

    Attributes
    ----------
    network
        In evaluation mode.
    classes
        Names of the outputs, in order.
    level
        The levels that the network was trained on.
    decoding
        How activations become hits.
    thresholds
        One of each class: a peak at or above it is a hit.
    shape
        Settings that the network is built from.
    """

    network: TranscriberNetwork
    classes: tuple[str, ...]
    level: LevelSpec
    decoding: DecodeSpec
    thresholds: tuple[float, ...]
    shape: dict[str, Any] = field(default_factory=dict)

    def activations(self, waveform: Waveform) -> Activations:
        """Return what is heard at each frame of a recording."""
        samples = resample(waveform, self.level.sample_rate_hz).mono()
        logs = log_levels(samples, self.level)
        onset, velocity = self.heard(scaled(logs, reference(logs), self.level))
        times_s = np.arange(len(onset)) / self.level.frames_per_s
        return Activations(times_s, onset, velocity)

    def heard(self, levels: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return onset and velocity of levels ``(frames, mels)``, in blocks that overlap."""
        reach = self.network.reach
        parts: list[tuple[NDArray[np.float32], NDArray[np.float32]]] = []
        for start in range(0, max(1, len(levels)), _BLOCK):
            first = max(0, start - reach)
            seen = torch.from_numpy(levels[first : start + _BLOCK + reach])
            with torch.inference_mode():
                logits, velocity = self.network(seen.unsqueeze(0))
            here = slice(start - first, start - first + _BLOCK)
            parts.append((torch.sigmoid(logits)[0, here].numpy(), velocity[0, here].numpy()))
        onset, velocity = (np.concatenate(list(part)) for part in zip(*parts, strict=True))
        return onset, velocity

    def transcribe(self, waveform: Waveform, threshold: float | None = None) -> Beatmap:
        """Return the hits of a recording.

        Parameters
        ----------
        waveform
            Of any rate, length and number of channels.
        threshold
            Of all classes, instead of the model's own.
        """
        heard = self.activations(waveform)
        return decode.beatmap(self.peaks(heard, threshold), self.decoding, self.classes)

    def peaks(self, heard: Activations, threshold: float | None = None) -> decode.Peaks:
        """Return the hits in activations."""
        limits = list(self.thresholds) if threshold is None else [threshold] * len(self.classes)
        return decode.struck(
            heard.onset,
            heard.velocity,
            self.level.frames_per_s,
            limits,
            self.decoding.apart_s,
            self.classes,
        )

    def to_bytes(self) -> bytes:
        """Return the model file."""
        return pack(
            self.network,
            {
                "format": FORMAT,
                "classes": list(self.classes),
                "level": self.level.model_dump(),
                "decoding": {
                    name: getattr(self.decoding, name) for name in DecodeSpec.model_fields
                },
                "thresholds": list(self.thresholds),
                **{name: self.shape[name] for name in _SHAPE},
            },
        )

    @staticmethod
    def from_bytes(data: bytes) -> Transcriber:
        """Return the model in a file that :meth:`to_bytes` wrote.

        Raises
        ------
        ModelError
            If it is none, or one that says what cannot be.
        """
        kind = "drum transcriber"
        state, said = opened(data, kind, FORMAT, _Said)

        def build() -> TranscriberNetwork:
            return TranscriberNetwork(
                said.level.n_mels,
                len(said.classes),
                said.channels,
                said.width,
                said.layers,
                dropout=0.0,
            )

        return Transcriber(
            filled(build, state, kind),
            tuple(said.classes),
            LevelSpec(**said.level.model_dump()),
            said.decoding,
            tuple(said.thresholds),
            {name: getattr(said, name) for name in _SHAPE},
        )


def export_case(model_bytes: bytes) -> ExportCase:
    """Return the step "PCM in, activations out", with the levels inside.

    Inputs are ``(1, samples)`` at the model's rate and the logarithm that is level 1
    (:func:`groove.drums.transcribe.levels.reference`), which a live user tracks and a file's is
    known. There is no state: give a block with the network's reach to both sides.
    """
    model = Transcriber.from_bytes(model_bytes)
    generator = torch.Generator().manual_seed(0)
    seconds = 2
    count = model.level.sample_rate_hz * seconds
    clicks = torch.zeros(1, count)
    clicks[:, :: count // 8] = 1.0
    decay = torch.exp(-torch.arange(2_000) / 300.0) * torch.randn(2_000, generator=generator)
    pcm = torch.nn.functional.conv1d(
        clicks.unsqueeze(1), decay.flip(0).view(1, 1, -1), padding=1_999
    )[:, 0, :count]
    pcm = pcm / pcm.abs().max() * 0.5
    loudest = reference(log_levels(pcm[0].numpy(), model.level))
    return ExportCase(
        network=TranscriberGraph(model.network, model.level).eval(),
        inputs=(pcm, torch.tensor([loudest], dtype=torch.float32)),
        input_names=("pcm", "loudest"),
        output_names=("onset", "velocity"),
        dynamic_axes={"pcm": {1: "samples"}},
        feedback={},
    )
