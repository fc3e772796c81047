"""A trained drum classifier as bytes, as something to call, and as an export case.

What belongs here: what a model file holds and how it is run. What does not: training
(:mod:`groove.drums.classify.train`), ONNX (:mod:`groove.export`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from groove.audio.waveform import Waveform
from groove.core.models import ExportCase, ModelError, pack, unpack
from groove.drums.classify import unknown
from groove.drums.classify.calibration import Calibration, probabilities
from groove.drums.classify.features import cut, pictures
from groove.drums.classify.graph import DrumGraph
from groove.drums.classify.metrics import Marks, decide
from groove.drums.classify.network import DrumNetwork, build
from groove.drums.spec import ClipSpec

FORMAT = "groove.drums.classifier/2"
_BATCH = 256


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
        If it is none.
    """
    state, metadata = unpack(data)
    if metadata.get("format") != FORMAT:
        raise ModelError(
            f"not a drum classifier of this release: its format is {metadata.get('format')!r}, "
            f"{FORMAT!r} is needed"
        )
    try:
        clip = ClipSpec(**metadata["clip"])
        classes = tuple(metadata["classes"])
        shape = Shape(metadata["network"], tuple(metadata["channels"]))
        network = build(shape.name, clip.frames, clip.n_mels, len(classes), shape.channels)
        network.load_state_dict(state)
        calibration = Calibration(float(metadata["scale"]), float(metadata["bias"]))
        limits = float(metadata["threshold"]), float(metadata["unknown_below"])
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise ModelError(f"a damaged drum classifier: {error}") from error
    network.eval()
    return DrumModel(network, shape, classes, clip, calibration, *limits)


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
