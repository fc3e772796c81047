"""The training loops inside a model: what it was taught, to be compared with and continued.

A model carries the steps of its training loops, their files' names and licences, but neither
velocities nor timing. They serve to say how much of a drawn groove stands in which loop
(:mod:`groove.ngram.judge.memorisation`), to train references on the same bars, and to lead the
drawing in.

What belongs here: bars as flat arrays and back. What does not: which bars lead in
(:mod:`groove.ngram.language.forms`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Ints = NDArray[np.int64]

#: Bars that lead in: the one that is named, and the one before it.
LEAD_BARS = 2

_FORM = ("numerator", "denominator", "resolution", "steps")


@dataclass(frozen=True)
class Loops:
    """Training loops.

    Parameters
    ----------
    paths, licenses, sources
        Per loop.
    loop
        ``int64[bars]``: the loop of each bar, in order.
    form
        ``int64[bars, 4]``: numerator, denominator, steps per quarter note, steps.
    symbols
        ``int64[steps]``: sets of labels of all bars, one after the other.
    """

    paths: tuple[str, ...]
    licenses: tuple[str, ...]
    sources: tuple[str, ...]
    loop: Ints
    form: Ints
    symbols: Ints

    @classmethod
    def of_bars(cls, bars: pd.DataFrame) -> Loops:
        """Return the loops of rows of ``groove_events``, which are in order of key and bar."""
        keys = bars["key"].to_numpy()
        new = np.ones(len(bars), dtype=np.bool_)
        new[1:] = keys[1:] != keys[:-1]
        heads = bars[new]
        listed = [np.asarray(symbols, dtype=np.int64) for symbols in bars["symbols"]]
        return cls(
            paths=tuple(map(str, heads["path"])),
            licenses=tuple(map(str, heads["license"])),
            sources=tuple(map(str, heads["source"])),
            loop=np.cumsum(new).astype(np.int64) - 1,
            form=bars[list(_FORM)].to_numpy(np.int64),
            symbols=np.concatenate([np.zeros(0, np.int64), *listed]),
        )

    def __len__(self) -> int:
        return len(self.paths)

    @cached_property
    def first(self) -> Ints:
        """Where each bar's steps begin; one more at the end."""
        return np.concatenate([[0], np.cumsum(self.form[:, 3])]).astype(np.int64)

    def bars(self) -> pd.DataFrame:
        """Return one row per bar: ``key``, ``bar``, ``path``, ``license``, ``source``, form, symbols.

        These are the columns of ``groove_events`` that
        :func:`groove.ngram.language.context.events_of_bars` reads, and where a bar is from.
        """
        start = np.searchsorted(self.loop, np.arange(len(self)))
        frame = pd.DataFrame(
            {
                "key": [f"{number:08d}" for number in self.loop],
                "bar": np.arange(len(self.loop)) - start[self.loop],
                "path": np.asarray(self.paths, dtype=object)[self.loop],
                "license": np.asarray(self.licenses, dtype=object)[self.loop],
                "source": np.asarray(self.sources, dtype=object)[self.loop],
            }
        )
        for name, column in zip(_FORM, self.form.T, strict=True):
            frame[name] = column
        frame["meter"] = [f"{upper}/{lower}" for upper, lower in self.form[:, :2]]
        symbols = np.split(self.symbols, self.first[1:-1]) if len(self.loop) else []
        frame["symbols"] = pd.Series(symbols, dtype=object)
        return frame

    def leads(self, ends: Sequence[int]) -> Ints:
        """Return the two bars that end with each of these bars, ``int64[leads, steps]``.

        All of them have equally many steps.
        """
        found = [
            self.symbols[self.first[end + 1 - LEAD_BARS] : self.first[end + 1]] for end in ends
        ]
        return np.stack(found) if found else np.zeros((0, 0), dtype=np.int64)
