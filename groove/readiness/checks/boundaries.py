"""Boundaries: hits near the edges of streaming windows, where a live classifier loses them.

Window ``k`` begins at ``start + k * hop`` and holds what is in ``[begin, begin + window)``. With
windows that overlap a hit is in several, and may be near the leading edge of one and the trailing
edge of another; each is a row of the pack::

    window 2048, hop 512, margin 40 (ms); a hit at 2040 ms
    k = 0   0 .. 2048      8 ms before the end     trailing
    k = 1 .. 3             in the middle           no row

Times are compared in whole microseconds: no rounding of a sum of floats decides on an edge.

What belongs here: the pack, recall on it, the gates. What does not: running a classifier.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from groove.core.gates import Gate
from groove.readiness.checks.resampling import Floats, intervals, session_sums
from groove.readiness.checks.spec import BoundarySpec, ResamplingSpec, StreamSpec
from groove.readiness.checks.verdict import Interval, Panel, gate

STAGE = "boundaries"
EDGES = ("leading", "trailing")
#: Columns of a pack: one row per hit, window and edge.
PACK = (
    "sample_id", "session_id", "label", "onset_s", "window_index", "window_start_s", "edge",
    "distance_s",
)  # fmt: skip
_US = 1_000_000
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Recall:
    """Recall on a pack: mean over classes, by class, by edge; rows by edge."""

    macro: Interval
    by_label: dict[str, float]
    by_edge: dict[str, float]
    rows_by_label: dict[str, int]
    rows_by_edge: dict[str, int]


def _us(milliseconds: float) -> int:
    return round(milliseconds * 1000)


def pack(events: pd.DataFrame, spec: StreamSpec) -> pd.DataFrame:
    """Return the rows of :data:`PACK`, in order of session, onset, label, window and edge.

    Parameters
    ----------
    events
        ``sample_id``, ``session_id``, ``label``, ``onset_s`` (from the start of the session's
        stream).
    spec
        The streaming schedule, and what counts as near.
    """
    window, hop, margin, first = (
        _us(value) for value in (spec.window_ms, spec.hop_ms, spec.margin_ms, spec.start_ms)
    )
    names = ["sample_id", "session_id", "label", "onset_s"]
    ordered = events[names].sort_values(["session_id", "onset_s", "label", "sample_id"])
    onset = np.round(ordered["onset_s"].to_numpy(dtype=np.float64) * _US).astype(np.int64)
    # Windows whose beginning is in (onset - window, onset] hold the hit.
    earliest = np.maximum((onset - window - first) // hop + 1, 0)
    latest = (onset - first) // hop
    repeats = np.maximum(latest - earliest + 1, 0)
    place = np.repeat(np.arange(len(onset)), repeats)
    within = np.arange(repeats.sum()) - np.repeat(np.cumsum(repeats) - repeats, repeats)
    index = earliest[place] + within
    begin = first + index * hop
    since, until = onset[place] - begin, begin + window - onset[place]
    parts = []
    for edge, distance in zip(EDGES, (since, until), strict=True):
        near = np.flatnonzero(distance <= margin)
        parts.append(
            ordered.iloc[place[near]].assign(
                window_index=index[near],
                window_start_s=begin[near] / _US,
                edge=edge,
                distance_s=distance[near] / _US,
            )
        )
    order = ["session_id", "onset_s", "label", "sample_id", "window_index", "edge"]
    return pd.concat(parts).sort_values(order)[list(PACK)].reset_index(drop=True)


def matched(times: Floats, groups: Ints, others: Floats, other_groups: Ints, reach_s: float) -> Any:
    """Return which of ``times`` have a partner of their own among ``others``, boolean ``(n,)``.

    Partners are of one group and at most ``reach_s`` apart; nobody has two. Taking the earliest
    free partner in order of time gives as many pairs as can be (the greedy matching of intervals
    of equal length is maximal).
    """
    order = np.lexsort((times, groups))
    other_order = np.lexsort((others, other_groups))
    reach = round(reach_s * _US)
    queue = list(
        zip(
            other_groups[other_order].tolist(),
            np.round(others[other_order] * _US).astype(np.int64).tolist(),
            strict=True,
        )
    )
    found = np.zeros(len(times), dtype=bool)
    ahead = 0
    micros = np.round(times * _US).astype(np.int64)
    for place in order.tolist():
        group, time = int(groups[place]), int(micros[place])
        while ahead < len(queue) and queue[ahead] < (group, time - reach):
            ahead += 1
        if ahead < len(queue) and queue[ahead] <= (group, time + reach):
            found[place] = True
            ahead += 1
    return found


def measure(rows: pd.DataFrame, predictions: pd.DataFrame, spec: BoundarySpec) -> Recall | None:
    """Return the recall of predictions on a pack; None of an empty pack.

    Parameters
    ----------
    rows
        A pack.
    predictions
        ``session_id``, ``label``, ``onset_s``, and ``window_index`` (null: said of the merged
        stream, and then counted for every window that holds the hit).
    spec
        The tolerance, and the bootstrap.
    """
    if not len(rows):
        return None
    predictions = predictions.astype({"window_index": "Int64"})
    by_window = predictions["window_index"].notna()
    found = np.zeros(len(rows), dtype=bool)
    for said, keys in (
        (predictions[by_window], ["session_id", "label", "window_index"]),
        (predictions[~by_window], ["session_id", "label"]),
    ):
        # A hit is one hit, however many rows it has in the stream that is looked at.
        hits = rows.drop_duplicates([*keys, "sample_id", "onset_s"])
        groups, other_groups = _groups(hits[keys], said[keys])
        good = matched(
            hits["onset_s"].to_numpy(dtype=np.float64), groups,
            said["onset_s"].to_numpy(dtype=np.float64), other_groups, spec.tolerance_ms / 1000,
        )  # fmt: skip
        heard = set(hits.loc[good, [*keys, "sample_id", "onset_s"]].itertuples(index=False))
        listed = rows[[*keys, "sample_id", "onset_s"]].itertuples(index=False)
        found |= np.fromiter((row in heard for row in listed), dtype=bool, count=len(rows))
    return recall_of(rows, found, spec)


def _groups(first: pd.DataFrame, second: pd.DataFrame) -> tuple[Ints, Ints]:
    both = pd.concat([first, second]).astype(str).agg("\x1f".join, axis=1)
    place, _ = pd.factorize(both, sort=True)
    return place[: len(first)], place[len(first) :]


def recall_of(rows: pd.DataFrame, found: NDArray[np.bool_], spec: ResamplingSpec) -> Recall | None:
    """Return the recall on a pack whose rows are already told apart; None of an empty pack.

    Parameters
    ----------
    rows
        ``session_id``, ``label``, ``edge``.
    found
        Which of the rows were heard, ``(n,)``.
    spec
        The bootstrap.
    """
    if not len(rows):
        return None
    place, labels = pd.factorize(rows["label"], sort=True)
    member = np.zeros((len(rows), len(labels)), dtype=bool)
    member[np.arange(len(rows)), place] = True
    per_row = np.concatenate([member & found[:, None], member], axis=1)
    sums, _ = session_sums(per_row, rows["session_id"].astype(str).tolist())
    (macro,) = intervals(sums, _macro, spec.resamples, spec.seed)
    hits, total = np.split(sums.sum(axis=0), 2)
    edge = rows["edge"].to_numpy()
    return Recall(
        macro=macro,
        by_label=dict(zip(labels, (hits / total).tolist(), strict=True)),
        by_edge={name: float(found[edge == name].mean()) for name in EDGES if (edge == name).any()},
        rows_by_label=dict(zip(labels, total.astype(int).tolist(), strict=True)),
        rows_by_edge={name: int((edge == name).sum()) for name in EDGES},
    )


def _macro(totals: Floats) -> Floats:
    hits, rows = np.split(totals, 2, axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        recall = np.where(rows > 0, hits / rows, np.nan)
        known = np.isfinite(recall)
        mean = np.where(known, recall, 0.0).sum(axis=1) / known.sum(axis=1)
    return np.asarray(mean[:, None])


def gates(found: Recall | None, spec: BoundarySpec, missing: str = "") -> list[Gate]:
    """Return the verdicts: recall, and a pack that has both edges."""
    note, count = missing or "the pack has no row", None
    if found:
        count = sum(found.rows_by_edge.values())
        worst = min(found.by_label, key=lambda name: found.by_label[name])
        note = f"lowest: {worst} at {found.by_label[worst]:.3f}"
    return [
        gate(
            STAGE, "macro_recall", found.macro if found else None, spec.macro_recall, "at_least",
            count=count, note=note,
        ),
        *(
            gate(
                STAGE, f"{edge}_rows", float(found.rows_by_edge[edge]) if found else None,
                spec.least_rows, "at_least", unit="rows", count=count,
                note=missing or "add sessions, or check window, hop and margin of the stream",
            )
            for edge in EDGES
        ),
    ]  # fmt: skip


def as_dict(found: Recall) -> dict[str, Any]:
    """Return the figures as plain values."""
    return {**vars(found), "macro": vars(found.macro)}


def panels(found: Recall) -> list[Panel]:
    """Return recall by class and by edge."""
    rows = [(name, value, found.rows_by_label[name]) for name, value in found.by_label.items()]
    rows += [
        (f"{name} edge", value, found.rows_by_edge[name]) for name, value in found.by_edge.items()
    ]
    return [Panel("Recall at window edges", ("of", "recall", "rows"), rows)]
