"""Drum loops as steps: every bar on the grid that its hits were meant for.

Each hit goes to the nearest step and keeps its distance from it, so that nothing is rounded
away: a row of ``groove_events`` gives the loop back tick for tick. A step holds any number of
hits, also several of one label (a flam), and a step without hits is an event like any other.

What belongs here: hits to rows. What does not: files to hits (:mod:`groove.ngram.corpus.hits`), the
choice of a grid (:mod:`groove.ngram.corpus.grid`), counting (:mod:`groove.ngram.language.counts`).

Conventions
-----------
* Bars are those of the file's meter events, on its tempo map; empty bars before the first and
  after the last hit are left out.
* A hit that is nearer to the next bar's downbeat than to this bar's last step belongs there,
  with a negative offset.
* Notes on keys that the mapping has no label for count as ``aux_percussion``.
* Every note is a hit, also two of one label, or of one key, on one tick.
* The tempo is that of the file at each bar, but where the inventory took another one (folded,
  fallback, injected): then it is the inventory's, and the file's map scaled to it if folded.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from groove.audio.strokes import Labeller
from groove.core.store import Store
from groove.midi import taxonomy
from groove.midi.meter import BarGrid, bar_grid, main_tempo
from groove.midi.notes import Song, read_midi, seconds_at, write_midi
from groove.ngram.corpus.alphabets import ALPHABETS, Alphabet
from groove.ngram.corpus.grid import Fit, fit_grid
from groove.ngram.corpus.hits import EventError, Hits, hits_of, mapping_of, read_song
from groove.ngram.play.render import OFFSET_TICKS, Bar, song_of_bars
from groove.ngram.spec import EventSpec

__all__ = ["EventError", "bars_of_rows", "drum_loops", "events_of"]

VERSION = f"2+{taxonomy.DIGEST}"

_COLUMNS = (
    "path",
    "sha256",
    "source",
    "license",
    "format",
    "tempo_bpm",
    "tempo_source",
    "meter",
    "style",
    "feel",
    "section",
    "heat",
    "intensity",
    "density",
    "is_fill",
    "split_group",
    "split",
)
#: A grace note is at most this far ahead of its stroke.
_FLAM_S = 0.045
_CARRIED = ("path", "sha256", "source", "license", "split_group", "split")
_TAGS = ("feel", "section", "heat", "intensity", "density")


def drum_loops(loop_index: pd.DataFrame) -> pd.DataFrame:
    """Return the loops to read: drums that the inventory keeps, each content once."""
    chosen = (
        loop_index["drum"].astype("bool")
        & loop_index["keep_drum"].astype("bool")
        & loop_index["duplicate_of"].isna()
    )
    return loop_index.loc[chosen, list(_COLUMNS)].reset_index(drop=True)


def events_of(
    item: Mapping[str, Any], spec: EventSpec, store: Store, labeller: Labeller | None = None
) -> Iterator[dict[str, Any]]:
    """Yield one row of ``groove_events`` per bar of a drum loop.

    Parameters
    ----------
    item
        A row of :func:`drum_loops`.
    spec
        Alphabet, candidate grids and the meaning of notes.
    store
        Where the file is read from.
    labeller
        What names the strokes of a recording; none is the heuristic one. A trained classifier
        fits here.

    Raises
    ------
    EventError
        If nothing in the file is of the alphabet, or it is too long.
    groove.midi.notes.MidiError, groove.audio.waveform.AudioError
        If the file cannot be read.
    """
    song, is_gm = read_song(item, store, labeller)
    yield from rows_of_song(song, item, spec, is_gm=is_gm)


def rows_of_song(
    song: Song, item: Mapping[str, Any], spec: EventSpec, *, is_gm: bool = False
) -> Iterator[dict[str, Any]]:
    """Yield the rows of a loop that has been read; as :func:`events_of`."""
    alphabet = ALPHABETS[spec.alphabet]
    mapping = "gm" if is_gm else mapping_of(song, spec, str(item["source"]))
    hits = hits_of(song, alphabet, mapping)
    bars, fit = _bars_of(song, hits, spec)
    lost = _lost(song, hits, bars, alphabet)
    common = {
        **{name: item[name] for name in _CARRIED},
        "style": _main_style(item["style"]),
        **{name: _text(item.get(name)) for name in _TAGS},
        "is_fill": bool(item["is_fill"]),
        "swing": fit.swing,
    }
    for number, (start_tick, bar) in enumerate(bars):
        symbols = np.zeros(_steps(bar.quarters, bar.resolution), dtype=np.int64)
        np.bitwise_or.at(symbols, bar.step, np.left_shift(1, bar.label))
        yield {
            **common,
            "bar": number,
            "meter": f"{bar.numerator}/{bar.denominator}",
            "numerator": bar.numerator,
            "denominator": bar.denominator,
            "resolution": bar.resolution,
            "steps": len(symbols),
            "quarters": bar.quarters,
            "tempo_bpm": _tempo_at(song, item, start_tick),
            "symbols": symbols.tolist(),
            "hit_step": bar.step.tolist(),
            "hit_label": bar.label.tolist(),
            "hit_velocity": bar.velocity.tolist(),
            "hit_offset_ticks": bar.offset_ticks.tolist(),
            # Counted once per loop, on its first bar.
            "unmapped_hits": hits.unmapped if number == 0 else 0,
            "merged_hits": hits.doubled if number == 0 else 0,
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


def _tempo_at(song: Song, item: Mapping[str, Any], tick: int) -> float:
    """Return the tempo to use at a tick, in quarters a minute; at least 1."""
    stated = item.get("tempo_bpm")
    taken = float(stated) if isinstance(stated, float | int) and stated >= 1 else None
    source = item.get("tempo_source", "file" if song.explicit_tempo else "fallback")
    here = float(song.tempo_bpm[int(np.searchsorted(song.tempo_tick, tick, side="right")) - 1])
    if source in ("file", "accepted") or taken is None:
        return max(here, 1.0)
    return max(here * taken / main_tempo(song), 1.0) if source == "folded" else taken


def _steps(quarters: float, resolution: int) -> int:
    return max(1, int(np.ceil(quarters * resolution - 1e-6)))


def _bars_of(song: Song, hits: Hits, spec: EventSpec) -> tuple[list[tuple[int, Bar]], Fit]:
    """Return (start tick, bar) of every bar from the first to the last hit, and their grid."""
    per_quarter = song.ticks_per_quarter
    grid = bar_grid(song)
    starts = grid.bar_start_tick
    raw = np.searchsorted(starts[:-1], hits.tick, side="right") - 1
    first, last = int(raw.min()), int(raw.max())
    if last - first >= spec.max_bars:
        raise EventError(f"{last - first + 1:,} bars; a loop has at most {spec.max_bars:,}")
    places = (hits.tick - starts[raw]) / per_quarter
    grace = _grace(song, hits)
    fit = fit_grid(
        places[~grace],
        (raw - first)[~grace],
        last - first + 1,
        main_tempo(song),
        spec.resolutions,
        bar_evidence=spec.bar_evidence,
        swinging=_beats_are_quarters(grid, raw),
    )
    step = fit.steps(places, raw - first)
    # A last hit that is early for a downbeat after the end opens one more bar.
    resolution = [*(reading.resolution for reading in fit.bars), fit.main.resolution]
    numerator = [*grid.numerator.tolist(), int(grid.numerator[-1])]
    denominator = [*grid.denominator.tolist(), int(grid.denominator[-1])]
    quarters = np.append(np.diff(starts) / per_quarter, 4.0 * numerator[-1] / denominator[-1])
    sizes = np.array(
        [
            _steps(length, size)
            for length, size in zip(quarters[first : last + 2].tolist(), resolution, strict=True)
        ]
    )
    early = step >= sizes[raw - first]
    place = raw + early
    step = np.where(early, 0, step)
    on_step = starts[place] + step * per_quarter / np.array(resolution)[place - first]
    offset_ticks = np.asarray((hits.tick - on_step) * (OFFSET_TICKS / per_quarter), np.float64)
    order = np.lexsort((offset_ticks, hits.label, step, place))
    bounds = np.searchsorted(place[order], np.arange(first, int(place.max()) + 2))
    listed = []
    for number in range(first, int(place.max()) + 1):
        chosen = order[bounds[number - first] : bounds[number - first + 1]]
        bar = Bar(
            numerator=numerator[number],
            denominator=denominator[number],
            quarters=float(quarters[number]),
            resolution=resolution[number - first],
            step=step[chosen],
            label=hits.label[chosen],
            velocity=hits.velocity[chosen],
            offset_ticks=offset_ticks[chosen],
        )
        listed.append((int(starts[number]), bar))
    return listed, fit


def _grace(song: Song, hits: Hits) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Return which hits are grace notes: a louder one of their drum follows at once.

    A flam's grace note is where the hand was, not where a step is, so it says nothing of the grid.
    """
    order = np.lexsort((hits.tick, hits.label))
    seconds = seconds_at(song, hits.tick[order])
    follows = (np.diff(hits.label[order]) == 0) & (np.diff(seconds) <= _FLAM_S)
    grace = np.zeros(len(order), dtype=np.bool_)
    grace[order[:-1]] = follows & (np.diff(hits.velocity[order]) > 0)
    return grace


