"""Notes to tokens and back.

A song is ``BOS``, its events in time order, ``EOS``. An event is::

    TIME_SHIFT*  VELOCITY?  NOTE_ON  DURATION+      (ends = "duration", the default)
    TIME_SHIFT*  VELOCITY?  NOTE_ON                 (ends = "note_off")
    TIME_SHIFT*  NOTE_OFF

The two ways to end a note exclude each other by spec; a vocabulary has tokens for both.

Conventions
-----------
* Time is in grid steps, ``steps_per_quarter`` of them per quarter note, in musical time:
  tempo is kept beside the tokens. Onsets are rounded to the grid as *absolute* times and a
  TIME_SHIFT is the difference of two rounded onsets, so an error never adds up.
* A rest of any length is a sum of TIME_SHIFTs, largest first, and exact.
* A VELOCITY holds until the next one; it is written only when the bin changes.
* A duration is the largest DURATION as often as it fits, then the nearest one.
* Notes of one step go by pitch, then length. Two notes of one pitch may overlap; with
  NOTE_OFF the earlier one is closed first.

What belongs here: the two directions. What does not: which notes of a song take part
(:mod:`groove.sequence.corpus`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from groove.sequence.spec import TokenSpec
from groove.sequence.vocabulary import (
    BOS,
    DURATION,
    EOS,
    KIND,
    KINDS,
    NOTE_OFF,
    NOTE_ON,
    TIME_SHIFT,
    VELOCITY,
    VELOCITY_WIDTH,
    Ints,
    duration_values,
    shift_values,
)

_ON, _OFF = KINDS.index("NOTE_ON"), KINDS.index("NOTE_OFF")
_VELOCITY = KINDS.index("VELOCITY")
#: Velocity until the first VELOCITY token: only a sequence not of our making lacks one.
_UNSET_VELOCITY = 64


@dataclass(frozen=True)
class GridNotes:
    """Notes on the grid, sorted by (start, pitch, duration, velocity).

    Attributes
    ----------
    start_step, duration_steps
        int64, in grid steps; durations are at least 1.
    pitch, velocity
        int64, 0..127 and 1..127.
    """

    start_step: Ints
    duration_steps: Ints
    pitch: Ints
    velocity: Ints

    @property
    def n(self) -> int:
        """Number of notes."""
        return len(self.pitch)


def on_grid(
    start_quarter: NDArray[np.float64],
    end_quarter: NDArray[np.float64],
    pitch: ArrayLike,
    velocity: ArrayLike,
    spec: TokenSpec,
) -> tuple[GridNotes, Ints]:
    """Return notes rounded to the grid, and which input note each one is.

    Parameters
    ----------
    start_quarter, end_quarter
        (n,) in quarter notes from the start of the song, not negative.
    pitch, velocity
        (n,) MIDI numbers.
    spec
        The grid. Durations are rounded to what DURATION tokens can say when notes end so.

    Returns
    -------
    GridNotes, int64 (n,)
        ``start_quarter[places[i]]`` is the unrounded onset of note ``i``.
    """
    start = np.rint(np.asarray(start_quarter) * spec.steps_per_quarter).astype(np.int64)
    pitch = np.asarray(pitch, dtype=np.int64)
    velocity = np.asarray(velocity, dtype=np.int64)
    if spec.ends == "duration":
        length = (np.asarray(end_quarter) - start_quarter) * spec.steps_per_quarter
        repeats, last = _split_duration(length, spec)
        steps = np.array(spec.duration_steps)
        duration = repeats * steps[-1] + steps[last]
    else:
        end = np.rint(np.asarray(end_quarter) * spec.steps_per_quarter).astype(np.int64)
        duration = np.maximum(end - start, 1)
    places = np.lexsort((velocity, duration, pitch, start)).astype(np.int64)
    notes = GridNotes(start[places], duration[places], pitch[places], velocity[places])
    return notes, places


def _split_duration(length: NDArray[np.float64], spec: TokenSpec) -> tuple[Ints, Ints]:
    """Return how often the largest DURATION fits, and the index of the one for the rest."""
    steps = np.array(spec.duration_steps, dtype=np.float64)
    repeats = np.maximum(np.ceil(length / steps[-1]) - 1, 0).astype(np.int64)
    # A half step more than the largest is rounded down: it would only add a sliver.
    repeats -= (repeats > 0) & (length - repeats * steps[-1] < 0.5)
    edges = (steps[1:] + steps[:-1]) / 2
    return repeats, np.searchsorted(edges, length - repeats * steps[-1]).astype(np.int64)


def _shift_table(spec: TokenSpec) -> Ints:
    """Return (steps, tokens) TIME_SHIFTs for each rest below the largest, -1 where none."""
    rows = []
    for rest in range(spec.shift_steps[-1]):
        row, left = [], rest
        while left:
            index = int(np.searchsorted(spec.shift_steps, left, side="right")) - 1
            row.append(TIME_SHIFT + index)
            left -= spec.shift_steps[index]
        rows.append(row)
    table = np.full((len(rows), max(map(len, rows))), -1, dtype=np.int64)
    for place, row in enumerate(rows):
        table[place, : len(row)] = row
    return table


def encode(notes: GridNotes, spec: TokenSpec) -> Ints:
    """Return the tokens of ``notes``, from BOS to EOS."""
    on = NOTE_ON + notes.pitch
    if spec.ends == "duration":
        step, event, source = notes.start_step, on, np.arange(notes.n)
    else:
        # At one step a note is closed before the next one of its pitch begins.
        step = np.concatenate([notes.start_step, notes.start_step + notes.duration_steps])
        event = np.concatenate([on, NOTE_OFF + notes.pitch])
        source = np.concatenate([np.arange(notes.n), np.arange(notes.n)])
        order = np.lexsort((source, event < NOTE_OFF, step))
        step, event, source = step[order], event[order], source[order]
    starts = event < NOTE_OFF
    number = np.arange(len(step))
    # Every token as (event, place within the event, token), sorted at the end.
    pieces: list[tuple[Ints, int, Ints]] = [(number, 50, event)]

    shift = np.diff(step, prepend=0)
    whole, rest = np.divmod(shift, spec.shift_steps[-1])
    full = np.repeat(number, whole)
    pieces.append((full, 0, np.full(len(full), VELOCITY - 1)))
    for place, column in enumerate(_shift_table(spec).T):
        token = column[rest]
        pieces.append((number[token >= 0], 1 + place, token[token >= 0]))

    level = notes.velocity[source[starts]] // VELOCITY_WIDTH
    changed = np.diff(level, prepend=-1) != 0
    pieces.append((number[starts][changed], 40, VELOCITY + level[changed]))

    if spec.ends == "duration":
        repeats, last = _split_duration(notes.duration_steps.astype(np.float64), spec)
        full = np.repeat(number, repeats)
        pieces.append((full, 51, np.full(len(full), DURATION + len(spec.duration_steps) - 1)))
        pieces.append((number, 52, DURATION + last))

    owner = np.concatenate([64 * piece[0] + piece[1] for piece in pieces])
    token = np.concatenate([piece[2] for piece in pieces])
    body = token[np.argsort(owner, kind="stable")]
    return np.concatenate([[BOS], body, [EOS]]).astype(np.int64)


def decode(tokens: ArrayLike, spec: TokenSpec) -> GridNotes:
    """Return the notes that ``tokens`` say, whatever the tokens are.

    Sequences that no song gives (a model may produce them) are read as far as they make
    sense: a NOTE_OFF of a silent pitch and a DURATION without a note are skipped, and a note
    that nothing ends lasts until the last event, or one step.
    """
    token = np.asarray(tokens, dtype=np.int64)
    kind = KIND[token]
    time = np.cumsum(shift_values(spec)[token])
    starts = np.flatnonzero(kind == _ON)
    pitch = token[starts] - NOTE_ON

    last = np.maximum.accumulate(np.where(kind == _VELOCITY, np.arange(len(token)), -1))[starts]
    middle = (token[last] - VELOCITY) * VELOCITY_WIDTH + VELOCITY_WIDTH // 2
    velocity = np.where(last >= 0, middle, _UNSET_VELOCITY)

    if spec.ends == "duration":
        note = np.cumsum(kind == _ON)
        added = np.bincount(note, duration_values(spec)[token], minlength=len(starts) + 1)[1:]
        duration = np.maximum(added.astype(np.int64), 1)
    else:
        duration = np.maximum(_ends(token, kind, starts, time) - time[starts], 1)
    order = np.lexsort((velocity, duration, pitch, time[starts]))
    return GridNotes(time[starts][order], duration[order], pitch[order], velocity[order])


def _ends(token: Ints, kind: Ints, starts: Ints, time: Ints) -> Ints:
    """Return the step at which each note is closed: first on, first off, per pitch."""
    end = np.full(len(starts), time[-1] if len(time) else 0, dtype=np.int64)
    sounding = np.flatnonzero((kind == _ON) | (kind == _OFF))
    pitch = np.where(kind[sounding] == _ON, token[sounding] - NOTE_ON, token[sounding] - NOTE_OFF)
    for value in np.unique(pitch):
        places = sounding[pitch == value]
        walk = np.cumsum(np.where(kind[places] == _ON, 1, -1))
        floor = np.minimum.accumulate(np.minimum(walk, 0))
        # A NOTE_OFF that takes the walk to a new low below zero closes nothing.
        useless = np.diff(floor, prepend=0) < 0
        ons = places[kind[places] == _ON]
        offs = places[(kind[places] == _OFF) & ~useless]
        end[np.searchsorted(starts, ons[: len(offs)])] = time[offs]
    return end
