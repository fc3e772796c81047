"""Ways of playing that notes alone show, added to events.

========================  =========================================================================
hihat_bark                an open hi-hat that is closed, by stick or foot, within 0.2 s
variable_meter            the first event in another meter than the one before it
metric_modulation         the first event in a tempo that is the old one times a simple ratio
                          (denominator at most 8, to 0.025, and not 1: a tempo that drifts is none)
multi_cymbal_same_class   two cymbals of one class at the same moment
flam                      a softer stroke on the same drum just before
drag                      two softer strokes on the same drum before
ghost_note                a snare stroke far below the usual loudness
========================  =========================================================================

Neighbours are events of the same session and audio file, in order of time. What needs a velocity
is not found where there is none.

What belongs here: rules over times, labels and velocities. What does not: the names
(:mod:`groove.drums.techniques`), techniques that need ears.
"""

from __future__ import annotations

import math
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from groove.drums.manifest.schema import Event
from groove.drums.manifest.spec import AnnotateSpec
from groove.drums.techniques import INFERRED
from groove.midi.taxonomy import CLASSES, LABELS, class_of

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

_BIT = {name: 1 << place for place, name in enumerate(INFERRED)}
_PLACE = {label: place for place, label in enumerate(LABELS)}
_UNKNOWN = -1
_CLASS = np.array([CLASSES.index(class_of(label)) for label in LABELS])
_CYMBALS = np.array([CLASSES.index("crash"), CLASSES.index("ride")])
_CLOSING = np.array([_PLACE["hihat_closed"], _PLACE["hihat_pedal"]])
_SKIN = ("kick", "snare", "tom_high", "tom_mid", "tom_low")
_SKINS = np.array([_PLACE[label] for label in _SKIN])
#: Two groups are this far apart on the common time line, s: further than any rule looks.
_APART_S = 1_000.0


@dataclass
class Notes:
    """What the rules need of a manifest, as columns: about 50 bytes a component."""

    groups: dict[tuple[str, str], int] = field(default_factory=dict)
    meters: dict[str, int] = field(default_factory=dict)
    group: array[int] = field(default_factory=lambda: array("q"))
    onset: array[float] = field(default_factory=lambda: array("d"))
    tempo: array[float] = field(default_factory=lambda: array("d"))
    meter: array[int] = field(default_factory=lambda: array("q"))
    event: array[int] = field(default_factory=lambda: array("q"))
    label: array[int] = field(default_factory=lambda: array("b"))
    velocity: array[float] = field(default_factory=lambda: array("d"))

    def add(self, event: Event) -> None:
        """Take one event in."""
        place = len(self.onset)
        name = (event.session_id, event.audio_path)
        self.group.append(self.groups.setdefault(name, len(self.groups)))
        self.onset.append(event.onset_time)
        self.tempo.append(math.nan if event.tempo_bpm is None else event.tempo_bpm)
        meter = event.meter
        self.meter.append(-1 if meter is None else self.meters.setdefault(meter, len(self.meters)))
        for component in event.components:
            self.event.append(place)
            self.label.append(_PLACE.get(component.known or "", _UNKNOWN))
            known = component.velocity is not None
            self.velocity.append(component.velocity or 0.0 if known else math.nan)


def annotated(
    events: Iterable[Event], masks: NDArray[np.uint8], *, fresh: bool = False
) -> Iterator[Event]:
    """Yield the events with what was found added to their techniques, each once, sorted.

    Parameters
    ----------
    events
        The same events, in the same order, that ``masks`` was computed from.
    masks
        As :func:`techniques_of` returns them.
    fresh
        Take away what an earlier run may have added (:data:`~groove.drums.techniques.INFERRED`).
    """
    for event, mask in zip(events, masks.tolist(), strict=True):
        before = [name for name in event.techniques if not (fresh and name in INFERRED)]
        named = sorted({*before, *(name for name, bit in _BIT.items() if mask & bit)})
        if named == event.techniques:
            yield event
        else:
            yield event.model_copy(update={"techniques": named})


def notes_of(events: Iterable[Event]) -> Notes:
    """Return what the rules need of events."""
    notes = Notes()
    for event in events:
        notes.add(event)
    return notes


def counts_of(masks: NDArray[np.uint8]) -> Counter[str]:
    """Return how many events show each technique."""
    return Counter({name: int(((masks & bit) > 0).sum()) for name, bit in _BIT.items()})


def techniques_of(notes: Notes, spec: AnnotateSpec | None = None) -> NDArray[np.uint8]:
    """Return what each event shows, as bits in the order of the inferred techniques."""
    spec = spec or AnnotateSpec()
    masks = np.zeros(len(notes.onset), dtype=np.uint8)
    if not len(masks):
        return masks
    time = _common_time(np.array(notes.group), np.array(notes.onset))
    order = np.argsort(time, kind="stable")
    _changes(notes, order, spec, masks)
    event = np.array(notes.event, dtype=np.int64)
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    hits = np.argsort(rank[event], kind="stable")
    played = _Played(
        time[event[hits]],
        event[hits],
        np.array(notes.label, dtype=np.int64)[hits],
        np.array(notes.velocity)[hits],
    )
    for name, found in (
        ("hihat_bark", _barks(played, spec)),
        ("multi_cymbal_same_class", _cymbals(played, spec)),
        ("ghost_note", _ghosts(played, spec)),
    ):
        masks[played.event[found]] |= _BIT[name]
    for name, found in _graces(played, spec).items():
        masks[played.event[found]] |= _BIT[name]
    return masks


