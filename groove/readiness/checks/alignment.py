"""Alignment of a session's microphones: right for where they stand, constant, without drift.

A microphone at 1.2 m hears a stroke 3.5 ms later than one at the drum: that is where it stands,
not an error. Each microphone has a range of distances from the drum, given or by its role, and a
pair is right when its delay lies between what their ranges allow::

    earliest = (nearest of the second - farthest of the first) / speed of sound
    latest   = (farthest of the second - nearest of the first) / speed of sound

The speed of sound is 331.3 m/s * sqrt(1 + T / 273.15 °C) (Bohn 1988). Drift is the slope of delay
over time by Theil (1950) and Sen (1968): up to 29 % of the strokes may be wrong.

What belongs here: sessions in, verdicts and corrections out. What does not: finding delays
(:mod:`groove.readiness.checks.delays`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any

import numpy as np
from pydantic import Field, model_validator

from groove.core.gates import Gate
from groove.core.spec import Spec
from groove.readiness.checks.delays import (
    Floats,
    Places,
    Samples,
    common_delay,
    onsets,
    stroke_delays,
)
from groove.readiness.checks.spec import AlignmentSpec
from groove.readiness.checks.verdict import Interval, Panel, gate

STAGE = "alignment"
#: Distances from the drum by role, metres: nearest and farthest.
ROLES: Mapping[str, tuple[float, float]] = {
    "trigger": (0.0, 0.02),
    "close": (0.0, 0.15),
    "overhead": (0.6, 1.8),
    "room": (1.5, 8.0),
}


class Microphone(Spec):
    """One track of a session."""

    name: str = Field(min_length=1, max_length=200)
    path: str = Field(min_length=1, max_length=1000, description="Audio file below the root")
    role: str = Field("close", description="trigger, close, overhead or room")
    distance_m: tuple[float, float] | None = Field(
        None, description="Nearest and farthest distance from the drum; none: by role"
    )

    @model_validator(mode="after")
    def _known(self) -> Microphone:
        if self.distance_m is None and self.role not in ROLES:
            raise ValueError(
                f"role {self.role!r} of {self.name!r} has no distances: give distance_m, or one "
                f"of {', '.join(ROLES)}"
            )
        low, high = self.distances
        if not (math.isfinite(high) and 0 <= low <= high):
            raise ValueError(f"distance_m of {self.name!r} is nearest and farthest, in metres")
        return self

    @property
    def distances(self) -> tuple[float, float]:
        """Nearest and farthest distance from the drum, metres."""
        return ROLES[self.role] if self.distance_m is None else self.distance_m


class Session(Spec):
    """What was recorded together, in one clock and from one start."""

    session_id: str = Field(min_length=1, max_length=200)
    anchor: str = Field(description="Name of the microphone whose strokes are looked for")
    microphones: list[Microphone] = Field(min_length=2, max_length=64)

    @model_validator(mode="after")
    def _one_anchor(self) -> Session:
        names = [one.name for one in self.microphones]
        if len(set(names)) != len(names):
            raise ValueError("two microphones have one name")
        if self.anchor not in names:
            raise ValueError(f"anchor {self.anchor!r} is none of {', '.join(names)}")
        return self


@dataclass(frozen=True)
class Pair:
    """What was measured between two microphones; nan where nothing was heard by both."""

    first: str
    second: str
    strokes: int
    delay_samples: float
    expected_samples: tuple[float, float]
    median_ms: float
    max_ms: float
    constancy_ms: float
    drift_samples_per_minute: Interval
    correlation: float
    polarity: int


@dataclass(frozen=True)
class Aligned:
    """A session's delays."""

    session_id: str
    anchor: str
    sample_rate: int
    onsets: int
    pairs: tuple[Pair, ...]


def speed_of_sound(temperature_c: float) -> float:
    """Return the speed of sound in air, m/s."""
    return 331.3 * math.sqrt(1 + temperature_c / 273.15)


