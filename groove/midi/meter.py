"""Bars, beats and tempo of a song.

What belongs here: the bar grid that a song's meter events and tempo map spell out, and the policy
for a song whose tempo is missing or absurd. What does not: guessing bars from notes or from audio.

Conventions
-----------
* A bar grid starts at tick 0 and restarts at each meter event, also in mid-bar: the bar that the
  event cuts is simply shorter. A remainder shorter than a 64th note is an exporter's rounding and
  belongs to the bar before it.
* A beat is one denominator unit, in compound meters too: a bar of 6/8 has six.
* Positions are exact: a bar may start between two ticks (7/16 at one tick per quarter); its
  seconds are integrated from the exact place, its tick is rounded.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from groove.midi.notes import Song, seconds_at

TempoPolicy = Literal["skip", "fallback", "accept"]
TempoSource = Literal["file", "folded", "fallback", "accepted", "skipped", "injected"]

_SLIVER_QUARTERS = 1 / 16
_FOLDS = (0, 1, -1, 2, -2)
_METER = re.compile(r"(\d{1,2})\s?[/-]\s?(\d{1,2})")


@dataclass(frozen=True)
class BarGrid:
    """Bars and beats of a song with ``b`` bars and ``k`` beats.

    Parameters
    ----------
    bar_start_tick, bar_start_s
        ``[b + 1]``, strictly increasing seconds; the last one closes the last bar.
    numerator, denominator
        ``int16[b]``: the meter each bar is in (a bar cut by a meter event keeps its full meter).
    beat_s, beat_in_bar
        ``[k]``: time of each beat, and its number in its bar; 1 is the downbeat.
    """

    bar_start_tick: NDArray[np.int64]
    bar_start_s: NDArray[np.float64]
    numerator: NDArray[np.int16]
    denominator: NDArray[np.int16]
    beat_s: NDArray[np.float64]
    beat_in_bar: NDArray[np.int16]

    @property
    def bars(self) -> int:
        """Number of bars."""
        return len(self.numerator)


def bar_grid(song: Song) -> BarGrid:
    """Return the bars from tick 0 until the last note's end is covered."""
    edges = [*song.meter_tick.tolist(), None]
    bars: list[NDArray[np.float64]] = []
    meters: list[tuple[int, int, int]] = []
    beats: list[NDArray[np.float64]] = []
    numbers: list[NDArray[np.int64]] = []
    end = 0.0
    for start, stop, numerator, denominator in zip(
        edges,
        edges[1:],
        song.meter_numerator.tolist(),
        song.meter_denominator.tolist(),
        strict=False,
    ):
        unit = 4.0 * song.ticks_per_quarter / denominator
        length = numerator * unit
        span = (song.last_tick if stop is None else stop) - start
        count = math.ceil(span / length)
        full, remainder = divmod(span, length)
        if stop is not None and full and remainder < _SLIVER_QUARTERS * song.ticks_per_quarter:
            count = int(full)
        end = start + count * length if stop is None else float(stop)
        bars.append(start + np.arange(count) * length)
        meters.append((count, numerator, denominator))
        within = np.arange(count * numerator)
        at = start + within * unit
        sounding = at < end
        beats.append(at[sounding])
        numbers.append((within % numerator + 1)[sounding])
    bar_tick = np.concatenate([*bars, [end]])
    counts, numerators, denominators = zip(*meters, strict=True)
    return BarGrid(
        bar_start_tick=np.rint(bar_tick).astype(np.int64),
        bar_start_s=seconds_at(song, bar_tick),
        numerator=np.repeat(numerators, counts).astype(np.int16),
        denominator=np.repeat(denominators, counts).astype(np.int16),
        beat_s=seconds_at(song, np.concatenate(beats)),
        beat_in_bar=np.concatenate(numbers).astype(np.int16),
    )


def main_tempo(song: Song) -> float:
    """Return the tempo (quarters per minute) that most of the song's time is played at.

    Equal shares go to the earlier tempo.
    """
    edges = seconds_at(song, [*song.tempo_tick.tolist(), song.last_tick])
    values, at = np.unique(song.tempo_bpm, return_inverse=True)
    share = np.bincount(at, weights=np.diff(edges))
    longest = np.flatnonzero(share >= share.max() * (1 - 1e-9))
    first = next(index for index in at if index in longest)
    return float(values[first])


