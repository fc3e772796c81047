"""Bar grids against closed forms and pretty_midi, and the tempo policy's table."""

import io

import numpy as np
import pretty_midi
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groove.midi.meter import bar_grid, fold_halves, main_meter, main_tempo, resolve_tempo
from groove.midi.notes import read_midi, song_from_notes, write_midi


def song(length, tempos=((0, 120),), meters=((0, 4, 4),), ticks_per_quarter=480):
    return song_from_notes(
        0, length, 60, 90, 0, False, list(tempos), list(meters), ticks_per_quarter
    )


def test_steady_four_four():
    grid = bar_grid(song(8))
    assert grid.bar_start_s.tolist() == [0.0, 2.0, 4.0]
    assert grid.bar_start_tick.tolist() == [0, 1920, 3840]
    assert grid.beat_s.tolist() == [0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5]
    assert grid.beat_in_bar.tolist() == [1, 2, 3, 4] * 2
    assert grid.bars == 2


def test_last_note_is_covered():
    assert bar_grid(song(8.01)).bars == 3
    assert bar_grid(song(0.1)).bars == 1


def test_tempo_change_inside_a_bar_is_integrated():
    # Two quarters at 120 (1 s), two at 60 (2 s), then bars of 4 s.
    grid = bar_grid(song(8, tempos=[(0, 120), (2, 60)]))
    assert grid.bar_start_s.tolist() == [0.0, 3.0, 7.0]
    assert grid.beat_s.tolist() == [0.0, 0.5, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0]


def test_meter_event_in_mid_bar_restarts_the_grid():
    grid = bar_grid(song(12, meters=[(0, 4, 4), (6, 3, 4), (9, 6, 8)]))
    assert (grid.bar_start_tick / 480).tolist() == [0, 4, 6, 9, 12]
    assert grid.numerator.tolist() == [4, 4, 3, 6]
    assert grid.denominator.tolist() == [4, 4, 4, 8]
    assert grid.beat_in_bar.tolist() == [1, 2, 3, 4, 1, 2, 1, 2, 3, 1, 2, 3, 4, 5, 6]


def test_rounded_meter_event_makes_no_sliver_of_a_bar():
    grid = bar_grid(song(8, meters=[(0, 4, 4), (4 + 1 / 480, 3, 4)]))
    assert grid.bar_start_tick.tolist() == [0, 1921, 3361, 4801]
    assert grid.beat_in_bar.tolist() == [1, 2, 3, 4, 1, 2, 3, 1, 2, 3]


def test_bars_between_ticks_do_not_drift():
    grid = bar_grid(song(700, meters=[(0, 7, 16)], ticks_per_quarter=1))
    np.testing.assert_allclose(grid.bar_start_s, np.arange(401) * 0.875)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.sampled_from([(4, 4), (3, 4), (6, 8), (7, 8), (5, 4)]), min_size=1, max_size=4),
    st.lists(st.tuples(st.integers(0, 60), st.integers(40, 240)), max_size=4),
)
def test_downbeats_equal_pretty_midi(meters, tempos):
    events, at = [], 0.0
    for numerator, denominator in meters:
        events.append((at, numerator, denominator))
        at += 2 * numerator * 4 / denominator
    piece = song(at, tempos=[(0, 120), *tempos], meters=events)
    grid = bar_grid(piece)
    theirs = pretty_midi.PrettyMIDI(io.BytesIO(write_midi(piece))).get_downbeats()
    np.testing.assert_allclose(grid.bar_start_s[:-1], theirs[: grid.bars], atol=1e-6)
    np.testing.assert_array_equal(grid.beat_s[grid.beat_in_bar == 1], grid.bar_start_s[:-1])
    assert grid.bars == 2 * len(meters)


def test_main_tempo_and_meter_go_by_time():
    piece = song(24, tempos=[(0, 240), (12, 90)], meters=[(0, 3, 4), (6, 4, 4)])
    assert main_tempo(piece) == pytest.approx(90, abs=1e-3)
    assert main_meter(piece) == "4/4"


@pytest.mark.parametrize(
    ("tempo", "folded"),
    [(55, 110), (30, 120), (320, 160), (500, 125), (100, 100), (19, None), (700, None)],
)
def test_fold_halves(tempo, folded):
    assert fold_halves(tempo, 80, 160) == folded


def test_valid_tempo_is_the_files():
    assert resolve_tempo(song(8, tempos=[(0, 100)]), "skip") == (100.0, "file")


@pytest.mark.parametrize(
    ("policy", "outcome"),
    [
        ("skip", (None, "skipped")),
        ("fallback", (120.0, "fallback")),
        ("accept", (30.0, "accepted")),
    ],
)
def test_tempo_out_of_range_goes_by_the_policy(policy, outcome):
    assert resolve_tempo(song(8, tempos=[(0, 30)]), policy) == outcome


def test_unstated_tempo_is_invalid_even_at_a_sane_value():
    piece = read_midi(write_midi(song(8, tempos=[])))
    assert resolve_tempo(piece, "skip") == (None, "skipped")
    assert resolve_tempo(piece, "accept") == (120.0, "accepted")
    assert resolve_tempo(piece, "fallback", fallback_bpm=90, fold=True) == (90, "fallback")


def test_folding_comes_before_the_policy():
    piece = song(8, tempos=[(0, 30)])
    assert resolve_tempo(piece, "skip", low_bpm=80, high_bpm=160, fold=True) == (120.0, "folded")
