from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groove.sequence.spec import TokenSpec
from groove.sequence.tokens import decode, encode, on_grid
from groove.sequence.vocabulary import NOTE_OFF, NOTE_ON, SIZE, names, shift_values

DURATION, OFF = TokenSpec(), TokenSpec(ends="note_off")

notes_strategy = st.lists(
    st.tuples(
        st.floats(0, 400, allow_nan=False),
        st.floats(0.001, 30, allow_nan=False),
        st.integers(0, 127),
        st.integers(1, 127),
    ),
    min_size=1,
    max_size=40,
)


def _gridded(notes, spec):
    start, length, pitch, velocity = (np.array(column) for column in zip(*notes, strict=True))
    return on_grid(start, start + length, pitch, velocity, spec)


def _spoken(notes, spec):
    return [names(spec)[token] for token in encode(_gridded(notes, spec)[0], spec)]


def test_a_chord_a_rest_and_a_louder_note():
    notes = [(0, 1, 64, 80), (0, 1, 60, 80), (6, 0.5, 67, 120)]
    assert _spoken(notes, DURATION) == [
        "BOS",
        *("VELOCITY_5", "NOTE_ON_60", "DURATION_24", "NOTE_ON_64", "DURATION_24"),
        # Six quarters are 144 steps: the largest TIME_SHIFT and the rest.
        *("TIME_SHIFT_96", "TIME_SHIFT_48", "VELOCITY_7", "NOTE_ON_67", "DURATION_12"),
        "EOS",
    ]


def test_the_same_with_note_offs():
    notes = [(0, 1, 60, 80), (1, 1, 60, 80)]
    assert _spoken(notes, OFF) == [
        "BOS",
        *("VELOCITY_5", "NOTE_ON_60", "TIME_SHIFT_24", "NOTE_OFF_60", "NOTE_ON_60"),
        *("TIME_SHIFT_24", "NOTE_OFF_60", "EOS"),
    ]


@given(notes_strategy)
def test_onsets_and_pitches_survive_exactly_and_durations_as_gridded(notes):
    gridded, _ = _gridded(notes, DURATION)
    heard = decode(encode(gridded, DURATION), DURATION)
    for name in ("start_step", "pitch", "duration_steps"):
        np.testing.assert_array_equal(getattr(heard, name), getattr(gridded, name))


@given(notes_strategy)
def test_rounding_is_bounded_and_known(notes):
    gridded, places = _gridded(notes, DURATION)
    heard = decode(encode(gridded, DURATION), DURATION)
    steps = np.array([note[0] for note in notes])[places] * 24
    assert np.abs(gridded.start_step - steps).max() <= 0.5
    length = np.array([note[1] for note in notes])[places] * 24
    error = np.abs(gridded.duration_steps - length)
    values = np.array(DURATION.duration_steps)
    nearest = np.abs(values - length[:, None]).min(axis=1)
    # Up to the largest value the nearest is taken; beyond it, the nearest to what is left.
    np.testing.assert_allclose(error[length <= 96], nearest[length <= 96])
    assert error.max() <= np.diff(values).max() / 2 + 1e-9
    velocity = np.array([note[3] for note in notes])
    assert np.abs(np.sort(heard.velocity) - np.sort(velocity)).max() <= 8


@given(st.integers(0, 200_000))
def test_a_rest_of_any_length_is_exact(steps):
    grid, _ = on_grid(np.array([steps / 24]), np.array([steps / 24 + 1]), [60], [64], DURATION)
    tokens = encode(grid, DURATION)
    assert shift_values(DURATION)[tokens].sum() == steps
    assert decode(tokens, DURATION).start_step.tolist() == [steps]


def test_nothing_drifts_over_ten_thousand_notes_beside_the_grid():
    # Every gap is rounded by 0.4 step; a coder of rounded gaps would be 4,000 steps late.
    start = np.arange(10_000) * (3.4 / 24)
    gridded, _ = on_grid(start, start + 0.1, np.full(10_000, 60), np.full(10_000, 64), DURATION)
    heard = decode(encode(gridded, DURATION), DURATION)
    assert np.abs(heard.start_step / 24 - start).max() <= 0.5 / 24 + 1e-9


def _slow_ends(tokens, spec):
    """First on, first off, by a queue per pitch: the reference for NOTE_OFF."""
    time, open_notes, found = 0, defaultdict(list), []
    shift = shift_values(spec)
    for token in tokens:
        time += shift[token]
        if NOTE_ON <= token < NOTE_OFF:
            note = [time, token - NOTE_ON, None]
            open_notes[token - NOTE_ON].append(note)
            found.append(note)
        elif NOTE_OFF <= token < NOTE_OFF + 128 and open_notes[token - NOTE_OFF]:
            open_notes[token - NOTE_OFF].pop(0)[2] = time
    return sorted(
        (int(start), int(pitch), int(max((time if end is None else end) - start, 1)))
        for start, pitch, end in found
    )


sounding = st.sampled_from([NOTE_ON + 60, NOTE_ON + 61, NOTE_OFF + 60, NOTE_OFF + 61, 262, 270])


@given(st.lists(sounding, max_size=60))
def test_note_offs_close_the_earliest_note_as_a_queue_does(tokens):
    heard = decode(np.array(tokens, dtype=np.int64), OFF)
    found = zip(heard.start_step, heard.pitch, heard.duration_steps, strict=True)
    assert sorted(tuple(map(int, note)) for note in found) == _slow_ends(tokens, OFF)


@given(notes_strategy)
def test_with_note_offs_lengths_are_exact_where_a_pitch_does_not_overlap(notes):
    alone = {note[2]: note for note in notes}
    gridded, _ = _gridded(list(alone.values()), OFF)
    heard = decode(encode(gridded, OFF), OFF)
    assert sorted(zip(heard.start_step, heard.pitch, heard.duration_steps, strict=True)) == sorted(
        zip(gridded.start_step, gridded.pitch, gridded.duration_steps, strict=True)
    )


@settings(max_examples=50)
@given(st.lists(st.integers(0, SIZE - 1), max_size=80), st.sampled_from([DURATION, OFF]))
def test_any_sequence_of_tokens_can_be_read(tokens, spec):
    heard = decode(np.array(tokens, dtype=np.int64), spec)
    assert heard.n == sum(NOTE_ON <= token < NOTE_OFF for token in tokens)
    assert (heard.duration_steps >= 1).all()
    assert ((heard.velocity >= 1) & (heard.velocity <= 127)).all()


@pytest.mark.parametrize("spec", [DURATION, OFF])
def test_no_notes_is_an_empty_song(spec):
    assert decode(np.array([1, 2]), spec).n == 0
