"""Models by name: front end, network and filter put together, from a spec or from a file.

What belongs here: putting the parts of a model together and checking that a file is one. What does
not: the parts; ONNX files (:mod:`groove.phase.play.tracker` runs them).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from groove.core.models import ModelError, unpack
from groove.phase.model.card import STAGE
from groove.phase.model.certainty import Certainty
from groove.phase.model.front import FrontEnd
from groove.phase.model.network import NETWORKS, Heard
from groove.phase.model.pointer import BarPointer
from groove.phase.spec import NetworkSpec, PhaseModelSpec


class Told(NamedTuple):
    """What a model tells of each frame.

    Parameters
    ----------
    bar
        ``(batch, frames, 2)`` sine and cosine of 2π phase in the bar at the end of the frame plus
        the anticipation; their length is the confidence (1 where a network has none).
    beat
        ``(batch, frames, 2)`` likewise in the beat.
    tempo_bpm, confidence
        ``(batch, frames)`` beats per minute; 0 to 1.
    meters
        ``(batch, frames, meters)`` probability of each number of beats per bar.
    activations
        ``(batch, frames, 4)`` probability of a beat and a downbeat, ``DELAY`` frames ago, and sine
        and cosine of 2π times the phase that the network alone takes the moment for.
    silence
        ``(batch, frames)`` 1 where nothing sounds.

    All but ``bar`` are ``None`` from a network without the filter.
    """

    bar: Tensor
    beat: Tensor | None = None
    tempo_bpm: Tensor | None = None
    meters: Tensor | None = None
    confidence: Tensor | None = None
    activations: Tensor | None = None
    silence: Tensor | None = None


class PhaseModel(nn.Module):
    """PCM in, the place in the bar out."""

    def __init__(self, spec: NetworkSpec) -> None:
        super().__init__()
        self.spec = spec
        self.front = FrontEnd(spec.low_bands, spec.high_bands, spec.memory_s)
        self.network = NETWORKS[spec.network](spec)
        self.pointer = BarPointer(spec) if spec.network == "bar_pointer" else None
        self.certainty = Certainty(spec)

    def forward(self, samples: Tensor, anticipation_s: Tensor) -> Told:
        """Return what is told of ``(batch, samples)`` at ``(batch,)`` seconds ahead."""
        levels, silence = self.front.both(samples)
        heard = self.heard(levels, anticipation_s)
        if self.pointer is None:
            return Told(heard.phase)
        return self.told(heard, silence, [anticipation_s])[0]

    def heard(self, levels: Tensor, anticipation_s: Tensor) -> Heard:
        """Return what the network hears; without anticipation, if the filter adds it."""
        heard: Heard = self.network(levels, self.asked(anticipation_s))
        return heard

    def asked(self, anticipation_s: Tensor) -> Tensor:
        """Return the anticipation that the network is asked for."""
        return anticipation_s if self.pointer is None else torch.zeros_like(anticipation_s)

    def told(self, heard: Heard, silence: Tensor, looks: Sequence[Tensor]) -> list[Told]:
        """Return what the filter tells of what the network heard, for each anticipation.

        The filter moves once; it is only read anew for each.

        Parameters
        ----------
        heard
            Of ``(batch, frames)``, by :meth:`heard`.
        silence
            ``(batch, frames)`` 1 where nothing sounds.
        looks
            ``(batch,)`` seconds each.

        Raises
        ------
        ModelError
            If the model has no filter.
        """
        if self.pointer is None:
            raise ModelError("a network without the filter tells the phase alone")
        belief = self.pointer.start(len(silence))
        steady = [self.certainty.start(len(silence), silence.device) for _ in looks]
        activations = evidence(heard)
        frames: list[list[tuple[Tensor, ...]]] = [[] for _ in looks]
        for place in range(silence.shape[1]):
            quiet = silence[:, place]
            belief = self.pointer.step(activations[:, place], quiet, belief)
            for at, look in enumerate(looks):
                bar, *told, own = self.pointer.read(belief, look)
                bar, confidence, steady[at] = self.certainty.step(bar, own, quiet, steady[at])
                frames[at].append((bar, *told, confidence))
        read = [[torch.stack(part, dim=1) for part in zip(*told, strict=True)] for told in frames]
        return [
            Told(bar, beat, tempo, meters, confidence, activations, silence)
            for bar, beat, tempo, meters, confidence in read
        ]


def evidence(heard: Heard) -> Tensor:
    """Return ``(..., 4)``, what the filter takes: chances of beat and downbeat, and the phase.

    A downbeat is a beat, so it is no likelier than one. The phase must be that of no anticipation.
    """
    both = torch.sigmoid(heard.struck)
    beat = both[..., :1].clamp(1e-4, 0.98)
    downbeat = torch.minimum(both[..., 1:], beat).clamp(min=1e-5)
    return torch.cat([beat, downbeat, heard.phase], dim=-1)


def build(spec: NetworkSpec) -> PhaseModel:
    """Return an untrained model; its network's weights depend on torch's random state."""
    return PhaseModel(spec)


def load(data: bytes) -> PhaseModel:
    """Return the trained model, in evaluation mode, of what the training stored.

    Raises
    ------
    ModelError
        If the bytes are another kind of model, or damaged.
    """
    state, metadata = unpack(data)
    if metadata.get("stage") != STAGE:
        raise ModelError(f"a model of {metadata.get('stage')!r}, not of {STAGE!r}")
    try:
        model = PhaseModel(PhaseModelSpec(**metadata["spec"]))
        model.network.load_state_dict(state)
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise ModelError(f"its spec and its weights do not belong together: {error}") from error
    return model.eval()
