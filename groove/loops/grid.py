"""The bar grid of a track, and its frames: the one analysis that every loop stage reads.

What belongs here: an audio file in, its row of ``track_bars`` out. What does not: the parts
(:mod:`groove.loops.beats`, :mod:`groove.loops.downbeats`, :mod:`groove.loops.frames`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from groove.core.store import Store
from groove.loops.spec import BarSpec

VERSION = "2"

_BEATS_AT_LEAST = 8


class GridError(ValueError):
    """A track without a bar grid. The message says why."""


@dataclass(frozen=True)
class TrackGrid:
    """Beats and bars of a track.

    Attributes
    ----------
    beat_s
        All beats, s, float64 (k,).
    bar_start_s
        Bar lines, s, float64 (b + 1,); the last closes the last bar.
    bar_beats
        Beats of each bar, int64 (b,).
    confidence
        Geometric mean of two shares: how much stronger onsets are on the beats than between
        (0 = no stronger), and in how many 8-bar windows the chosen downbeat is the strongest.
    """

    beat_s: NDArray[np.float64]
    bar_start_s: NDArray[np.float64]
    bar_beats: NDArray[np.int64]
    confidence: float

    @property
    def tempo_bpm(self) -> float:
        """Median tempo."""
        return float(60.0 / np.median(np.diff(self.beat_s)))

    @property
    def beats_per_bar(self) -> int:
        """Commonest meter."""
        return int(np.bincount(self.bar_beats).argmax())


def items(track_index: pd.DataFrame, raw_files: pd.DataFrame) -> pd.DataFrame:
    """Return the tracks to analyse, one of each content, with what their side-cars state.

    A side-car may state ``bar_starts_s`` (bar lines, s; the last closes the last bar) and
    ``meter``: who made the track knows them, and what is known is not guessed.
    """
    kept = track_index[track_index["duplicate_of"].isna()]
    names = ["path", "sha256", "source", "license", "split_group", "split"]
    tags = dict(zip(raw_files["path"], raw_files["tags_json"], strict=True))
    about = [json.loads(tags.get(path, "{}")) for path in kept["path"]]
    return (
        kept[names]
        .assign(
            stated_json=[json.dumps(known.get("bar_starts_s")) for known in about],
            stated_meter=[str(known.get("meter") or "4/4") for known in about],
        )
        .reset_index(drop=True)
    )


def stated_grid(stated_json: str, meter: str, duration_s: float) -> TrackGrid | None:
    """Return the grid that a side-car states, or ``None`` if it states none.

    Parameters
    ----------
    stated_json
        JSON list of bar lines in s, or ``null``.
    meter
        ``numerator/denominator`` of the usual bar; a bar of another length has beats in
        proportion.
    duration_s
        Length of the track; lines after it are left out.

    Raises
    ------
    GridError
        If the lines are no rising list of times, or the meter is none.
    """
    lines = json.loads(stated_json)
    if lines is None:
        return None
    numerator = meter.partition("/")[0]
    try:
        bars = np.asarray(lines, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise GridError("bar_starts_s in the side-car is no list of seconds") from error
    if bars.ndim != 1 or not np.isfinite(bars).all() or not (np.diff(bars) > 0).all():
        raise GridError("bar_starts_s in the side-car must be rising times in seconds")
    if not numerator.isdigit() or not 1 <= int(numerator) <= 64:
        raise GridError(f"meter {meter!r} in the side-car is no meter: write 4/4")
    bars = bars[(bars >= 0) & (bars <= duration_s)]
    if len(bars) < 2:
        raise GridError("bar_starts_s in the side-car has not one whole bar inside the track")
    lengths = np.diff(bars)
    counts = np.round(int(numerator) * lengths / np.median(lengths)).astype(np.int64)
    counts = np.maximum(counts, 1)
    beats = [
        np.linspace(start, end, count, endpoint=False)
        for start, end, count in zip(bars[:-1], bars[1:], counts, strict=True)
    ]
    return TrackGrid(np.concatenate([*beats, bars[-1:]]), bars, counts, 1.0)


def downbeat_f(
    estimated_s: NDArray[np.float64], stated_s: NDArray[np.float64], within_s: float = 0.07
) -> float:
    """Return the F-measure of estimated bar lines, 0..1; a line within ±70 ms is found.

    Lines are further apart than twice the window, so the nearest one is the only one.
    """
    nearest = np.abs(estimated_s[:, None] - stated_s[None, :])
    found = float(
        min((nearest.min(axis=1) <= within_s).sum(), (nearest.min(axis=0) <= within_s).sum())
    )
    return 2 * found / (len(estimated_s) + len(stated_s))


def grid_of(onsets: Any, frames: Any, duration_s: float, spec: BarSpec) -> TrackGrid:
    """Return the bar grid of a track from its onset envelopes and frames.

    Raises
    ------
    GridError
        If the track has no beats, or not one whole bar.
    """
    from groove.loops.beats import beats_of
    from groove.loops.downbeats import downbeats_of

    beat_s, _ = beats_of(onsets, spec, duration_s)
    if len(beat_s) < _BEATS_AT_LEAST:
        raise GridError(
            f"{len(beat_s)} beats found, {_BEATS_AT_LEAST} are needed: silence, or too short"
        )
    found = downbeats_of(onsets, frames, beat_s, spec.meters)
    lines = np.flatnonzero(found.beat_in_bar == 1)
    if len(lines) < 2:
        raise GridError("not one whole bar: the track is too short for a loop")
    beside = onsets.at(beat_s[:-1] + 0.3 * np.diff(beat_s), onsets.full).mean()
    on = max(float(onsets.at(beat_s, onsets.full).mean()), 1e-9)
    contrast = float(np.clip(1.0 - beside / on, 0.0, 1.0))
    return TrackGrid(
        beat_s, beat_s[lines], np.diff(lines), float(np.sqrt(contrast * found.agreement))
    )


def bars_of(item: Mapping[str, Any], spec: BarSpec, store: Store) -> Iterator[dict[str, Any]]:
    """Yield the ``track_bars`` row of one track."""
    from groove.audio.waveform import Waveform, read_audio, resample
    from groove.loops.frames import frames_of
    from groove.loops.onsets import onsets_of

    waveform = read_audio(store.read_raw(item["path"]))
    mono = resample(Waveform(waveform.mono()[None], waveform.sample_rate), spec.sample_rate).mono()
    # Rounded first: what is decided here is decided on what later stages will read.
    frames = frames_of(mono, spec.sample_rate).rounded()
    stated = stated_grid(
        item.get("stated_json", "null"), item.get("stated_meter", "4/4"), waveform.duration_s
    )
    estimated = grid_of(onsets_of(mono, spec.sample_rate), frames, waveform.duration_s, spec)
    grid = stated or estimated
    yield {
        **{name: item[name] for name in ("path", "sha256", "source", "license")},
        "duration_s": waveform.duration_s,
        "tempo_bpm": grid.tempo_bpm,
        "beats_per_bar": grid.beats_per_bar,
        "bar_start_s": grid.bar_start_s.tolist(),
        "bar_beats": grid.bar_beats.tolist(),
        "beat_s": grid.beat_s.tolist(),
        "confidence": grid.confidence,
        "grid_source": "stated" if stated else "estimated",
        "estimated_downbeat_f": (
            downbeat_f(estimated.bar_start_s, stated.bar_start_s) if stated else None
        ),
        "frames": len(frames),
        "frame_rate_hz": frames.rate_hz,
        "blob": store.write(frames.to_bytes(), ".frames"),
        **{name: item[name] for name in ("split_group", "split")},
    }
