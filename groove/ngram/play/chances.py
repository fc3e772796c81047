"""The chain over labels, for one context and all known sets of labels.

The mathematics are those of :meth:`groove.ngram.language.model.GrooveModel.struck`, in plain
numbers: a label's context recurs all the time, and is looked up once.

What belongs here: how likely each label is struck, and so each set. What does not: the chains over
sets (:mod:`groove.ngram.play.distribution`).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from groove.ngram.language.context import FEATURE_BITS, FEATURES, NO_BAR_BEFORE
from groove.ngram.language.labels import LABEL_FEATURES
from groove.ngram.language.levels import Floats, Level
from groove.ngram.language.model import GrooveModel

_RUN = FEATURES.index("run")
_COPY = FEATURES.index("copy")
_BARS = [at for at, name in enumerate(FEATURES) if name.startswith("bar")]
_BACK = [at for at, name in enumerate(FEATURES) if name.startswith("back")]
_NO_BAR = 2
_MOST_KEPT = 300_000


class Chances:
    """How likely each of a model's labels is struck.

    Parameters
    ----------
    model
        Whose chain over labels.
    """

    def __init__(self, model: GrooveModel) -> None:
        self._chain, self._share = model.label_chain, model.share
        self._levels = model.label_chain.any_condition[: model.order + 1]
        self._rates = model.label_rates.tolist()
        self._struck = (model.symbols[:, None] >> np.arange(len(model.labels)) & 1).astype(
            np.float64
        )
        self._lineages = [
            [number for number in line if number >= 0] for line in model.lineages.tolist()
        ]
        # How far a cell is shifted for its first k features, and what then is the last of them.
        # The label is always among them: what lies below order 0 hangs on it.
        sizes = list(LABEL_FEATURES.values())
        self._shifts = [sum(sizes[max(k, 1) :]) for k in range(len(sizes) + 1)]
        self._masks = [0, *((1 << size) - 1 for size in sizes)]
        self._spread: dict[int, int] = {}
        self._chances: dict[tuple[int, ...], dict[int, tuple[float, float]]] = {}
        self._kept: list[dict[int, tuple[int, float]]] = [{} for _ in model.conditions]

    def of(self, context: Sequence[int], given: tuple[int, ...]) -> tuple[Floats, Floats]:
        """Return ``float64[symbols]`` twice: the probability of each set, and that under conditions.

        Parameters
        ----------
        context
            Features in the order of ``context.FEATURES``.
        given
            Numbers of conditions, above 0; without any, both are the same.
        """
        if len(self._kept[0]) > _MOST_KEPT:
            self._chances.clear()
            for kept in self._kept:
                kept.clear()
        known = self._chances.setdefault(given, {})
        struck = []
        for cell in self._cells(context):
            chance = known.get(cell)
            if chance is None:
                chance = known[cell] = self._chance(cell, given)
            struck.append(chance)
        chances = np.array(struck)
        if not given:
            chances = chances[:, :1]
        silent = np.log1p(-chances)
        odds = np.log(chances) - silent
        found = np.exp(self._struck @ odds + np.add.reduce(silent))
        return found[:, 0], found[:, -1]

    def _cells(self, context: Sequence[int]) -> list[int]:
        """Return each label's context; see :func:`groove.ngram.language.labels.cells_of`."""
        # Sets with four bits for each label: sums of eight and bits of four steps fit.
        spread = self._four_bits
        copy, times, size = context[_COPY], 0, 0
        for column in _BARS:
            symbol = context[column]
            # In a loop's first bar, feature "bar" is a place instead, marked by its highest bit.
            if symbol and not symbol & NO_BAR_BEFORE:
                times += spread(symbol - 1)
                size += 1
        before = 0
        for back, column in enumerate(_BACK):
            if symbol := context[column]:
                before |= spread(symbol - 1) << back
        copied = copy - 1 if copy else 0
        head, tail = size << 10, context[_RUN]
        if not copy:
            tail |= _NO_BAR << 8
        cells = []
        for label in range(len(self._rates)):
            four = 4 * label
            cells.append(
                label << 18
                | (times >> four & 15) << 14
                | head
                | (copied >> label & 1) << 8
                | (before >> four & 15) << 4
                | tail
            )
        return cells

    def _four_bits(self, symbol: int) -> int:
        found = self._spread.get(symbol)
        if found is None:
            found = sum((symbol >> label & 1) << 4 * label for label in range(len(self._rates)))
            self._spread[symbol] = found
        return found

    def _chance(self, cell: int, given: tuple[int, ...]) -> tuple[float, float]:
        """Return how likely a label is struck, from its context: at all, and under conditions."""
        chain, kept = self._chain, self._kept[0]
        path: list[float] = []
        nodes: list[int] = []
        base = shorter = self._rates[cell >> self._shifts[1]]
        node = 0
        for k, level in enumerate(self._levels):
            # A context is known by the first of its features.
            prefix = cell >> self._shifts[k]
            known = kept.get(prefix << 3 | k)
            if known is None:
                if k:
                    node = find(level, node << FEATURE_BITS | prefix & self._masks[k])
                known = kept[prefix << 3 | k] = (node, _mixed(level, node, shorter))
            node, shorter = known
            if node < 0:
                break
            path.append(shorter)
            nodes.append(node)
        if not given or not chain.by_condition:
            return path[-1], path[-1]
        share, total = self._share, 0.0
        for condition in given:
            above = path
            for ancestor in self._lineages[condition]:
                shorter, found, kept = base, [], self._kept[ancestor]
                for k, node in enumerate(nodes):
                    key = cell >> self._shifts[k] << 3 | k
                    known = kept.get(key)
                    if known is None:
                        level = chain.by_condition[k]
                        at = find(level, node << FEATURE_BITS | ancestor)
                        mixed = share * shorter + (1.0 - share) * above[k]
                        known = kept[key] = (at, _mixed(level, at, mixed))
                    shorter = known[1]
                    found.append(shorter)
                above = found
            total += above[-1]
        return path[-1], total / len(given)


def find(level: Level, key: int) -> int:
    """Return the context with this key, -1 where it never occurred."""
    keys = level.keys
    at = int(keys.searchsorted(key))
    return at if at < len(keys) and keys.item(at) == key else -1


def _mixed(level: Level, at: int, shorter: float) -> float:
    """Return the probability of outcome 1 at a context (-1: never heard)."""
    if at < 0:
        return shorter
    start, end = level.first.item(at), level.first.item(at + 1)
    # Outcomes are 0 and 1, in order: 1 can only be the last.
    last = level.probability.item(end - 1)
    held = last if end - start == 1 else last + level.probability.item(start)
    return float((1.0 - held) * shorter + (last if level.symbol.item(end - 1) else 0.0))
