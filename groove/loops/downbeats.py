"""Meter and downbeats: which beats begin a bar.

Two kinds of evidence, both per beat:

* *accent*: a downbeat brings something new: another harmony or another sound than in the
  2, 4 or 8 beats before, and often a kick or bass note (Goto 2001; Klapuri et al. 2006).
  Each is standardised over the track; their mean is the accent.
* *return*: a bar resembles the bar before it. The correlation of a beat's sound with that
  of the beat one bar earlier, against the mean over all candidate bar lengths, votes for a
  meter.

Viterbi over (meter, beat in bar) follows both through the track, so a meter may change in
mid-song; a change and a slipped beat have a price.

What belongs here: the position of each beat in its bar. What does not: where beats are
(:mod:`groove.loops.beats`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from groove.loops.frames import TrackFrames
from groove.loops.onsets import Onsets

Floats = NDArray[np.float64]

#: Log-odds that one standard deviation of accent is worth, per beat.
_ACCENT = 1.0
#: Log-odds that one unit of correlation with the bar before is worth, per beat.
_RETURN = 2.0
#: Prices of another meter at a bar line, and of a bar that ends too early.
_CHANGE = 16.0
_SLIP = 20.0
#: Prior log-odds of a meter per bar, relative to four: most music is in four.
_RARE = {4: 0.0, 3: -0.3, 6: -0.6, 2: -0.6, 5: -1.0, 7: -1.0}
#: How many earlier bars a beat is compared with.
_BARS_BACK = 2
#: Bars of one vote for the confidence.
_VOTE_BARS = 8


@dataclass(frozen=True)
class Downbeats:
    """What the beats are.

    Attributes
    ----------
    beat_in_bar
        1 on a downbeat, int64 (beats,).
    beats_per_bar
        Meter of the bar that each beat is in, int64 (beats,).
    agreement
        Share of 8-bar windows whose own strongest phase is the chosen one, 0..1.
    """

    beat_in_bar: NDArray[np.int64]
    beats_per_bar: NDArray[np.int64]
    agreement: float


def accents(onsets: Onsets, frames: TrackFrames, beats_s: Floats) -> Floats:
    """Return the standardised downbeat evidence of each beat, float64 (beats,)."""
    from scipy.ndimage import maximum_filter1d

    reach = 2 * round(0.02 * onsets.rate_hz) + 1
    low = onsets.at(beats_s, maximum_filter1d(onsets.low, reach))
    harmony = _per_beat(frames.chroma, frames.rate_hz, beats_s)
    sound = _per_beat(frames.mel, frames.rate_hz, beats_s)
    evidence = [
        *(_standard(_novelty(harmony, beats)) for beats in (2, 4)),
        *(_standard(_novelty(sound, beats)) for beats in (2, 4, 8)),
        0.5 * _standard(low),
    ]
    return np.asarray(np.mean(evidence, axis=0) * np.sqrt(len(evidence)))


def _novelty(values: Floats, beats: int) -> Floats:
    """Return 1 - correlation of the mean over ``beats`` beats from each beat on and before it."""
    centred = values - values.mean(axis=0)
    sums = np.concatenate([np.zeros((1, centred.shape[1])), np.cumsum(centred, axis=0)])
    here = np.arange(len(values))
    after = sums[np.minimum(here + beats, len(values))] - sums[here]
    before = sums[here] - sums[np.maximum(here - beats, 0)]
    novelty = 1.0 - _cosine(after, before)
    # At the ends one side is missing: no evidence, rather than a great change.
    novelty[: min(beats, len(novelty))] = novelty.mean()
    novelty[max(len(novelty) - beats, 0) :] = novelty.mean()
    return np.asarray(novelty)


def returns(onsets: Onsets, frames: TrackFrames, beats_s: Floats, meters: Sequence[int]) -> Floats:
    """Return how alike each beat and the one a bar earlier are, float64 (beats, meters).

    Values are mean correlations with the bars before, less their mean over the meters; 0 in the
    first bars, where a comparison of meters would not be fair.
    """
    sound = np.hstack(
        [
            _whiten(_per_beat(frames.mel, frames.rate_hz, beats_s)),
            _whiten(_per_beat(frames.chroma, frames.rate_hz, beats_s)),
            2.0 * _whiten(onsets.at(beats_s, onsets.low)[:, None]),
            2.0 * _whiten(onsets.at(beats_s, onsets.full)[:, None]),
        ]
    )
    alike = np.zeros((len(beats_s), len(meters)))
    furthest = _BARS_BACK * max(meters)
    if len(beats_s) <= furthest:
        return alike
    for column, meter in enumerate(meters):
        for bars in range(1, _BARS_BACK + 1):
            lag = bars * meter
            alike[furthest:, column] += _cosine(sound[lag:], sound[:-lag])[furthest - lag :]
    alike /= _BARS_BACK
    return np.asarray(alike - alike.mean(axis=1, keepdims=True))


def downbeats_of(
    onsets: Onsets, frames: TrackFrames, beats_s: Floats, meters: Sequence[int]
) -> Downbeats:
    """Return each beat's place in its bar.

    Parameters
    ----------
    onsets, frames
        Analysis of the track.
    beats_s
        All beats, s, increasing.
    meters
        Beats per bar that are considered.
    """
    meters = sorted(set(meters))
    accent = accents(onsets, frames, beats_s)
    alike = returns(onsets, frames, beats_s, meters)
    meter, place = _follow(accent, alike, meters)
    return Downbeats(place + 1, meter, _agreement(accent, meter, place))


def _follow(
    accent: Floats, alike: Floats, meters: Sequence[int]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Viterbi over states (meter, place); returns both per beat."""
    state_meter = np.concatenate([np.full(m, m) for m in meters])
    state_place = np.concatenate([np.arange(m) for m in meters])
    state_column = np.concatenate([np.full(m, k) for k, m in enumerate(meters)])
    # An accent counts for a downbeat and, spread over the rest of the bar, against the others:
    # so no meter gains by having more downbeats.
    gain = np.where(state_place == 0, 1.0, -1.0 / (state_meter - 1))
    rare = np.array([_RARE.get(int(m), -1.5) / m for m in state_meter])
    emit = _ACCENT * accent[:, None] * gain + _RETURN * alike[:, state_column] + rare
    same = state_meter[:, None] == state_meter[None, :]
    onward = same & (state_place[None, :] == (state_place[:, None] + 1) % state_meter[:, None])
    ends = state_place[:, None] == state_meter[:, None] - 1
    begins = state_place[None, :] == 0
    price = np.full(same.shape, np.inf)
    price[begins & np.ones_like(ends)] = _SLIP
    price[ends & begins & ~same] = _CHANGE
    price[onward] = 0.0
    total = emit[0].copy()
    back = np.zeros(emit.shape, dtype=np.int64)
    for step in range(1, len(emit)):
        options = total[:, None] - price
        back[step] = options.argmax(axis=0)
        total = options.max(axis=0) + emit[step]
    path = np.empty(len(emit), dtype=np.int64)
    path[-1] = int(total.argmax())
    for step in range(len(emit) - 1, 0, -1):
        path[step - 1] = back[step, path[step]]
    return state_meter[path].astype(np.int64), state_place[path].astype(np.int64)


