"""What is usual: mean velocity and offset of a label at a place, under each condition.

A mean over few hits is drawn towards a more general one: a place's towards its label's, a
condition's towards its parent's.

What belongs here: these means, and which conditions serve a bar. What does not: what a
performance did so far (:mod:`groove.ngram.play.expression`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from groove.ngram.corpus import conditions as lattice
from groove.ngram.play.hits import PLACES, Floats, Hits, Ints

#: Imagined hits of the more general mean.
_PRIOR = 20.0


@dataclass(frozen=True)
class Tagged:
    """Bars and the conditions true of them.

    Parameters
    ----------
    conditions
        Names by number; the first is ``""``, any.
    kind
        ``int64[bars]``: number of the combination of tags that a bar has.
    true
        ``bool[kinds, conditions]``: which conditions are true of a kind.
    served
        ``int64[kinds, m]``: the most specific conditions that serve a kind, -1 for none.
    """

    conditions: tuple[str, ...]
    kind: Ints
    true: NDArray[np.bool_]
    served: Ints


def tagged(bars: pd.DataFrame, conditions: Sequence[str]) -> Tagged:
    """Return rows of ``groove_events`` with their conditions."""
    number = {name: index for index, name in enumerate(conditions)}
    kinds: dict[tuple[str, ...], int] = {}
    kind = np.array(
        [kinds.setdefault(names, len(kinds)) for names in lattice.names_by_bar(bars)],
        dtype=np.int64,
    )
    true = np.zeros((len(kinds), len(conditions)), dtype=np.bool_)
    true[:, 0] = True
    served: list[list[int]] = []
    for names, at in kinds.items():
        true[at, [number[name] for name in names if name in number]] = True
        wanted = {key: v for name in names for key, v in lattice.tags_of_name(name).items()}
        served.append([number[name] for name in lattice.resolve(wanted, number).names])
    table = np.full((len(kinds), max(map(len, served), default=0) or 1), -1, dtype=np.int64)
    for row, numbers in zip(table, served, strict=True):
        row[: len(numbers)] = numbers
    return Tagged(tuple(conditions), kind, true, table)


def means_of(hits: Hits, value: Floats, bars: Tagged, labels: int) -> NDArray[np.float32]:
    """Return the mean of ``value`` as ``float32[conditions, labels, PLACES + 1]``.

    The last place stands for the label as a whole.
    """
    shape = (len(bars.true), labels, PLACES)
    flat = np.ravel_multi_index((bars.kind[hits.row], hits.label, hits.place), shape)
    size = int(np.prod(shape))
    n_of_kind = np.bincount(flat, minlength=size).reshape(shape)
    total_of_kind = np.bincount(flat, weights=value, minlength=size).reshape(shape)
    number = {name: index for index, name in enumerate(bars.conditions)}
    means = np.zeros((len(number), labels, PLACES + 1))
    for name in sorted(number, key=lambda name: name.count("&") + bool(name)):
        mine = bars.true[:, number[name]]
        n, total = n_of_kind[mine].sum(axis=0), total_of_kind[mine].sum(axis=0)
        if name:
            parent = lattice.parent(name)
            while parent not in number:
                parent = lattice.parent(parent)
            of_place, of_label = means[number[parent], :, :-1], means[number[parent], :, -1]
            own = (total.sum(axis=1) + _PRIOR * of_label) / (n.sum(axis=1) + _PRIOR)
            # A place seldom struck moves with its label.
            above = of_place + (own - of_label)[:, None]
        else:
            whole = float(value.mean()) if len(value) else 0.0
            own = (total.sum(axis=1) + whole) / (n.sum(axis=1) + 1.0)
            above = np.repeat(own[:, None], PLACES, axis=1)
        means[number[name], :, :-1] = (total + _PRIOR * above) / (n + _PRIOR)
        means[number[name], :, -1] = own
    return means.astype(np.float32)


def usual(means: NDArray[np.float32], served: Ints, label: Ints, place: Ints) -> Floats:
    """Return what is usual of each hit: the mean over the conditions that serve it.

    Parameters
    ----------
    means
        Of :func:`means_of`.
    served
        ``int64[hits, m]``: numbers of conditions, -1 for none.
    label, place
        ``int64[hits]``.
    """
    served = np.where(served.max(axis=1, keepdims=True) < 0, 0, served)
    found = means[np.maximum(served, 0), label[:, None], place[:, None]].astype(np.float64)
    given = served >= 0
    return np.asarray((found * given).sum(axis=1) / given.sum(axis=1))
