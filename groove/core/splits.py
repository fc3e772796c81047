"""Splits by group, and groups from duplicates: nothing that sounds alike lands on two sides.

A group (a song with all its versions, a kit, a drummer) is wholly in one split. The side
depends on the group's name and the salt alone, so a new file moves no old one, but where a
side would be left empty.

What belongs here: grouping and the choice of a side. What does not: what counts as a
duplicate (:mod:`groove.midi.inventory`, :mod:`groove.audio.signature` measure that).
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Sequence

import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from groove.core.digest import digest

TRAIN, VALIDATION, TEST = "train", "validation", "test"
SPLITS = (TRAIN, VALIDATION, TEST)


def merge_groups(*labels: Sequence[Hashable | None]) -> list[int]:
    """Return one group number per row; rows that share any label share a group.

    Parameters
    ----------
    labels
        Label lists of equal length. Two rows are joined when they have the same label in
        the same list; ``None`` joins nothing.

    >>> merge_groups(["a", "b", "c"], ["x", None, "x"])
    [0, 1, 0]
    """
    count = len(labels[0]) if labels else 0
    rows: list[int] = []
    nodes: list[int] = []
    known: dict[tuple[int, Hashable], int] = {}
    for place, names in enumerate(labels):
        if len(names) != count:
            raise ValueError("label lists differ in length")
        for row, name in enumerate(names):
            if not (
                name is None or name is pd.NA or (isinstance(name, float) and math.isnan(name))
            ):
                rows.append(row)
                nodes.append(count + known.setdefault((place, name), len(known)))
    size = count + len(known)
    graph = coo_array(([1] * len(rows), (rows, nodes)), shape=(size, size))
    _, component = connected_components(graph, directed=False)
    order: dict[int, int] = {}
    return [order.setdefault(int(part), len(order)) for part in component[:count]]


def split_of(group: str, validation: float = 0.15, test: float = 0.15, salt: str = "") -> str:
    """Return the side of ``group``; shares are expectations over many groups.

    Raises
    ------
    ValueError
        If the shares leave nothing to train on.
    """
    if not (validation >= 0 and test >= 0 and validation + test < 1):
        raise ValueError(f"shares {validation} and {test} leave no training data")
    place = int(digest(salt, group)[:12], 16) / 16**12
    if place < test:
        return TEST
    return VALIDATION if place < test + validation else TRAIN


def assign(
    groups: Iterable[str], validation: float = 0.15, test: float = 0.15, salt: str = ""
) -> list[str]:
    """Return the split of each row, given each row's group.

    Every side with a positive share gets at least one group as soon as there are three
    groups: a side that chance left empty takes one from the side that has most.
    """
    listed = list(groups)
    names = sorted(set(listed))
    side = {name: split_of(name, validation, test, salt) for name in names}
    shares = {TRAIN: 1.0, TEST: test, VALIDATION: validation}
    wanted = [name for name, share in shares.items() if share > 0]
    if len(names) >= len(wanted):
        for empty in (name for name in wanted if name not in side.values()):
            members = {name: [g for g in names if side[g] == name] for name in wanted}
            spare = max(wanted, key=lambda name: len(members[name]))
            side[min(members[spare], key=lambda group: digest(salt, empty, group))] = empty
    return [side[name] for name in listed]


def crossing(frame: pd.DataFrame, content: str, split: str = "split") -> int:
    """Return how many different ``content`` values occur in more than one split."""
    known = frame.dropna(subset=[content])
    return int((known.groupby(content)[split].nunique() > 1).sum())
