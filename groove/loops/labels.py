"""What a good loop is: a person's marks where there are some, repetition where there are none.

*Marks* are a side-car ``<track stem>.loops.json`` beside the track, or the tag ``marks`` of
its other side-cars: a list of seconds (each a moment that a good loop is centred on), or of
``{"start_s": s, "end_s": s, "label": "..."}``; labels that start with ``avoid``, ``bad`` or
``negative`` are examples of what not to choose.

*Repetition* is a weak label. Musicians loop what they find worth looping: a stretch that the
track itself plays again is one that bears being repeated. It is measured on the whole track's
bar-by-bar self-similarity, in particular on what comes directly before and after the
candidate, none of which the candidate's own features contain. So a ranker that predicts it
has learnt what repeated music sounds like, not copied a formula.

Short stretches repeat more easily than long ones. The weak label is therefore held against
the track's other candidates of the same length: it says *where* to cut, and leaves *how long*
to the listener.

What belongs here: relevance of candidates. What does not: learning it
(:mod:`groove.loops.rankers`).
"""

from __future__ import annotations

import json
import posixpath
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from groove.core.store import Store
from groove.loops.candidates import CARRIED, by_track
from groove.loops.frames import TrackFrames, frames_from
from groove.loops.spec import LabelSpec

VERSION = "1"

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_NEGATIVE = ("avoid", "bad", "negative")
_POOL = 4


class MarkError(ValueError):
    """A side-car of marks that cannot be used. The message says what is wrong with it."""


@dataclass(frozen=True)
class Mark:
    """A marked moment (``end_s`` is None) or stretch, good or bad."""

    start_s: float
    end_s: float | None
    good: bool


def side_car(path: str) -> str:
    """Return the path of a track's marks: ``tracks/a.wav`` -> ``tracks/a.loops.json``."""
    return posixpath.splitext(path)[0] + ".loops.json"


def items(
    loop_candidates: pd.DataFrame,
    track_bars: pd.DataFrame,
    raw_files: pd.DataFrame,
    read: Callable[[str], bytes],
) -> pd.DataFrame:
    """Return one item per track, with its marks as JSON in ``marks`` ("" if there are none).

    The text is part of the item, so a changed side-car is new work.
    """
    tags = dict(zip(raw_files["path"], raw_files["tags_json"], strict=True))
    tracks = by_track(loop_candidates, track_bars)
    return tracks.assign(marks=[_text(path, tags, read) for path in tracks["path"]])


def _text(path: str, tags: Mapping[str, str], read: Callable[[str], bytes]) -> str:
    try:
        return read(side_car(path)).decode("utf-8", errors="replace")
    except (KeyError, FileNotFoundError):
        marks = json.loads(tags.get(path, "{}")).get("marks")
        return json.dumps(marks) if marks else ""


def marks_of(text: str) -> list[Mark]:
    """Return the marks in a side-car's text.

    Raises
    ------
    MarkError
        If it is no JSON list of seconds or of stretches.
    """
    try:
        entries = json.loads(text)
    except json.JSONDecodeError as error:
        raise MarkError(f"marks are no JSON: {error}") from error
    if not isinstance(entries, list):
        raise MarkError("marks must be a JSON list of seconds or of {start, end, label}")
    return [_mark(entry) for entry in entries]


def _mark(entry: Any) -> Mark:
    if isinstance(entry, int | float) and not isinstance(entry, bool) and np.isfinite(entry):
        return Mark(float(entry), None, good=True)
    try:
        start, end = (float(entry.get(f"{n}_s", entry.get(n))) for n in ("start", "end"))
        label = str(entry.get("label", "")).lower()
    except (TypeError, ValueError, AttributeError) as error:
        raise MarkError(f"{entry!r} is neither seconds nor {{start_s, end_s, label}}") from error
    if not 0 <= start < end < np.inf:
        raise MarkError(f"a marked stretch from {start} to {end} s has no length")
    return Mark(start, end, good=not label.startswith(_NEGATIVE))


def marked_weight(marks: Sequence[Mark], start_s: Floats, end_s: Floats, beat_s: float) -> Floats:
    """Return the relevance by marks, float64 (candidates,) in 0..1.

    A moment adds ``exp(-((centre - t) / (beat / 2)) ** 2 / 2)``. Of the good stretches, the one
    that agrees best counts by its temporal intersection over union, so that only a candidate
    with both cuts right gets all of it. The share of a candidate that lies in a bad stretch is
    taken off.
    """
    moments, agreement, bad = (np.zeros(len(start_s)) for _ in range(3))
    for mark in marks:
        if mark.end_s is None:
            off = ((start_s + end_s) / 2 - mark.start_s) / (beat_s / 2)
            moments += np.exp(-0.5 * off**2)
            continue
        shared = np.minimum(end_s, mark.end_s) - np.maximum(start_s, mark.start_s)
        shared = np.maximum(shared, 0.0)
        either = np.maximum(end_s, mark.end_s) - np.minimum(start_s, mark.start_s)
        if mark.good:
            agreement = np.maximum(agreement, shared / either)
        else:
            bad += shared / np.maximum(end_s - start_s, 1e-9)
    return np.clip(moments + agreement - bad, 0.0, 1.0)