def _beats_are_quarters(grid: BarGrid, raw: np.ndarray[Any, np.dtype[np.int64]]) -> bool:
    """Return whether most hits are in bars whose beat is a quarter or longer."""
    return bool(np.mean(grid.denominator[raw] <= 4) > 0.5)


def _lost(song: Song, hits: Hits, bars: list[tuple[int, Bar]], alphabet: Alphabet) -> int:
    """Return how many hits a MIDI file written from the bars and read again does not have.

    A hit is there if its drum sounds on the same tick, one tick of rounding apart, equally loud.
    """
    written = song_of_bars(
        [bar for _, bar in bars], 120.0, alphabet.labels, ticks_per_quarter=song.ticks_per_quarter
    )
    again = read_midi(write_midi(written))
    pitch = np.array(alphabet.notes, dtype=np.int64)[hits.label]
    wanted = np.stack([pitch, hits.velocity, hits.tick - bars[0][0]])
    found = np.stack([again.pitch, again.velocity, again.start_tick]).astype(np.int64)
    wanted, found = (rows[:, np.lexsort(rows[::-1])] for rows in (wanted, found))
    alike = wanted.shape == found.shape and (wanted[:2] == found[:2]).all()
    if alike and (np.abs(wanted[2] - found[2]) <= 1).all():
        return 0
    left = Counter(map(tuple, found.T.tolist()))
    lost = 0
    for key, velocity, tick in wanted.T.tolist():
        for near in (tick, tick - 1, tick + 1):
            if left[key, velocity, near] > 0:
                left[key, velocity, near] -= 1
                break
        else:
            lost += 1
    return lost
