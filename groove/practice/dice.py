"""Dice: every choice of a composition, drawn from a seed.

What belongs here: draws of single values. What does not: what they decide, and arrays of noise
(:mod:`groove.practice.touch`).
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from typing import TypeVar

from groove.core.digest import seed_of

T = TypeVar("T")


class Dice:
    """A source of choices; the same parts of a seed give the same choices.

    Only ``random.Random.random`` is called: it is the one draw that Python promises never to
    change, and ten times as fast as numpy's for single values.
    """

    def __init__(self, *parts: object) -> None:
        self.seed = seed_of("groove-practice", *parts)
        self._next = random.Random(self.seed).random  # noqa: S311  # music, not secrets

    def fork(self, *parts: object) -> Dice:
        """Return dice of their own, so that one part's draws don't move another's."""
        return Dice(self.seed, *parts)

    def chance(self, probability: float) -> bool:
        """Return true with a probability."""
        return self._next() < probability

    def uniform(self, low: float, high: float) -> float:
        """Return a number between two others."""
        return low + (high - low) * self._next()

    def integer(self, low: int, high: int) -> int:
        """Return a whole number, both ends included."""
        return low + int((high - low + 1) * self._next())

    def normal(self, mean: float = 0.0, spread: float = 1.0) -> float:
        """Return a normal draw (Box and Muller)."""
        radius = math.sqrt(-2.0 * math.log(1.0 - self._next()))
        return mean + spread * radius * math.cos(2 * math.pi * self._next())

    def pick(self, choices: Sequence[T]) -> T:
        """Return one of some choices, each as likely."""
        return choices[int(len(choices) * self._next())]

    def weighted(self, choices: Mapping[T, float]) -> T:
        """Return one of some choices by weight."""
        left = sum(choices.values()) * self._next()
        last = None
        for choice, weight in choices.items():
            if weight > 0:
                last = choice
                left -= weight
                if left < 0:
                    return choice
        if last is None:
            raise ValueError("no choice has any weight")
        return last

    def shuffled(self, choices: Sequence[T]) -> list[T]:
        """Return the choices in any order."""
        keyed = sorted((self._next(), place) for place in range(len(choices)))
        return [choices[place] for _, place in keyed]
