"""From what the filter makes of its own belief to a confidence that holds outside its training.

The filter's own confidence is the cosine that its error is expected to have *if the network hears
right*. On music of other kinds it may hear wrong for a whole song, and the filter cannot know. So what
it says is weighed twice:

``confidence = reliability · own · steady ** steadiness``

``reliability``
    How often the filter's assumptions hold on music that is none of its training's: a place found
    wrongly is as good as none, and its cosine is 0 in the mean.
``steady``
    The running mean, over ``steady_s`` seconds, of the filter's own confidence where something sounded.
    Noise and speech are taken for a beat now and then, for a second; music is for longer.

Both numbers are chosen by least squares against the cosine of the error
(:mod:`groove.phase.judge.trust`): the square is a proper score of a mean.

What belongs here: the mapping, a frame at a time. What does not: the filter's own confidence
(:mod:`groove.phase.model.pointer`).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from groove.phase.labels import FRAME_RATE_HZ
from groove.phase.spec import PointerSpec

#: Keeps a power of nothing finite.
_TINY = 1e-6


class Certainty:
    """The mapping of a spec, over a batch of streams."""

    def __init__(self, spec: PointerSpec) -> None:
        self.reliability = spec.reliability
        self.steadiness = spec.steadiness
        self.keep = math.exp(-1 / (FRAME_RATE_HZ * spec.steady_s))

    def start(self, batch: int, device: torch.device | None = None) -> Tensor:
        """Return ``(batch,)``: nothing was steady yet."""
        return torch.zeros(batch, device=device)

    def step(
        self, bar: Tensor, own: Tensor, silence: Tensor, steady: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return ``(bar, confidence, steady)`` after one more frame.

        Parameters
        ----------
        bar
            ``(batch, 2)`` as the filter reads it: its length is ``own``.
        own
            ``(batch,)`` the filter's own confidence.
        silence
            ``(batch,)`` 1 where nothing sounds.
        steady
            As :meth:`start` or the last step returned it.
        """
        steady = self.keep * steady + (1 - self.keep) * own * (1 - silence)
        factor = self.factor(steady)
        return bar * factor[:, None], own * factor, steady

    def factor(self, steady: Tensor) -> Tensor:
        """Return what the filter's own confidence is multiplied by."""
        return self.reliability * steady.clamp(min=_TINY) ** self.steadiness
