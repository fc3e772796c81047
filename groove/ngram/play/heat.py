"""What a groove is drawn with: its form, and how freely.

What belongs here: form, temperature and cuts. What does not: probabilities
(:mod:`groove.ngram.play.distribution`), drawing (:mod:`groove.ngram.play.sampling`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class SampleError(ValueError):
    """A groove that cannot be drawn. The message says why."""


@dataclass(frozen=True)
class Form:
    """The form of every bar of a groove."""

    numerator: int
    denominator: int
    resolution: int

    @property
    def quarters(self) -> float:
        """Quarter notes in a bar."""
        return 4.0 * self.numerator / self.denominator

    @property
    def steps(self) -> int:
        """Steps in a bar."""
        return max(1, int(np.ceil(self.quarters * self.resolution - 1e-6)))

    @property
    def meter(self) -> str:
        """Numerator/denominator."""
        return f"{self.numerator}/{self.denominator}"

    @property
    def compound(self) -> bool:
        """Whether beats are dotted: 6/8, 9/8, 12/8."""
        return self.denominator >= 8 and self.numerator % 3 == 0


@dataclass(frozen=True)
class Heat:
    """How freely to draw.

    Probabilities are raised to ``1 / temperature`` and scaled; then only the ``top_k`` likeliest
    stay, then the fewest of these that hold ``top_p`` of what they hold together (the one that
    crosses it stays).

    Parameters
    ----------
    temperature, end
        At the first and the last step, linear between; above 0.
    top_k, top_p
        Cuts; 0 and 1 cut nothing.

    Raises
    ------
    SampleError
        If a value is out of range, or no number.
    """

    temperature: float = 1.0
    end: float | None = None
    top_k: int = 0
    top_p: float = 1.0

    def __post_init__(self) -> None:
        ends = [self.temperature, *([] if self.end is None else [self.end])]
        if not all(math.isfinite(end) and end > 0 for end in ends):
            raise SampleError("a temperature must be above 0, and a number")
        if self.top_k < 0 or not 0 < self.top_p <= 1:
            raise SampleError("top-k must be 0 or more and top-p above 0 and at most 1")

    def at(self, steps: int) -> Floats:
        """Return the temperature of each of ``steps`` steps."""
        last = self.temperature if self.end is None else self.end
        return np.linspace(self.temperature, last, steps)


def cut(probability: Floats, temperature: float, heat: Heat) -> tuple[NDArray[np.int64], Floats]:
    """Return (outcomes that may be drawn, their cumulative weights)."""
    if temperature != 1.0:
        probability = (probability / probability.max()) ** (1.0 / temperature)
    probability = probability / np.add.reduce(probability)
    if heat.top_k and heat.top_k < len(probability):
        outcomes = np.argsort(-probability, kind="stable")[: heat.top_k]
        kept = probability[outcomes]
    else:
        outcomes, kept = np.arange(len(probability)), probability
    if heat.top_p < 1:
        whole = float(np.add.reduce(kept))
        # What is smaller than this can hold no more than 1 - top_p altogether.
        large = np.flatnonzero(kept >= (1 - heat.top_p) / len(outcomes) * whole)
        kept = kept[large]
        order = np.argsort(-kept, kind="stable")
        outcomes, kept = outcomes[large[order]], kept[order]
        held = np.cumsum(kept)
        size = int(held.searchsorted(heat.top_p * whole)) + 1
        return outcomes[:size], held[:size]
    return outcomes, np.cumsum(kept)