def expected_delay(
    first: Microphone, second: Microphone, sample_rate: int, temperature_c: float
) -> tuple[float, float]:
    """Return the earliest and latest right delay of ``second`` after ``first``, in samples."""
    scale = sample_rate / speed_of_sound(temperature_c)
    (near, far), (other_near, other_far) = first.distances, second.distances
    return (other_near - far) * scale, (other_far - near) * scale


def measure(
    session: Session, signals: Mapping[str, Samples], sample_rate: int, spec: AlignmentSpec
) -> Aligned:
    """Return the delays of every pair of a session's microphones.

    Parameters
    ----------
    session
        Who is who.
    signals
        Microphone name to samples ``(n,)``; lengths may differ at the end.
    sample_rate
        Hz, of all of them.
    spec
        Search ranges.
    """
    listed = sorted(session.microphones, key=lambda one: one.name != session.anchor)
    anchor = signals[session.anchor]
    strokes = onsets(anchor, sample_rate, spec.most_onsets)
    search = round(-spec.before_ms * sample_rate / 1000), round(spec.after_ms * sample_rate / 1000)
    places = {session.anchor: strokes}
    for one in listed[1:]:
        right = expected_delay(listed[0], one, sample_rate, spec.temperature_c)
        shared = 0
        if len(strokes):
            shared = common_delay(anchor, signals[one.name], strokes, sample_rate, search, right)
        places[one.name] = strokes + shared
    pairs = [
        _pair(first, second, signals, places, sample_rate, spec)
        for first, second in combinations(listed, 2)
    ]
    return Aligned(session.session_id, session.anchor, sample_rate, len(strokes), tuple(pairs))


def _pair(
    first: Microphone,
    second: Microphone,
    signals: Mapping[str, Samples],
    places: Mapping[str, Places],
    sample_rate: int,
    spec: AlignmentSpec,
) -> Pair:
    here, there = places[first.name], places[second.name]
    reach = max(2, round(spec.fine_ms * sample_rate / 1000))
    found, correlation, polarity = stroke_delays(
        signals[first.name], signals[second.name], here, there, sample_rate, reach
    )
    delays = found + (there - here)
    heard = np.isfinite(delays) & (correlation >= spec.least_correlation)
    expected = expected_delay(first, second, sample_rate, spec.temperature_c)
    minutes, delays = here[heard] / (60.0 * sample_rate), delays[heard]
    drift, course = _drift(minutes, delays)
    off = np.maximum(delays - expected[1], 0.0) - np.maximum(expected[0] - delays, 0.0)
    to_ms = 1000.0 / sample_rate
    many = len(delays) > 0
    return Pair(
        first=first.name,
        second=second.name,
        strokes=len(delays),
        delay_samples=float(np.median(delays)) if many else math.nan,
        expected_samples=expected,
        median_ms=float(np.median(off)) * to_ms if many else math.nan,
        max_ms=float(np.abs(off).max()) * to_ms if many else math.nan,
        constancy_ms=float(np.percentile(np.abs(course), 95)) * to_ms if many else math.nan,
        drift_samples_per_minute=drift,
        correlation=float(np.median(correlation[heard])) if many else math.nan,
        polarity=polarity,
    )


def _drift(minutes: Floats, delays: Floats) -> tuple[Interval, Floats]:
    """Return the slope with its 95 % interval, and each delay's distance from the line."""
    from scipy.stats import theilslopes

    if len(delays) < 3 or np.ptp(minutes) == 0:
        return Interval(math.nan), np.zeros(len(delays))
    slope, level, low, high = theilslopes(delays, minutes, alpha=0.95)
    return Interval(float(slope), float(low), float(high)), delays - (level + slope * minutes)