def bar_similarity(frames: TrackFrames, bar_start_s: Floats, slots: int) -> Floats:
    """Return the correlation of every bar with every bar, float64 (bars, bars) in -1..1.

    Each bar is cut into ``slots`` equal slots, so bars of different tempo compare; a slot is
    its mean log-mel (pooled to 32 bands), chroma and onset strength, each less the track's
    mean: what all bars have in common is no evidence of repetition.
    """
    count = len(bar_start_s) - 1
    pooled = frames.mel.reshape(len(frames), -1, _POOL).mean(axis=2)
    blocks = []
    share = np.arange(slots + 1) / slots
    edges = bar_start_s[:-1, None] + np.diff(bar_start_s)[:, None] * share
    first = np.clip(np.round(edges * frames.rate_hz).astype(int), 0, len(frames) - 1)
    start = first[:, :-1].ravel()
    stop = np.maximum(first[:, 1:].ravel(), start + 1)
    for values in (pooled, frames.chroma, frames.onset[:, None]):
        sums = np.concatenate(
            [np.zeros((1, values.shape[1])), np.cumsum(values, axis=0, dtype=float)]
        )
        slot = (sums[stop] - sums[start]) / (stop - start)[:, None]
        slot -= slot.mean(axis=0)
        spread = np.sqrt(np.mean(slot**2))
        blocks.append((slot / max(spread, 1e-9)).reshape(count, slots, -1) / np.sqrt(slot.shape[1]))
    flat = np.concatenate(blocks, axis=2).reshape(count, -1)
    norm = np.maximum(np.linalg.norm(flat, axis=1), 1e-9)
    return np.asarray(np.clip((flat @ flat.T) / np.outer(norm, norm), -1.0, 1.0))


def repetition(similarity: Floats, start_bar: Ints, bars: Ints, others: int) -> Floats:
    """Return how much the track repeats each candidate, float64 (candidates,) in -1..1.

    Half of it is the more similar one of the two neighbours of the same length (the music
    plays it twice in a row), half the mean of the ``others`` most similar stretches elsewhere
    that do not overlap it. A side that does not exist counts 0.
    """
    count = len(similarity)
    result = np.zeros(len(start_bar))
    for length in np.unique(bars):
        rows = np.flatnonzero(bars == length)
        first = start_bar[rows]
        places = count - length + 1
        # Mean over a diagonal run: the similarity of stretch i with stretch j, bar by bar.
        run = similarity[:places, :places].copy()
        for step in range(1, length):
            run += similarity[step : step + places, step : step + places]
        run /= length
        offset = np.abs(np.arange(places)[None, :] - first[:, None])
        neighbour = np.where(offset == length, run[first], 0.0).max(axis=1)
        apart = np.where(offset > length, run[first], -np.inf)
        best = -np.sort(-apart, axis=1)[:, :others]
        elsewhere = np.where(np.isfinite(best), best, 0.0).sum(axis=1) / others
        result[rows] = 0.5 * neighbour + 0.5 * elsewhere
    return np.clip(result, -1.0, 1.0)


def silent_bars(frames: TrackFrames, bar_start_s: Floats, below_db: float) -> NDArray[np.bool_]:
    """Return which bars are silence, held against the 90th percentile of the bars' levels."""
    power = np.concatenate([[0.0], np.cumsum(np.square(frames.rms, dtype=np.float64))])
    edge = np.clip(np.round(bar_start_s * frames.rate_hz).astype(int), 0, len(frames))
    level = np.diff(power[edge]) / np.maximum(np.diff(edge), 1)
    return np.asarray(level <= np.quantile(level, 0.9) * 10 ** (below_db / 10))


def within_length(values: Floats, bars: Ints) -> Floats:
    """Return each value's mid-rank among those of its length, float64 in 0..1.

    0.5 for a candidate that is the only one of its length.
    """
    result = np.full(len(values), 0.5)
    for length in np.unique(bars):
        rows = np.flatnonzero(bars == length)
        if len(rows) > 1:
            ranks = pd.Series(values[rows]).rank(method="average").to_numpy()
            result[rows] = (ranks - 1) / (len(rows) - 1)
    return result


def labels_of(item: Mapping[str, Any], spec: LabelSpec, store: Store) -> Iterator[dict[str, Any]]:
    """Yield the ``loop_labels`` rows of one track (an item of :func:`items`)."""
    frames = frames_from(store.read(item["blob"]), item["frame_rate_hz"])
    lines = np.asarray(item["bar_start_s"], dtype=np.float64)
    start_bar = np.asarray(item["start_bar"], dtype=np.int64)
    bars = np.asarray(item["bars"], dtype=np.int64)
    repeated = repetition(
        bar_similarity(frames, lines, spec.slots_per_bar), start_bar, bars, spec.others
    )
    # Silence repeats perfectly and is no loop.
    silence = np.concatenate([[0], np.cumsum(silent_bars(frames, lines, spec.silent_db))])
    silent = silence[start_bar + bars] > silence[start_bar]
    repeated = np.where(silent, 0.0, repeated)
    marks = marks_of(item["marks"]) if item["marks"] else []
    if marks:
        beat_s = 60.0 / float(item["tempo_bpm"])
        weight = marked_weight(marks, lines[start_bar], lines[start_bar + bars], beat_s)
    else:
        weight = np.where(silent, 0.0, within_length(repeated, bars))
    for place in range(len(bars)):
        yield {
            **{name: item[name] for name in CARRIED},
            "start_bar": int(start_bar[place]),
            "bars": int(bars[place]),
            "weight": float(weight[place]),
            "label_source": "marked" if marks else "repetition",
            "repetition": float(repeated[place]),
        }
