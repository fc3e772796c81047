"""Figures of grooves that musicians know: swing, density, dynamics, syncopation, likeness.

* ``swing``: ``|m - 2/3| / 0.1``, with ``m`` the mean place of off-beats within the quarter note,
  off-beats being hits played at 0.4 to 0.8 of it. 0 is triplet swing, 1.67 is straight.
* ``density``: hits of a bar by 16, at most 1; the mean over bars.
* ``velocity_variance``: variance of velocities by ``127 ** 2 / 4``, the largest that there is.
* ``blec``: how far the places of drums are from a reference's: the mean over instruments of
  ``KL(reference step histogram || step histogram) / ln 16``, on 16 steps to the bar, half a hit
  added to each step of both. Instruments are those that the reference has. 0 is alike; 1 is an
  instrument that always falls on one step against one that falls on every step alike.
* ``syncopation``: Longuet-Higgins and Lee 1984, "The rhythmic interpretation of monophonic
  music", as in Fitch and Rosenfeld 2007: a hit followed by a silence on a stronger place weighs
  as much as that place is stronger. Places weigh 0 on the downbeat and one less for each level
  of the meter below it. Summed per bar, for kick and snare each as a voice of its own; a hit
  also counts for the downbeat after its bar if that is silent.

What belongs here: single figures of a table of bars. What does not: distributions of them
(:mod:`groove.ngram.judge.distance`).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from groove.midi.taxonomy import LABELS
from groove.ngram.judge.hits import GROUP_NAMES, Floats, Hits, groups_of, hits_of, in_order
from groove.ngram.language.context import Ints, events_of_bars

_STEPS = 16
_FEWEST = 0.5


def groove_metrics(
    bars: pd.DataFrame,
    reference: pd.DataFrame | None = None,
    labels: Sequence[str] = LABELS,
) -> dict[str, float | None]:
    """Return the figures by name; ``None`` where there is nothing to measure.

    Parameters
    ----------
    bars
        Rows of ``groove_events``.
    reference
        Bars that ``blec`` compares with; without them it is ``None``.
    labels
        Names of the labels that ``hit_label`` and ``symbols`` number.
    """
    ordered = in_order(bars)
    hits = hits_of(ordered)
    groups = groups_of(labels)
    other = None if reference is None else hits_of(in_order(reference))
    figures = {
        "swing": swing(hits),
        "density": density(hits, len(ordered)),
        "velocity_variance": velocity_variance(hits.velocity),
        "blec": None if other is None else blec(other, hits, len(labels)),
    }
    for name in ("kick", "snare"):
        found = syncopation(ordered, _mask(groups, name))
        figures[f"syncopation_{name}"] = float(found.mean()) if len(found) else None
    return figures


def swing(hits: Hits) -> float | None:
    """Return how far the mean off-beat is from triplet swing, in tenths of a beat."""
    place = hits.beat_place
    late = place[(place >= 0.4) & (place <= 0.8)]
    return float(abs(late.mean() - 2 / 3) / 0.1) if len(late) else None


def density(hits: Hits, bars: int) -> float | None:
    """Return the mean over bars of ``min(hits / 16, 1)``."""
    if not bars:
        return None
    return float(np.minimum(np.bincount(hits.row, minlength=bars) / _STEPS, 1.0).mean())


def velocity_variance(velocity: Ints) -> float | None:
    """Return the variance of velocities as a share of the largest possible."""
    return float(velocity.var() / (127**2 / 4)) if len(velocity) else None


def blec(reference: Hits, hits: Hits, labels: int) -> float | None:
    """Return the mean divergence of step histograms over the instruments of the reference."""
    wanted, found = _step_histograms(reference, labels), _step_histograms(hits, labels)
    used = wanted.sum(axis=1) > 0
    if not used.any():
        return None
    p, q = ((counts[used] + _FEWEST) for counts in (wanted, found))
    p, q = p / p.sum(axis=1, keepdims=True), q / q.sum(axis=1, keepdims=True)
    return float(((p * np.log(p / q)).sum(axis=1) / np.log(_STEPS)).mean())


def _step_histograms(hits: Hits, labels: int) -> Floats:
    step = np.rint(hits.step * 4 / hits.resolution).astype(np.int64) % _STEPS
    flat = np.bincount(hits.label * _STEPS + step, minlength=labels * _STEPS)
    return flat.reshape(labels, _STEPS).astype(np.float64)


def syncopation(bars: pd.DataFrame, mask: int) -> Floats:
    """Return the syncopation of each bar.

    Parameters
    ----------
    bars
        Rows of ``groove_events`` in order of key and bar.
    mask
        Set of labels that are one voice.
    """
    events = events_of_bars(bars)
    on = np.flatnonzero(events.symbol & mask)
    if not len(on):
        return np.zeros(len(bars))
    following = np.append(on[1:], -1)
    goes_on = (following >= 0) & (events.loop_start[following] == events.loop_start[on])
    step, steps, bar = events.step[on], events.steps[on], events.bar[on]
    same_bar = goes_on & (events.bar[following] == bar)
    end = np.where(same_bar, events.step[following], steps)
    lands = goes_on & (events.bar[following] == bar + 1) & (events.step[following] == 0)
    last_bar = np.append(bars["key"].to_numpy()[1:] != bars["key"].to_numpy()[:-1], True)
    silent_downbeat = ~same_bar & ~lands & ~last_bar[bar]
    total = np.zeros(len(on))
    form = np.stack(
        [events.numerator[on], events.denominator[on], events.resolution[on], steps], axis=1
    )
    forms, which = np.unique(form, axis=0, return_inverse=True)
    for number, (numerator, denominator, resolution, length) in enumerate(forms.tolist()):
        at = np.flatnonzero(which.ravel() == number)
        periods = np.array(metric_periods(numerator, denominator, resolution, length))
        begin, close = step[at][:, None], end[at][:, None] - 1
        level = np.argmax(begin % periods == 0, axis=1)
        crossed = close // periods > begin // periods
        rest = np.where(crossed.any(axis=1), np.argmax(crossed, axis=1), len(periods))
        rest = np.where(silent_downbeat[at], 0, rest)
        total[at] = np.maximum(level - rest, 0)
    return np.bincount(bar, weights=total, minlength=len(bars)).astype(np.float64)


def metric_periods(numerator: int, denominator: int, resolution: int, steps: int) -> list[int]:
    """Return the levels of a meter, strongest first, in steps: the bar down to one step.

    >>> metric_periods(4, 4, 4, 16), metric_periods(6, 8, 4, 12), metric_periods(4, 4, 3, 12)
    ([16, 8, 4, 2, 1], [12, 6, 2, 1], [12, 6, 3, 1])
    """
    unit = 4.0 * resolution / denominator
    compound = denominator >= 8 and numerator > 3 and numerator % 3 == 0
    beats, beat = (numerator // 3, 3 * unit) if compound else (numerator, unit)
    found: list[float] = [steps]
    while beats > 2 and beats % 2 == 0:
        found.append(found[-1] / 2)
        beats //= 2
    found += [beat, unit]
    size = round(unit)
    while size > 1:
        size = size // 2 if size % 2 == 0 else size // 3 if size % 3 == 0 else 1
        found.append(size)
    whole = {round(value) for value in found if abs(value - round(value)) < 1e-9 and value >= 1}
    return sorted(whole | {1}, reverse=True)


def _mask(groups: Ints, name: str) -> int:
    members = np.flatnonzero(groups == GROUP_NAMES.index(name)).tolist()
    return sum(1 << label for label in members)