def corrections(aligned: Aligned) -> dict[str, Any]:
    """Return what puts a session right, as plain values.

    For each microphone: ``delay_samples`` after the anchor (median), ``expected_samples``,
    ``shift_samples`` to add to reach the nearest right delay (0 where it is right), ``drift_ppm``
    of its clock against the anchor's (positive: it falls behind), ``polarity``.
    """
    per_minute = 60.0 * aligned.sample_rate
    listed = {}
    for pair in aligned.pairs:
        if pair.first != aligned.anchor:
            continue
        delay, (low, high) = pair.delay_samples, pair.expected_samples
        listed[pair.second] = {
            "delay_samples": _number(delay),
            "expected_samples": [low, high],
            "shift_samples": _number(min(max(delay, low), high) - delay),
            "drift_ppm": _number(1e6 * pair.drift_samples_per_minute.value / per_minute),
            "polarity": pair.polarity,
        }
    return {
        "session_id": aligned.session_id,
        "anchor": aligned.anchor,
        "sample_rate": aligned.sample_rate,
        "microphones": listed,
    }


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None


def gates(found: Sequence[Aligned] | None, spec: AlignmentSpec, missing: str = "") -> list[Gate]:
    """Return the verdicts on the worst pair of all sessions; no session at all is red."""
    pairs = [(one, pair) for one in found or [] for pair in one.pairs]
    strokes = min((pair.strokes for _, pair in pairs), default=None)
    count = sum(pair.strokes for _, pair in pairs) if pairs else None

    def worst(name: str, figure: str, threshold: float, unit: str) -> Gate:
        values = [getattr(pair, figure) for _, pair in pairs]
        sizes = [value.value if isinstance(value, Interval) else value for value in values]
        note, value = missing or "no session has two microphones", None
        if pairs:
            # What could not be measured is worse than anything that was.
            place = int(np.argmax(np.nan_to_num(np.abs(sizes), nan=np.inf)))
            session, pair = pairs[place]
            note = f"worst: {pair.first} and {pair.second} in {session.session_id}"
            note += "; shift and drift to correct are in the JSON report"
            value = _absolute(values[place])
        return gate(STAGE, name, value, threshold, "at_most", unit=unit, count=count, note=note)

    return [
        gate(
            STAGE, "onsets", None if strokes is None else float(strokes), spec.least_onsets,
            "at_least", unit="strokes", count=len(found or []) or None,
            note=missing or "strokes that both microphones of the worst pair heard",
        ),
        worst("median_delay", "median_ms", spec.median_ms, "ms"),
        worst("largest_delay", "max_ms", spec.max_ms, "ms"),
        worst("constancy", "constancy_ms", spec.constancy_ms, "ms"),
        worst("drift", "drift_samples_per_minute", spec.drift_samples_per_minute, "samples/min"),
    ]  # fmt: skip


def _absolute(value: float | Interval) -> float | Interval:
    if not isinstance(value, Interval):
        return abs(value)
    ends = sorted((abs(value.low), abs(value.high)))
    inside = value.low <= 0 <= value.high
    return Interval(abs(value.value), 0.0 if inside else ends[0], ends[1])


def as_dict(found: Sequence[Aligned]) -> dict[str, Any]:
    """Return sessions, pairs and corrections as plain values."""
    return {
        "sessions": [
            {**asdict(one), "correction": corrections(one)}
            for one in sorted(found, key=lambda one: one.session_id)
        ]
    }


def panels(found: Sequence[Aligned]) -> list[Panel]:
    """Return a table of pairs per session."""
    head = ("pair", "strokes", "delay, samples", "right", "beyond, ms", "drift, samples/min", "r")
    return [
        Panel(
            f"Microphones of {one.session_id}",
            head,
            [
                (
                    f"{pair.first} → {pair.second}",
                    pair.strokes,
                    pair.delay_samples,
                    f"{pair.expected_samples[0]:.0f} to {pair.expected_samples[1]:.0f}",
                    pair.median_ms,
                    pair.drift_samples_per_minute.value,
                    pair.correlation,
                )
                for pair in one.pairs
            ],
        )
        for one in found
    ]
