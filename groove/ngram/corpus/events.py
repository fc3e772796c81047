"""Drum loops as steps: every bar on the grid that its hits were meant for.

Each hit goes to the nearest step and keeps its distance from it, so that nothing is rounded
away: a row of ``groove_events`` gives the loop back tick for tick. A step holds any number of
hits, also several of one label (a flam), and a step without hits is an event like any other.

What belongs here: MIDI to rows. What does not: counting them (:mod:`groove.ngram.language.counts`).

Conventions
-----------
* Bars are those of the file's meter events, on its tempo map; empty bars before the first and
  after the last hit are left out.
* A hit that is nearer to the next bar's downbeat than to this bar's last step belongs there,
  with a negative offset.
* Notes on keys that the mapping has no label for count as ``aux_percussion``.
* Two notes of one label on one tick are one hit, as loud as the louder.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from groove.core.store import Store
from groove.midi import taxonomy
from groove.midi.meter import bar_grid
from groove.midi.notes import Song, read_midi, write_midi
from groove.midi.taxonomy import LABELS, label_of_note
from groove.ngram.corpus.grid import fit_resolution
from groove.ngram.play.render import OFFSET_TICKS, Bar, song_of_bars
from groove.ngram.spec import EventSpec

VERSION = f"1+{taxonomy.DIGEST}"

#: Hi-hat edges: keys that a TD-11 sends and General MIDI has no drum for.
_TD11_ONLY = (22, 26)
_OTHER = "aux_percussion"
_COLUMNS = (
    "path",
    "sha256",
    "source",
    "license",
    "tempo_bpm",
    "style",
    "feel",
    "section",
    "is_fill",
    "split_group",
    "split",
)
_CARRIED = ("path", "sha256", "source", "license", "split_group", "split")


class EventError(ValueError):
    """A loop that has no steps to count. The message says why."""


def drum_loops(loop_index: pd.DataFrame) -> pd.DataFrame:
    """Return the loops to read: MIDI drums that the inventory keeps, each content once."""
    chosen = (
        (loop_index["format"] == "midi")
        & loop_index["drum"].astype("bool")
        & loop_index["keep_drum"].astype("bool")
        & loop_index["duplicate_of"].isna()
    )
    return loop_index.loc[chosen, list(_COLUMNS)].reset_index(drop=True)


@dataclass(frozen=True)
class _Hits:
    """Hits of a loop, in order of tick: arrays of equal length."""

    tick: NDArray[np.int64]
    label: NDArray[np.int64]
    velocity: NDArray[np.int64]


def events_of(item: Mapping[str, Any], spec: EventSpec, store: Store) -> Iterator[dict[str, Any]]:
    """Yield one row of ``groove_events`` per bar of a drum loop.

    Parameters
    ----------
    item
        A row of :func:`drum_loops`.
    spec
        Candidate grids and the meaning of notes.
    store
        Where the file is read from.

    Raises
    ------
    EventError
        If the file has no note on the drum channel.
    groove.midi.notes.MidiError
        If the file is no usable MIDI file.
    """
    song = read_midi(store.read_raw(item["path"]))
    if not song.drum.any():
        raise EventError("no note on the drum channel (10): not a drum loop")
    hits, unmapped, merged = _hits_of(song, _mapping(song, spec, str(item["source"])))
    bars = _bars_of(song, hits, spec)
    lost = _lost(song, hits, bars)
    tempo_bpm = float(item["tempo_bpm"] or 120.0)
    common = {name: item[name] for name in _CARRIED}
    for number, (start_tick, bar) in enumerate(bars):
        symbols = np.zeros(_steps(bar.quarters, bar.resolution), dtype=np.int64)
        np.bitwise_or.at(symbols, bar.step, np.left_shift(1, bar.label))
        at = int(np.searchsorted(song.tempo_tick, start_tick, side="right")) - 1
        yield {
            **common,
            "bar": number,
            "meter": f"{bar.numerator}/{bar.denominator}",
            "numerator": bar.numerator,
            "denominator": bar.denominator,
            "resolution": bar.resolution,
            "steps": len(symbols),
            "quarters": bar.quarters,
            "tempo_bpm": float(song.tempo_bpm[at]) if song.explicit_tempo else tempo_bpm,
            "style": _main_style(item["style"]),
            "feel": _text(item["feel"]),
            "section": _text(item["section"]),
            "is_fill": bool(item["is_fill"]),
            "symbols": symbols.tolist(),
            "hit_step": bar.step.tolist(),
            "hit_label": bar.label.tolist(),
            "hit_velocity": bar.velocity.tolist(),
            "hit_offset_ticks": bar.offset_ticks.tolist(),
            # Counted once per loop, on its first bar.
            "unmapped_hits": unmapped if number == 0 else 0,
            "merged_hits": merged if number == 0 else 0,
            "lost_hits": lost if number == 0 else 0,
        }


def bars_of_rows(rows: pd.DataFrame) -> list[Bar]:
    """Return rows of ``groove_events`` of one loop as bars, for :func:`song_of_bars`."""
    return [
        Bar(
            numerator=int(row["numerator"]),
            denominator=int(row["denominator"]),
            quarters=float(row["quarters"]),
            resolution=int(row["resolution"]),
            step=np.asarray(row["hit_step"], dtype=np.int64),
            label=np.asarray(row["hit_label"], dtype=np.int64),
            velocity=np.asarray(row["hit_velocity"], dtype=np.int64),
            offset_ticks=np.asarray(row["hit_offset_ticks"], dtype=np.float64),
        )
        for row in rows.to_dict(orient="records")
    ]


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _main_style(value: object) -> str | None:
    """Return the style without its sub-style: ``jazz`` of ``Jazz/Funk``."""
    text = _text(value)
    return (text.split("/")[0].strip().lower() or None) if text else None


def _mapping(song: Song, spec: EventSpec, source: str) -> Literal["gm", "td11"]:
    if spec.note_mapping != "auto":
        return spec.note_mapping
    named = source.lower().startswith(tuple(spec.td11_sources)) if spec.td11_sources else False
    return "td11" if named or np.isin(_TD11_ONLY, song.pitch[song.drum]).any() else "gm"


def _hits_of(song: Song, mapping: Literal["gm", "td11"]) -> tuple[_Hits, int, int]:
    """Return (hits, how many had no label, how many were on the tick of an equal one)."""
    names = [label_of_note(note, mapping) for note in range(128)]
    table = np.array([LABELS.index(name or _OTHER) for name in names], dtype=np.int64)
    known = np.array([name is not None for name in names])
    pitch = song.pitch[song.drum]
    tick, label = song.start_tick[song.drum], table[pitch]
    velocity = song.velocity[song.drum].astype(np.int64)
    order = np.lexsort((-velocity, label, tick))
    tick, label, velocity = tick[order], label[order], velocity[order]
    first = np.ones(len(tick), dtype=np.bool_)
    first[1:] = (np.diff(tick) != 0) | (np.diff(label) != 0)
    hits = _Hits(tick[first], label[first], velocity[first])
    return hits, int((~known[pitch]).sum()), int((~first).sum())


def _steps(quarters: float, resolution: int) -> int:
    return max(1, int(np.ceil(quarters * resolution - 1e-6)))


def _bars_of(song: Song, hits: _Hits, spec: EventSpec) -> list[tuple[int, Bar]]:
    """Return (start tick, bar) of every bar from the first to the last hit."""
    per_quarter = song.ticks_per_quarter
    grid = bar_grid(song)
    starts = grid.bar_start_tick[:-1]
    quarters = np.diff(grid.bar_start_tick) / per_quarter
    raw = np.searchsorted(starts, hits.tick, side="right") - 1
    resolution = fit_resolution((hits.tick - starts[raw]) / per_quarter, spec.resolutions)
    step = np.floor((hits.tick - starts[raw]) / per_quarter * resolution + 0.5).astype(np.int64)
    steps = np.array([_steps(length, resolution) for length in quarters])
    early = step >= steps[raw]
    place = raw + early
    # A last hit that is early for a downbeat after the end opens one more bar.
    starts = grid.bar_start_tick
    numerator = np.append(grid.numerator, grid.numerator[-1])
    denominator = np.append(grid.denominator, grid.denominator[-1])
    quarters = np.append(quarters, 4.0 * grid.numerator[-1] / grid.denominator[-1])
    step = np.where(early, 0, step)
    offset = hits.tick - (starts[place] + step * per_quarter / resolution)
    offset_ticks = np.asarray(offset * OFFSET_TICKS / per_quarter, dtype=np.float64)
    listed = []
    for number in range(int(raw.min()), int(place.max()) + 1):
        chosen = np.flatnonzero(place == number)
        chosen = chosen[np.lexsort((offset_ticks[chosen], hits.label[chosen], step[chosen]))]
        bar = Bar(
            numerator=int(numerator[number]),
            denominator=int(denominator[number]),
            quarters=float(quarters[number]),
            resolution=resolution,
            step=step[chosen],
            label=hits.label[chosen],
            velocity=hits.velocity[chosen],
            offset_ticks=offset_ticks[chosen],
        )
        listed.append((int(starts[number]), bar))
    return listed


def _lost(song: Song, hits: _Hits, bars: list[tuple[int, Bar]]) -> int:
    """Return how many hits a MIDI file written from the bars and read again does not have.

    A hit is there if its drum sounds on the same tick, one tick of rounding apart, equally loud.
    """
    first = bars[0][0]
    again = read_midi(
        write_midi(
            song_of_bars([bar for _, bar in bars], 120.0, ticks_per_quarter=song.ticks_per_quarter)
        )
    )
    wanted = song_of_bars(
        [_bar_of_hits(hits, first, song.ticks_per_quarter)],
        120.0,
        ticks_per_quarter=song.ticks_per_quarter,
    )
    left = Counter(zip(again.start_tick, again.pitch, again.velocity, strict=True))
    lost = 0
    for tick, pitch, velocity in zip(wanted.start_tick, wanted.pitch, wanted.velocity, strict=True):
        for near in (tick, tick - 1, tick + 1):
            if left[near, pitch, velocity] > 0:
                left[near, pitch, velocity] -= 1
                break
        else:
            lost += 1
    return lost


def _bar_of_hits(hits: _Hits, first_tick: int, per_quarter: int) -> Bar:
    """Return the loop's own ticks as one long bar: what the round trip is held against."""
    ticks = (hits.tick - first_tick).astype(np.float64) * (OFFSET_TICKS / per_quarter)
    return Bar(4, 4, 4.0, 1, np.zeros_like(hits.label), hits.label, hits.velocity, ticks)
