"""The pieces that songs are made of, each against what it should be by definition."""

from __future__ import annotations

import math

import numpy as np
import pytest

from groove.practice import bass, comping
from groove.practice import drum_patterns as dp
from groove.practice.dice import Dice
from groove.practice.drum_rules import by_rule, written
from groove.practice.drums import Drummer
from groove.practice.harmony import PROGRESSIONS, chord_named, mood_of, spread, voiced
from groove.practice.meters import STEP, meter_named
from groove.practice.score import Bar, Section
from groove.practice.spec import METERS
from groove.practice.styles import CHAMBER, STYLES, styles_for
from groove.practice.touch import Swing, swung


def test_dice_are_fair_and_apart() -> None:
    dice = Dice("fair")
    draws = [dice.weighted({"a": 3.0, "b": 1.0, "never": 0.0}) for _ in range(4000)]
    assert abs(draws.count("a") / 4000 - 0.75) < 0.03
    assert "never" not in draws
    normal = np.array([dice.normal(2.0, 3.0) for _ in range(4000)])
    assert abs(normal.mean() - 2.0) < 0.2
    assert abs(normal.std() - 3.0) < 0.2
    assert {dice.integer(1, 3) for _ in range(200)} == {1, 2, 3}
    assert sorted(dice.shuffled("abcd")) == list("abcd")
    fork = Dice("fair").fork("x")
    assert fork.uniform(0, 1) != Dice("fair").fork("y").uniform(0, 1)
    with pytest.raises(ValueError, match="weight"):
        dice.weighted({"a": 0.0})


@pytest.mark.parametrize("name", sorted(METERS))
def test_groups_fill_the_bar(name: str) -> None:
    groupings = set()
    for seed in range(40):
        meter = meter_named(name, Dice(seed))
        groupings.add(meter.groups)
        assert math.isclose(sum(meter.groups), meter.quarters)
        assert meter.strong[0] == 0
        assert len(meter.weights) == round(meter.quarters / STEP)
        assert max(meter.weights) == meter.weight(0.0) == 1.0
        assert meter.weight(meter.starts[-1]) > meter.weight(meter.quarters - STEP)
    if name in {"5/8", "7/8"}:
        assert len(groupings) > 1


def test_numerals_are_the_chords_they_say() -> None:
    assert chord_named("V7", 0).classes == (7, 11, 2, 5)
    assert chord_named("iim7", 0).classes == (2, 5, 9, 0)
    assert chord_named("bVI", 9).classes == (5, 9, 0)  # F in A minor
    assert chord_named("i5", 4).classes == (4, 11)
    assert chord_named("iv", 0).classes == (5, 8, 0)
    assert mood_of("i bVII") == "minor"
    assert mood_of("I V vi IV") == "major"
    for palette in PROGRESSIONS.values():
        for text in palette:
            for numeral in text.split():
                chord = chord_named(numeral, 3)
                assert voiced(chord, 60) == sorted(voiced(chord, 60))
                assert all(54 <= pitch < 66 for pitch in voiced(chord, 60))
    with pytest.raises(ValueError, match="numeral"):
        chord_named("H", 0)


def test_chords_change_on_downbeats_more_than_anywhere() -> None:
    meter = meter_named("4/4", Dice(0))
    cycle = [chord_named(text, 0) for text in ("I", "V", "vi", "IV")]
    places = [
        position
        for seed in range(200)
        for bar in spread(cycle, [meter] * 8, Dice(seed))
        for position, _ in bar
    ]
    assert set(places) == {0.0, 2.0}
    assert places.count(0.0) > 5 * places.count(2.0)


def test_swing_keeps_beats_and_moves_what_is_between() -> None:
    positions = np.array([0.0, 0.5, 1.0, 1.25, 1.5, 2.0])
    moved = swung(positions, Swing(2 / 3, 0.5))
    assert moved == pytest.approx([0, 2 / 3, 1, 1 + 1 / 3, 1 + 2 / 3, 2])
    assert swung(np.array([0.25, 0.5]), Swing(0.6, 0.25)) == pytest.approx([0.3, 0.5])


