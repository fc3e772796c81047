"""Usable songs: each rule refuses what breaks it, and says so."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from groove.midi.meter import bar_grid
from groove.midi.notes import song_from_notes
from groove.phase.corpus.usable import UnusableSongError, check_usable, grid_share
from groove.phase.spec import RenderSpec

SPEC = RenderSpec()


def song(beats, meters=((0.0, 4, 4),), tempos=((0.0, 120.0),)):
    beats = np.asarray(beats, dtype=float)
    ones = np.ones(len(beats), dtype=int)
    return song_from_notes(
        beats, ones * 0.25, ones * 36, ones * 100, ones * 0, ones > 0, list(tempos), list(meters)
    )


def check(piece, **changes):
    check_usable(piece, bar_grid(piece), SPEC.model_copy(update=changes))


def test_a_steady_song_is_usable():
    check(song(np.arange(0, 100, 0.5)))


@pytest.mark.parametrize("meter", [(3, 4), (6, 8), (7, 8), (5, 4)])
def test_any_meter_is_usable(meter):
    check(song(np.arange(0, 100, 0.5), meters=[(0.0, *meter)]))


def test_swing_and_human_timing_are_usable():
    random = np.random.default_rng(3)
    swung = np.arange(0, 100, 0.5) + np.tile([0.0, 1 / 6], 100)
    check(song(np.maximum(0, swung + random.normal(0, 0.01, 200))))


@pytest.mark.parametrize(
    ("piece", "reason"),
    [
        (dataclasses.replace(song(np.arange(0, 100, 0.5)), explicit_meter=False), "no time sig"),
        (song(np.arange(0, 100, 0.5), meters=[(0.0, 4, 64)]), "over 64"),
        (song(np.arange(0, 20, 0.25)), "lasts 10"),
        (song(np.arange(0, 5000, 1.0)), "lasts 2"),
        (song(np.arange(0, 100, 5.0)), "20 distinct"),
        (song(np.arange(0, 100, 0.5), meters=[(0.0, 1, 16)]), r"bars of 0\.12 s"),
        (song(np.arange(0, 100, 0.5), meters=[(0.0, 64, 4)]), r"bars of 32\.00 s"),
    ],
)
def test_a_broken_rule_is_named(piece, reason):
    with pytest.raises(UnusableSongError, match=reason):
        check(piece)


def test_a_performance_that_ignores_its_tempo_map_is_refused():
    random = np.random.default_rng(0)
    piece = song(np.sort(random.uniform(0, 200, 4000)))
    assert grid_share(piece, bar_grid(piece), 0.2) == pytest.approx(0.4, abs=0.03)
    with pytest.raises(UnusableSongError, match="own tempo map"):
        check(piece)


def test_chords_count_as_one_onset():
    with pytest.raises(UnusableSongError, match="distinct onset"):
        check(song(np.repeat(np.arange(0, 92, 4.0), 8)), min_onsets=24)