def _agreement(accent: Floats, meter: NDArray[np.int64], place: NDArray[np.int64]) -> float:
    votes = []
    window = _VOTE_BARS * int(np.median(meter))
    for start in range(0, max(len(accent) - window // 2, 1), window):
        part = slice(start, start + window)
        beats = int(np.bincount(meter[part]).argmax())
        inside = meter[part] == beats
        sums = np.bincount(place[part][inside], accent[part][inside], minlength=beats)
        counts = np.bincount(place[part][inside], minlength=beats)
        votes.append(float(np.argmax(sums / np.maximum(counts, 1)) == 0))
    return float(np.mean(votes)) if votes else 0.0


def _per_beat(values: NDArray[np.float32], rate_hz: float, beats_s: Floats) -> Floats:
    """Return the mean of frame values from each beat to the next, float64 (beats, columns)."""
    sums = np.concatenate([np.zeros((1, values.shape[1])), np.cumsum(values, axis=0, dtype=float)])
    edges = np.clip(np.round(beats_s * rate_hz).astype(int), 0, len(values))
    gap = beats_s[-1] - beats_s[-2] if len(beats_s) > 1 else 0.5
    stop = np.append(edges[1:], min(len(values), round((beats_s[-1] + gap) * rate_hz)))
    width = np.maximum(stop - edges, 1)[:, None]
    return np.asarray((sums[np.maximum(stop, edges)] - sums[edges]) / width)


def _standard(values: Floats) -> Floats:
    spread = values.std()
    return (values - values.mean()) / spread if spread > 1e-9 else np.zeros_like(values)


def _whiten(values: Floats) -> Floats:
    """Standardise each column and scale the block to unit mean square norm per row."""
    centred = values - values.mean(axis=0)
    spread = centred.std(axis=0)
    scaled = np.where(spread > 1e-6, centred / np.maximum(spread, 1e-6), 0.0)
    return np.asarray(scaled / np.sqrt(values.shape[1]))


def _cosine(left: Floats, right: Floats) -> Floats:
    norm = np.linalg.norm(left, axis=1) * np.linalg.norm(right, axis=1)
    return np.asarray((left * right).sum(axis=1) / np.maximum(norm, 1e-9))
