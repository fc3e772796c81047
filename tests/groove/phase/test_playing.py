"""Playings: closed forms against counting, and clicks that sound where the map says."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groove.phase.corpus import playing
from groove.phase.corpus.playing import stretches, wandering
from groove.phase.labels import SAMPLE_RATE
from groove.phase.spec import ChunkSpec

SPEC = ChunkSpec()
RATES = st.floats(0.5, 1.6)
PLANS = st.lists(st.tuples(st.floats(0.3, 15), RATES, RATES), min_size=1, max_size=8)


@given(PLANS)
@settings(max_examples=60, deadline=None)
def test_the_songs_time_is_the_integral_of_the_rate(plan):
    made = stretches([d for d, _, _ in plan], [(a, b) for _, a, b in plan])
    # The integral of a line is exact by the trapezium rule, jumps or not.
    song, at = 0.0, 0.0
    for length, start, end in plan:
        for share in (0.25, 0.5, 1.0):
            rate = start + share * (end - start)
            expected = song + share * length * (start + rate) / 2
            assert made.song_time(np.array([at + share * length]))[0] == pytest.approx(expected)
        song, at = song + length * (start + end) / 2, at + length
    beyond = made.song_time(np.array([at + 3.0]))[0]
    assert beyond == pytest.approx(song + 3 * plan[-1][2])


@given(PLANS)
@settings(max_examples=60, deadline=None)
def test_both_directions_undo_each_other_and_time_goes_on(plan):
    made = stretches([d for d, _, _ in plan], [(a, b) for _, a, b in plan])
    times = np.linspace(0, 60, 2_000)
    song = made.song_time(times)
    assert (np.diff(song) > 0).all()
    assert made.time_of(song) == pytest.approx(times, abs=1e-8)


def test_wandering_stays_in_its_range_and_has_jumps_and_ramps():
    made = wandering(600.0, SPEC, "song")
    assert made.rates.min() >= SPEC.min_rate - 1e-9
    assert made.rates.max() <= SPEC.max_rate + 1e-9
    assert (made.rates[:, 0] != made.rates[:, 1]).any()
    assert (made.rates[1:, 0] != made.rates[:-1, 1]).any()
    assert made.song_s[-1] >= 600.0
    again = wandering(600.0, SPEC, "song")
    assert (made.rates == again.rates).all()
    assert not np.array_equal(made.rates, wandering(600.0, SPEC, "other").rates)


def pulses(rate, seconds, every_s):
    """Band-limited pulses: what the middle of each is, is known to a fraction of a sample."""
    at = np.arange(0.25, seconds - 0.25, every_s)
    sound = np.zeros(int(seconds * rate))
    offsets = np.arange(-40, 41)
    for moment in at:
        middle = round(moment * rate)
        distance = (middle + offsets) / rate - moment
        sound[middle + offsets] += np.exp(-((distance * 6_000) ** 2))
    return at, sound.astype(np.float32)


@pytest.mark.parametrize("rate", [22_050, 44_100])
def test_a_wandering_pulse_sounds_within_a_tenth_of_a_millisecond(rate):
    at, sound = pulses(rate, 40.0, 0.31)
    made = wandering(40.0, SPEC, "pulses")
    heard = playing.played(sound, rate, made)
    for moment in made.time_of(at):
        around = np.arange(int((moment - 0.01) * SAMPLE_RATE), int((moment + 0.01) * SAMPLE_RATE))
        weight = heard[around].astype(np.float64) ** 2
        assert float(np.sum(weight * around) / np.sum(weight)) / SAMPLE_RATE == pytest.approx(
            moment, abs=1e-4
        )


def test_a_wandering_tone_is_clean_and_what_cannot_be_heard_folds_back_nowhere():
    time = np.arange(22_050 * 12) / 22_050
    made = stretches([12.0], [(1.0, 1.25)])
    tone = np.sin(2 * np.pi * 1_000 * time).astype(np.float32)
    heard = playing.played(tone, 22_050, made)
    inside = slice(200, len(heard) - 200)
    exact = np.sin(2 * np.pi * 1_000 * made.song_time(np.arange(len(heard)) / SAMPLE_RATE))
    assert np.sqrt(np.mean((heard - exact)[inside] ** 2)) < 1e-3
    too_high = np.sin(2 * np.pi * 9_000 * time).astype(np.float32)
    assert np.sqrt(np.mean(playing.played(too_high, 22_050, made)[inside] ** 2)) < 1e-2


def test_one_rate_through_the_wandering_path_is_the_steady_one():
    random = np.random.default_rng(0)
    _, sound = pulses(22_050, 20.0, 0.4)
    sound += 0.01 * np.sin(np.arange(len(sound)) * random.uniform(0.1, 0.2)).astype(np.float32)
    steady = playing.played(sound, 22_050, playing.steady(1.1))
    nearly = playing.played(sound, 22_050, stretches([5.0], [(1.1, 1.1 + 1e-9)]))
    shared = min(len(steady), len(nearly)) - 200
    assert np.max(np.abs(steady[200:shared] - nearly[200:shared])) < 0.01
