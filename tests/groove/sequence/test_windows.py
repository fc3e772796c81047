import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from groove.sequence.streams import Stream
from groove.sequence.vocabulary import BOS, EOS, NOTE_OFF, NOTE_ON, PAD, VELOCITY
from groove.sequence.windows import Windows, transposed, window_starts


def _stream(lengths):
    tokens = [
        np.array([BOS, *(NOTE_ON + 20 + np.arange(n) % 90), EOS], dtype=np.int64) for n in lengths
    ]
    joined = np.concatenate(tokens)
    offsets = np.concatenate([[0], np.cumsum([len(song) for song in tokens])]).astype(np.int64)
    return Stream(joined, np.arange(len(joined)) % 64, offsets)


@given(st.lists(st.integers(2, 90), min_size=1, max_size=6), st.integers(2, 40), st.integers(1, 30))
def test_windows_stay_within_their_song_and_miss_no_token(lengths, window, hop):
    hop = min(hop, window)
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    starts, sizes = window_starts(offsets, window, hop)
    covered = np.zeros(offsets[-1], dtype=bool)
    for start, size in zip(starts, sizes, strict=True):
        covered[start : start + size] = True
        song = np.searchsorted(offsets, start, side="right") - 1
        assert start + size <= offsets[song + 1]
        assert size == min(window, lengths[song])
    assert covered.all()


def test_targets_are_the_next_tokens_and_padding_is_none():
    stream = _stream([5, 30])
    windows = Windows(stream, window=16, hop=8, batch=4, count=99)
    (tokens, slots, targets), *_ = windows
    assert tokens.shape == slots.shape == targets.shape == (4, 16)
    assert targets[0, :6].tolist() == stream.tokens[1:7].tolist()
    assert (targets[0, 6:] == PAD).all()
    assert (tokens[1, 1:] == targets[1, :-1]).all()


def test_validation_is_the_same_each_time_and_training_is_not():
    stream = _stream([200, 300])
    fixed = Windows(stream, window=16, hop=8, batch=8, count=20)
    assert all((a[0] == b[0]).all() for a, b in zip(fixed, fixed, strict=True))
    drawn = Windows(stream, window=16, hop=8, batch=8, count=20, transpose=5, seed=1)
    again = Windows(stream, window=16, hop=8, batch=8, count=20, transpose=5, seed=1)
    first, second = list(drawn), list(drawn)
    assert all((a[0] == b[0]).all() for a, b in zip(first, again, strict=True))
    assert any((a[0] != b[0]).any() for a, b in zip(first, second, strict=True))


def test_a_pass_has_the_asked_number_of_windows_however_few_there_are():
    drawn = Windows(_stream([20]), window=16, hop=8, batch=4, count=10, seed=0)
    assert len(drawn) == 3
    assert sum(len(batch[0]) for batch in drawn) == 10


@pytest.mark.parametrize("semitones", [-5, 0, 3])
def test_transposition_moves_notes_and_nothing_else(semitones):
    row = np.array([[BOS, VELOCITY, NOTE_ON + 60, 270, NOTE_OFF + 60, EOS, PAD]])
    moved = transposed(row, np.array([semitones]))
    expected = [BOS, VELOCITY, NOTE_ON + 60 + semitones, 270, NOTE_OFF + 60 + semitones, EOS, PAD]
    assert moved[0].tolist() == expected


def test_transposition_stops_at_the_ends_of_the_range():
    rows = np.array([[NOTE_ON + 2, NOTE_ON + 60], [NOTE_ON + 60, NOTE_OFF + 125], [BOS, EOS]])
    moved = transposed(rows, np.array([-5, 5, 5]))
    assert (moved - rows).tolist() == [[-2, -2], [2, 2], [0, 0]]
