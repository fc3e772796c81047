import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from groove.sequence.key import PROFILES, TONICS, key_of

MAJOR = [0, 2, 4, 5, 7, 9, 11]


@pytest.mark.parametrize("tonic", range(12))
def test_a_cadence_tells_its_key(tonic):
    major = [0, 4, 7, 5, 9, 0, 7, 11, 2, 0, 4, 7]
    minor = [0, 3, 7, 5, 8, 0, 7, 11, 2, 0, 3, 7]
    weights = np.ones(12)
    assert key_of(48 + tonic + np.array(major), weights)[0] == f"{TONICS[tonic]} major"
    assert key_of(48 + tonic + np.array(minor), weights)[0] == f"{TONICS[tonic]} minor"


@given(st.lists(st.integers(40, 80), min_size=3, max_size=30), st.integers(1, 11))
def test_transposing_the_notes_transposes_the_key(pitches, semitones):
    durations = np.linspace(1, 2, len(pitches))
    key, correlation = key_of(pitches, durations)
    moved, moved_correlation = key_of(np.array(pitches) + semitones, durations)
    if key is None:
        assert moved is None
        return
    assert moved_correlation == pytest.approx(correlation)
    tonic, mode = key.split()
    expected = f"{TONICS[(TONICS.index(tonic) + semitones) % 12]} {mode}"
    # Two keys may fit equally well; then either is right.
    number = TONICS.index(moved.split()[0]) + 12 * (moved.split()[1] == "minor")
    heard = np.bincount((np.array(pitches) + semitones) % 12, durations, minlength=12)
    best = [np.corrcoef(profile, heard)[0, 1] for profile in PROFILES]
    assert moved == expected or best[number] == pytest.approx(max(best))


def test_the_correlation_is_pearsons():
    pitches, durations = [60, 62, 64, 67], [4, 1, 2, 3]
    heard = np.bincount(np.array(pitches) % 12, durations, minlength=12)
    expected = max(np.corrcoef(profile, heard)[0, 1] for profile in PROFILES)
    assert key_of(pitches, durations)[1] == pytest.approx(expected)


def test_all_pitch_classes_alike_have_no_key():
    assert key_of(range(60, 72), np.ones(12)) == (None, None)
    assert key_of([], []) == (None, None)
