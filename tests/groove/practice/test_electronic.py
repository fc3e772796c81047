"""What electronic productions and small bands do: lifts, late entries, flat chords, answers."""

from __future__ import annotations

import itertools

from groove.practice import bass, comping
from groove.practice import drum_patterns as dp
from groove.practice.dice import Dice
from groove.practice.drums import Drummer
from groove.practice.harmony import chord_named
from groove.practice.meters import meter_named
from groove.practice.score import Bar, Section
from groove.practice.song import compose
from groove.practice.spec import PracticeSpec


def _section(drums: str = "full") -> Section:
    meter = meter_named("4/4", Dice(1))
    chords = [chord_named("I", 0), chord_named("V", 0)]
    bars = tuple(
        Bar(4.0 * k, meter, ((0.0, chords[k % 2]),), chords[(k + 1) % 2], k, 4, k == 7)
        for k in range(8)
    )
    return Section("rise", 0.7, bars, frozenset({"bass"}), drums, 5)


def test_a_lift_is_a_build_without_the_bass_drum() -> None:
    lift = Drummer("fourfloor", Dice("l")).play(_section("lift"))
    build = Drummer("fourfloor", Dice("l")).play(_section("build"))
    assert not [note for note in lift if note[2] == dp.KICK]
    assert [note for note in build if note[2] == dp.KICK]
    roll = [note for note in lift if note[0] >= 28.0 and note[2] == dp.SNARE]
    assert len(roll) == 16


def test_claps_on_two_and_four_have_no_bass_drum_under_them() -> None:
    for text in dp.STYLES["backclap"].kick:
        assert text[4] == text[12] == "-"
        assert text[0] == "x"


def test_flat_chords_differ_in_nothing_but_their_notes() -> None:
    for seed in range(8):
        notes = comping.play_chords(_section(), "flat", 60, Dice(seed))
        assert len({velocity for *_, velocity in notes}) == 1
        starts = sorted({start for start, *_ in notes})
        assert len({round(b - a, 6) for a, b in itertools.pairwise(starts)}) == 1


def test_answers_are_other_ones_in_each_bar() -> None:
    notes = comping.play_chords(_section(), "conversation", 60, Dice("c"))
    bars = [{start % 4.0 for start, *_ in notes if start // 4 == k} for k in range(8)]
    assert len({frozenset(bar) for bar in bars}) > 4


def test_a_rolling_bass_leaves_the_beat_to_the_bass_drum() -> None:
    line = bass.line_of("rolling", meter_named("4/4", Dice(0)), Dice(0))
    assert [at % 1.0 for at, _, _ in line] == [0.25, 0.5, 0.75] * 4


def test_some_players_come_in_late_and_never_all() -> None:
    spec = PracticeSpec(clicks=0.0, drumless=0.0, min_duration_s=20, max_duration_s=25)
    late = 0
    for number in range(60):
        song = compose(number, spec).song
        start = song.start_tick / song.ticks_per_quarter
        assert start.min() < 12.0
        late += any((start[song.track == track].min() > 12.0) for track in set(song.track.tolist()))
    assert late > 5