def main_meter(song: Song) -> str:
    """Return the meter that most quarter notes of the song are in, as in ``"6/8"``."""
    spans = np.diff([*song.meter_tick.tolist(), song.last_tick])
    shares: dict[str, int] = {}
    for span, n, d in zip(spans, song.meter_numerator, song.meter_denominator, strict=True):
        shares[f"{n}/{d}"] = shares.get(f"{n}/{d}", 0) + int(span)
    return max(shares, key=lambda name: shares[name])


def meter_of(text: object) -> tuple[int, int] | None:
    """Return (numerator, denominator) of a meter as people write it, or None.

    >>> meter_of("6/8"), meter_of("4-4"), meter_of("swing")
    ((6, 8), (4, 4), None)
    """
    found = _METER.fullmatch(str(text).strip()) if isinstance(text, str) else None
    if found is None:
        return None
    numerator, denominator = int(found[1]), int(found[2])
    power_of_two = denominator & (denominator - 1) == 0
    if not (1 <= numerator <= 64 and 1 <= denominator <= 64 and power_of_two):
        return None
    return numerator, denominator


def in_meter(song: Song, meter: str) -> Song:
    """Return the song in a meter that it doesn't state itself; one that does is left alone.

    Raises
    ------
    ValueError
        If ``meter`` is none.
    """
    if song.explicit_meter:
        return song
    read = meter_of(meter)
    if read is None:
        raise ValueError(f"{meter!r} is no meter: write 4/4, 6/8 …")
    later = song.meter_tick > 0
    return replace(
        song,
        meter_tick=np.concatenate([[0], song.meter_tick[later]]).astype(np.int64),
        meter_numerator=np.concatenate([read[:1], song.meter_numerator[later]]).astype(np.int16),
        meter_denominator=np.concatenate([read[1:], song.meter_denominator[later]]).astype(
            np.int16
        ),
    )


def fold_halves(tempo_bpm: float, low_bpm: float, high_bpm: float) -> float | None:
    """Return the tempo, halved or doubled at most twice, nearest to itself inside the range.

    >>> fold_halves(55.0, 80.0, 160.0)
    110.0
    >>> fold_halves(10.0, 80.0, 160.0) is None
    True
    """
    candidates = [tempo_bpm * 2.0**power for power in _FOLDS]
    return next((bpm for bpm in candidates if low_bpm <= bpm <= high_bpm), None)


def resolve_tempo(
    song: Song,
    policy: TempoPolicy = "fallback",
    *,
    low_bpm: float = 40.0,
    high_bpm: float = 300.0,
    fallback_bpm: float = 120.0,
    fold: bool = False,
    inject_bpm: float = 0.0,
) -> tuple[float | None, TempoSource]:
    """Return the song's tempo in quarters per minute, and where it comes from.

    A song that states none gets ``inject_bpm`` if that is above 0: ``injected``. A tempo is valid if the file states it and it lies in ``[low_bpm, high_bpm]``: ``file``. With
    ``fold`` a stated tempo outside is halved or doubled at most twice to get inside: ``folded``.
    What is still invalid goes by the policy: ``skip`` gives no tempo (``skipped``), ``fallback``
    gives ``fallback_bpm`` (``fallback``), ``accept`` keeps what was found (``accepted``).
    """
    found = main_tempo(song)
    if not song.explicit_tempo and inject_bpm > 0:
        return inject_bpm, "injected"
    if song.explicit_tempo:
        if low_bpm <= found <= high_bpm:
            return found, "file"
        folded = fold_halves(found, low_bpm, high_bpm) if fold else None
        if folded is not None:
            return folded, "folded"
    outcomes: dict[TempoPolicy, tuple[float | None, TempoSource]] = {
        "skip": (None, "skipped"),
        "fallback": (fallback_bpm, "fallback"),
        "accept": (found, "accepted"),
    }
    return outcomes[policy]
