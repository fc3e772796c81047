"""Timing us and a peer in turn, in one process, as a ratio of medians.

What belongs here: the stopwatch and the table. What does not: what is timed.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Result:
    """Medians of both, in seconds of wall clock, and what was checked to be the same."""

    name: str
    ours: str
    peer: str
    ours_s: float
    peer_s: float
    same: str

    @property
    def ratio(self) -> float:
        """How many times faster than the peer."""
        return self.peer_s / self.ours_s


def compare(
    name: str,
    ours: tuple[str, Callable[[], object]],
    peer: tuple[str, Callable[[], object]],
    same: str,
    rounds: int = 3,
) -> Result:
    """Time ours and the peer in turn, after one round that does not count.

    Parameters
    ----------
    ours, peer
        Name and function of no arguments.
    same
        What was checked about their results before they are compared.
    """
    times: tuple[list[float], list[float]] = ([], [])
    for turn in range(rounds + 1):
        for place, (_, function) in enumerate((ours, peer)):
            started = time.perf_counter()
            function()
            if turn:
                times[place].append(time.perf_counter() - started)
    ours_s, peer_s = (statistics.median(kept) for kept in times)
    return Result(name, ours[0], peer[0], ours_s, peer_s, same)


def show(results: list[Result]) -> None:
    """Print one line per comparison, faster than 1 is good."""
    print(f"{'what':<28}{'ours':<34}{'peer':<34}{'ours s':>9}{'peer s':>9}{'ratio':>8}  same")
    for r in results:
        print(
            f"{r.name:<28}{r.ours:<34}{r.peer:<34}{r.ours_s:>9.3f}{r.peer_s:>9.3f}"
            f"{r.ratio:>7.1f}x  {r.same}"
        )
