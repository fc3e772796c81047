"""Context features of a groove that grows step by step.

The counterpart of :func:`groove.ngram.language.context.features_of`, for one groove of equal bars
and without arrays: drawing asks for them a thousand times a second, one step at a time.

What belongs here: features while drawing. What does not: probabilities, draws.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable

import numpy as np

from groove.ngram.language.context import (
    BARS_BACK,
    FEATURES,
    RUN_EDGES,
    first_bar_feature,
    place_feature,
    position_feature,
)

#: Bars of the lead-in that a groove never forgets.
MOST_THEME = 2

_AT = {name: index for index, name in enumerate(FEATURES)}
_BACK = [_AT[name] for name in FEATURES if name.startswith("back")]
_BARS = [_AT["bar"], *(_AT[f"bar{back}"] for back in range(2, BARS_BACK + 1))]


class Walk:
    """A groove as far as it has come.

    Parameters
    ----------
    numerator, denominator, resolution
        Meter and grid of every bar.
    steps
        Steps in a bar.
    lead
        Symbols heard before; whole bars. The last of them are the groove's theme: among the bars
        that are looked back on, the two oldest give way to them, once there are as many. Without
        it a long groove forgets what it began with and thins out, as each hit left out by
        chance is a habit eight bars later.
    """

    def __init__(
        self, numerator: int, denominator: int, resolution: int, steps: int, lead: Iterable[int]
    ) -> None:
        step = np.arange(steps)
        size, upper, lower = (
            np.full_like(step, value) for value in (resolution, numerator, denominator)
        )
        self._steps = steps
        self._place = place_feature(step, size).tolist()
        self._position = position_feature(step, size, upper, lower).tolist()
        self._first = first_bar_feature(step, size, upper, lower).tolist()
        self._runs = [0] * BARS_BACK
        self._theme: list[int] = []
        self._recalled: list[int] = []
        self.symbols: list[int] = []
        for symbol in lead:
            self.push(symbol)
        # No more of it than leaves room for what was played since.
        whole = min(len(self.symbols) // steps, MOST_THEME) * steps
        self._theme = self.symbols[len(self.symbols) - whole :]
        self._recalled = [0] * (whole // steps)

    def push(self, symbol: int) -> None:
        """Add the next step."""
        played, now, runs = self.symbols, len(self.symbols), self._runs
        for bar in range(BARS_BACK):
            at = now - (bar + 1) * self._steps
            runs[bar] = runs[bar] + 1 if at >= 0 and played[at] == symbol else 0
        for turn, found in enumerate(self._at_theme(now)):
            self._recalled[turn] = self._recalled[turn] + 1 if found == symbol else 0
        played.append(symbol)

    def _at_theme(self, now: int) -> list[int]:
        """Return what each bar of the theme has on a step, the one whose turn it is first."""
        theme, steps = self._theme, self._steps
        bars = len(theme) // steps
        bar, step = divmod(now, steps)
        return [theme[(bar + turn) % bars * steps + step] for turn in range(bars)]

    def context(self) -> list[int]:
        """Return the features of the step to come, in the order of ``context.FEATURES``."""
        played, now, steps = self.symbols, len(self.symbols), self._steps
        step = now % steps
        earlier = [
            played[at] + 1
            for at in range(now - steps, max(-1, now - BARS_BACK * steps - 1), -steps)
        ]
        runs = self._runs[: len(earlier)]
        if len(earlier) == BARS_BACK and self._theme:
            recent = BARS_BACK - len(self._recalled)
            earlier[recent:] = [symbol + 1 for symbol in self._at_theme(now)]
            runs[recent:] = self._recalled
        found = [0] * len(FEATURES)
        for column, value in zip(_BARS, earlier, strict=False):
            found[column] = value
        for back, column in enumerate(_BACK, start=1):
            if back <= now:
                found[column] = played[now - back] + 1
        found[_AT["place"]] = self._place[step]
        found[_AT["position"]] = self._position[step]
        if not earlier:
            found[_AT["bar"]] = self._first[step]
            return found
        longest = max(runs)
        found[_AT["copy"]] = earlier[runs.index(longest)]
        found[_AT["run"]] = bisect_right(RUN_EDGES, longest) + 1
        times = [earlier.count(value) for value in earlier]
        most = max(times)
        found[_AT["usual"]] = earlier[times.index(most)]
        found[_AT["share"]] = most << 4 | len(earlier)
        return found
