"""Metronomes: clicks on every beat, an accent on one, told by what was asked for."""

from __future__ import annotations

import numpy as np
import pytest

from groove.midi.meter import bar_grid
from groove.practice.clicks import click_part, click_plan, draw_quarter_bpm, is_clicks
from groove.practice.dice import Dice
from groove.practice.meters import meter_named
from groove.practice.song import PracticeSong, compose
from groove.practice.spec import METERS, PracticeSpec

ALL = PracticeSpec(clicks=1.0)


@pytest.fixture(scope="module")
def metronomes() -> list[PracticeSong]:
    return [compose(number, ALL) for number in range(120)]


def test_only_the_accent_sounds_otherwise(metronomes: list[PracticeSong]) -> None:
    by_level, by_pitch = 0, 0
    for made in metronomes:
        song = made.song
        assert made.tags["style"] == "clicks"
        bars = np.rint(made.bar_start * song.ticks_per_quarter).astype(int)
        first = np.isin(song.start_tick, bars)
        accents, others = set(song.pitch[first].tolist()), set(song.pitch[~first].tolist())
        assert len(accents) == len(others) == 1
        # What is played varies a little, as anything does that is struck.
        louder = song.velocity[first].mean() - song.velocity[~first].mean()
        assert accents != others or louder > 8
        assert louder > -3
        by_level += accents == others
        by_pitch += abs(louder) < 3
    assert by_level > 20
    assert by_pitch > 10


def test_every_beat_is_struck(metronomes: list[PracticeSong]) -> None:
    for made in metronomes:
        struck = set(made.song.start_tick.tolist())
        grid = bar_grid(made.song)
        assert set(grid.bar_start_tick[:-1].tolist()) <= struck
        meter = meter_named(str(made.tags["meter"]), Dice(0))
        if meter.simple:
            unit = made.song.ticks_per_quarter
            assert set(range(0, int(grid.bar_start_tick[-1]), unit)) <= struck


def test_tempos_meters_and_sounds_are_spread(metronomes: list[PracticeSong]) -> None:
    simple = [m.tags["tempo_bpm"] for m in metronomes if str(m.tags["meter"]).endswith("/4")]
    assert min(simple) < 70
    assert max(simple) > 200
    assert 0.3 < np.mean([made.song.drum.any() for made in metronomes]) < 0.7
    assert len({int(p) for made in metronomes for p in made.song.program}) > 12


def test_there_are_more_in_meters_that_songs_are_seldom_in() -> None:
    spec = PracticeSpec(clicks=0.2)
    found = {
        name: np.mean([is_clicks(meter_named(name, Dice(0)), spec, Dice(k)) for k in range(600)])
        for name in ("4/4", "7/8")
    }
    assert abs(found["4/4"] - 0.2) < 0.06
    assert abs(found["7/8"] - 0.5) < 0.08
    none = PracticeSpec(clicks=0.0)
    assert not any(is_clicks(meter_named("7/8", Dice(0)), none, Dice(k)) for k in range(50))


@pytest.mark.parametrize("name", sorted(METERS))
def test_clicks_stay_in_their_bars(name: str) -> None:
    meter = meter_named(name, Dice(3))
    for seed in range(30):
        dice = Dice(name, seed)
        plan = click_plan(meter, draw_quarter_bpm(meter, dice), ALL, dice)
        part = click_part(plan, dice)
        end = plan.bars[0].end
        one = [note for note in part.notes if note[0] < end]
        assert len({start for start, *_ in one}) == len(one)
        assert len(part.notes) == len(one) * len(plan.bars)
        assert all(0 < level <= 127 for *_, level in one)
