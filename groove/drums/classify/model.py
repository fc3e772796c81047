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
from groove.drums.classify.calibration import Calibration, probabilities
from groove.drums.classify.features import cut, pictures
from groove.drums.classify.graph import DrumGraph
from groove.drums.classify.network import DrumNetwork
from groove.drums.spec import ClipSpec

FORMAT = "groove.drums.classifier/1"
_BATCH = 256


@dataclass(frozen=True)
class DrumModel:
    """Everything that turns sound into probabilities.

    Attributes
    ----------
    network
        In evaluation mode.
    classes
        Names of the outputs, in order.
    clip
        The pictures that the network was trained on.
    calibration
        Logits to probabilities.
    threshold
        A class at or above it is heard.
    """

    network: DrumNetwork
    classes: tuple[str, ...]
    clip: ClipSpec
    calibration: Calibration
    threshold: float

    def probabilities(self, seen: NDArray[np.float16] | NDArray[np.float32]) -> NDArray[np.float32]:
        """Return calibrated probabilities (pictures, classes) of pictures."""
        return probabilities(logits(self.network, seen), self.calibration)

    def listen(self, waveform: Waveform, onsets_s: NDArray[np.float64]) -> NDArray[np.float32]:
        """Return calibrated probabilities (onsets, classes) of what sounds at each onset."""
        return self.probabilities(pictures(cut(waveform, onsets_s, self.clip), self.clip))

    def to_bytes(self, channels: list[int]) -> bytes:
        """Return the model file."""
        return pack(
            self.network,
            {
                "format": FORMAT,
                "classes": list(self.classes),
                "clip": self.clip.model_dump(),
                "channels": channels,
                "scale": self.calibration.scale,
                "bias": self.calibration.bias,
                "threshold": self.threshold,
            },
        )


def logits(
    network: DrumNetwork, seen: NDArray[np.float16] | NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return the network's logits (pictures, classes), in batches and without gradients."""
    network.eval()
    parts = [np.zeros((0, network.head.out_features), dtype=np.float32)]
    with torch.no_grad():
        for start in range(0, len(seen), _BATCH):
            batch = torch.from_numpy(seen[start : start + _BATCH].astype(np.float32))
            parts.append(network(batch).numpy())
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
        raise ModelError(f"not a drum classifier: its format is {metadata.get('format')!r}")
    clip = ClipSpec(**metadata["clip"])
    classes = tuple(metadata["classes"])
    network = DrumNetwork(clip.frames, clip.n_mels, len(classes), metadata["channels"], 0.0)
    network.load_state_dict(state)
    network.eval()
    calibration = Calibration(metadata["scale"], metadata["bias"])
    return DrumModel(network, classes, clip, calibration, metadata["threshold"])


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