def _section(name: str, drums: str = "full") -> Section:
    meter = meter_named(name, Dice(1))
    chords = [chord_named("I", 0), chord_named("V", 0)]
    bars = tuple(
        Bar(k * meter.quarters, meter, ((0.0, chords[k % 2]),), chords[(k + 1) % 2], k, 4, k == 7)
        for k in range(8)
    )
    return Section("verse", 0.7, bars, frozenset({"bass"}), drums, 5)


@pytest.mark.parametrize("name", sorted(METERS))
def test_every_pattern_stays_in_its_bar(name: str) -> None:
    meter = meter_named(name, Dice(2))
    for style_name, style in dp.STYLES.items():
        dice = Dice(style_name)
        lines = [(dp.KICK, style.kick[0]), (style.backbeat, style.snare[0]), *style.always]
        for bars in (by_rule(meter, style, dice), written(lines, meter, dice)):
            assert len(bars) == 2
            assert all(0 <= at < meter.quarters for bar in bars for at, _, _ in bar)
    for kind in bass.KINDS:
        for position, length, _ in bass.line_of(kind, meter, Dice(kind)):
            assert 0 <= position < meter.quarters
            assert length > 0
    for kind in comping.KINDS:
        notes = comping.play_chords(_section(name), kind, 60, Dice(kind))
        assert notes
        assert all(length > 0 and start >= 0 for start, length, _, _ in notes)


def test_written_texts_are_one_or_two_bars() -> None:
    for style in dp.STYLES.values():
        texts = [*style.kick, *style.snare, *(text for _, text in (*style.extras, *style.always))]
        texts += [text for keeper in style.keepers for _, text in dp.KEEPERS[keeper]]
        assert {len(text) for text in texts} <= {16, 32}


def test_two_bars_of_two_four_are_one_of_four_four() -> None:
    line = [(dp.KICK, "x-------o-------"), (dp.SNARE, "----x-------x---")]
    first, second = written(line, meter_named("2/4", Dice(0)), Dice(0))
    assert sorted(first) == [(0.0, dp.KICK, 1.0), (1.0, dp.SNARE, 1.0)]
    assert sorted(second) == [(0.0, dp.KICK, 0.66), (1.0, dp.SNARE, 1.0)]


def test_a_drummer_repeats_fills_and_rests() -> None:
    notes = Drummer("rock", Dice("r")).play(_section("4/4"))
    assert {note[2] for note in notes} >= {dp.KICK, dp.SNARE}
    bare = Drummer("rock", Dice("r")).play(_section("4/4", "hats"))
    assert not {note[2] for note in bare} & {dp.KICK, dp.SNARE}
    assert not Drummer("rock", Dice("r")).play(_section("4/4", "none"))
    roll = Drummer("house", Dice("r")).play(_section("4/4", "build"))
    last = [note for note in roll if note[0] >= 28.0 and note[2] == dp.SNARE]
    assert len(last) == 16


def test_one_drop_leaves_one_out() -> None:
    for text in dp.STYLES["onedrop"].kick:
        assert text[0] == "-"


def test_every_meter_has_styles_and_every_style_its_players() -> None:
    for meter in METERS:
        assert styles_for(meter, drums=True)
        assert styles_for(meter, drums=False)
    for style in (*STYLES.values(), *CHAMBER.values()):
        assert all(name in dp.STYLES for name in style.drums)
        assert all(palette in PROGRESSIONS for palette in style.palettes)
        assert all(kind in bass.KINDS for kind, _ in style.bass)
        assert all(kind in comping.KINDS for kind, _ in style.comps)
        programs = [p for _, some in (*style.bass, *style.comps, *style.leads) for p in some]
        assert all(0 <= program <= 127 for program in programs)