@dataclass(frozen=True)
class _Played:
    """Components in order of time; groups follow each other, far apart."""

    time: Floats
    event: Ints
    label: Ints
    velocity: Floats


def _common_time(group: Ints, onset: Floats) -> Floats:
    """Return times at which no event of one group is near one of another."""
    span = np.zeros(int(group.max()) + 1)
    np.maximum.at(span, group, onset)
    start = np.concatenate([[0.0], np.cumsum(span[:-1] + _APART_S)])
    return np.asarray(start[group] + onset)


def _changes(notes: Notes, order: Ints, spec: AnnotateSpec, masks: NDArray[np.uint8]) -> None:
    """Mark where meter and tempo change; events that state none are passed over."""
    group = np.array(notes.group)[order]
    meter, tempo = np.array(notes.meter)[order], np.array(notes.tempo)[order]
    stated = np.flatnonzero(meter >= 0)
    same = group[stated][1:] == group[stated][:-1]
    differs = meter[stated][1:] != meter[stated][:-1]
    masks[order[stated[1:][same & differs]]] |= _BIT["variable_meter"]
    stated = np.flatnonzero(np.isfinite(tempo))
    same = group[stated][1:] == group[stated][:-1]
    ratio = tempo[stated][1:] / tempo[stated][:-1]
    modulated = is_modulation(ratio, spec)
    masks[order[stated[1:][same & modulated]]] |= _BIT["metric_modulation"]


def is_modulation(ratio: Floats, spec: AnnotateSpec) -> Flags:
    """Return which ratios of tempo are simple ones other than 1.

    >>> is_modulation(np.array([1.5, 4 / 3, 1.02, 0.75, 1.06]), AnnotateSpec()).tolist()
    [True, True, False, True, False]
    """
    found = np.zeros(ratio.shape, dtype=bool)
    for denominator in range(1, spec.ratio_denominator + 1):
        numerator = np.rint(ratio * denominator)
        near = np.abs(ratio - numerator / denominator) <= spec.ratio_tolerance
        found |= near & (numerator >= 1) & (numerator != denominator)
    return found & (np.abs(ratio - 1) > spec.tempo_change)


def _barks(played: _Played, spec: AnnotateSpec) -> Flags:
    closing = played.time[np.isin(played.label, _CLOSING)]
    found = played.label == _PLACE["hihat_open"]
    if not len(closing):
        return np.zeros(len(found), dtype=bool)
    after = np.searchsorted(closing, played.time, side="right")
    at = closing[np.minimum(after, len(closing) - 1)]
    return np.asarray(found & (after < len(closing)) & (at - played.time <= spec.bark_s + 1e-6))


def _cymbals(played: _Played, spec: AnnotateSpec) -> Flags:
    """Return cymbals with another of their class at the same moment."""
    found = np.zeros(len(played.time), dtype=bool)
    known = played.label != _UNKNOWN
    for klass in _CYMBALS.tolist():
        chosen = np.flatnonzero(known & (_CLASS[played.label] == klass))
        near = np.diff(played.time[chosen]) <= spec.simultaneous_s + 1e-6
        # One cymbal cannot be struck twice in a moment, but its event may be reported by two
        # of its zones: the same label in two events is a flam, not two cymbals.
        label, event = played.label[chosen], played.event[chosen]
        near &= (label[1:] != label[:-1]) | (event[1:] == event[:-1])
        found[chosen[1:][near]] = found[chosen[:-1][near]] = True
    return found


def _ghosts(played: _Played, spec: AnnotateSpec) -> Flags:
    soft = (played.velocity > 0) & (played.velocity <= spec.ghost_velocity)
    return np.asarray((played.label == _PLACE["snare"]) & soft)


def _graces(played: _Played, spec: AnnotateSpec) -> dict[str, Flags]:
    """Return flams and drags, at their main stroke."""
    found = {name: np.zeros(len(played.time), dtype=bool) for name in ("flam", "drag")}
    for label in _SKINS.tolist():
        chosen = np.flatnonzero(played.label == label)
        time, velocity = played.time[chosen], played.velocity[chosen]
        if len(chosen) < 2:
            continue
        gap = np.diff(time, prepend=-np.inf)
        softer = np.append(False, velocity[:-1] < spec.grace_share * velocity[1:])
        flam = softer & (gap >= spec.flam_least_s - 1e-6) & (gap <= spec.flam_s + 1e-6)
        # Two grace strokes, and no third: that would be the end of a roll.
        near = (gap <= spec.drag_s + 1e-6) & (gap >= spec.flam_least_s - 1e-6)
        softer_2 = np.append([False, False], velocity[:-2] < spec.grace_share * velocity[2:])
        near_1, near_2 = _shifted(near, 1), _shifted(near, 2)
        drag = softer & softer_2[: len(time)] & near & near_1 & ~near_2
        found["drag"][chosen[drag]] = True
        found["flam"][chosen[flam & ~drag]] = True
    return found


def _shifted(flags: Flags, by: int) -> Flags:
    return np.concatenate([np.zeros(by, dtype=bool), flags])[: len(flags)]
