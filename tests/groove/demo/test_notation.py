"""Steps, strokes, degrees and chords mean what the notation says."""

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groove.demo.harmony import at_least, chord_of, in_key, key_of, over_chord, voiced
from groove.demo.lines import pitched_line, strum_line
from groove.demo.notation import STEPS_PER_QUARTER, Meter, grid_of, meter_of, swung
from groove.demo.patterns import strokes_of

METERS = ["4/4", "3/4", "6/8", "7/8", "5/4"]


@given(meter=st.sampled_from(METERS), data=st.data())
def test_steps_fill_the_bar_exactly(meter, data):
    bar = meter_of(meter)
    per_quarter = data.draw(st.sampled_from(STEPS_PER_QUARTER[bar.denominator]))
    steps = bar.quarters * per_quarter
    if steps.denominator == 1:
        assert grid_of(int(steps), bar).step * int(steps) == bar.quarters


@given(steps=st.integers(1, 64), meter=st.sampled_from(METERS))
def test_a_bar_either_sums_or_is_refused(steps, meter):
    bar = meter_of(meter)
    line = "x" * steps
    per_quarter = Fraction(steps) / bar.quarters
    if per_quarter not in STEPS_PER_QUARTER[bar.denominator]:
        with pytest.raises(ValueError, match=f"don't fill a bar of {meter}"):
            strokes_of(line, 36, bar)
        return
    strokes, bars = strokes_of(line, 36, bar)
    assert bars == 1
    assert len(strokes) == steps
    gaps = {b.start - a.start for a, b in pairwise(strokes)}
    assert len(gaps) <= 1
    assert strokes[-1].start < bar.quarters


def test_strokes_of_a_line():
    strokes, bars = strokes_of("X-.- f--- | o--- r---", 38, meter_of("2/4"))
    assert bars == 2
    assert [(s.start, s.velocity) for s in strokes] == [
        (Fraction(0), 112), (Fraction(1, 2), 28), (Fraction(19, 20), 46), (Fraction(1), 112),
        (Fraction(2), 58), (Fraction(3), 86), (Fraction(25, 8), 58),
    ]  # fmt: skip


@given(position=st.floats(0, 64), ratio=st.floats(0.5, 0.75), unit=st.sampled_from([0.25, 0.5]))
def test_swing_keeps_pairs_and_order(position, ratio, unit):
    moved = swung(position, unit, ratio)
    assert moved // (2 * unit) == pytest.approx(position // (2 * unit), abs=1)
    assert 0 <= moved - position + 1e-9 <= unit
    assert swung(position + 0.01, unit, ratio) > moved


@pytest.mark.parametrize("ratio", [0.5, 0.6, 2 / 3])
def test_swing_moves_the_off_beat_to_its_ratio(ratio):
    assert swung(3.5, 0.5, ratio) == pytest.approx(3 + ratio)
    assert swung(3.0, 0.5, ratio) == 3.0
    assert swung(3.25, 0.25, ratio) == pytest.approx(3 + ratio / 2)
    assert swung(3.5, 0.25, ratio) == 3.5


def test_a_pitched_line():
    line = pitched_line("1:3 -:1 b7,! 5':3? | _:4 1:4", Meter(4, 4))
    assert line.quarters == 8
    assert [(t.start, t.length, t.what, t.velocity) for t in line.tones] == [
        (Fraction(0), Fraction(3, 2), "1", 88), (Fraction(2), Fraction(1, 2), "b7,", 108),
        (Fraction(5, 2), Fraction(7, 2), "5'", 62), (Fraction(6), Fraction(2), "1", 88),
    ]  # fmt: skip


def test_a_strum_line():
    line = strum_line("X__- x---", Meter(4, 4))
    assert [(t.start, t.length, t.velocity) for t in line.tones] == [
        (Fraction(0), Fraction(3, 2), 112), (Fraction(2), Fraction(1, 2), 86),
    ]  # fmt: skip
    with pytest.raises(ValueError, match="'_' is no stroke"):
        strum_line("--_-", Meter(4, 4))


@pytest.mark.parametrize(
    ("chord", "key", "pitches"),
    [
        ("Am7", "C major", [33, 35, 36, 38, 40, 41, 43, 45]),
        ("D7", "D mixolydian", [38, 40, 42, 43, 45, 47, 48, 50]),
        ("Fmaj7", "C major", [29, 31, 33, 35, 36, 38, 40, 41]),
        ("Bm7b5", "A minor", [35, 36, 38, 40, 41, 43, 45, 47]),
    ],
)
def test_degrees_over_a_chord_are_its_own_or_the_keys(chord, key, pitches):
    degrees = [over_chord(str(d), chord_of(chord), key_of(key), 28) for d in range(1, 9)]
    assert degrees == pitches


def test_degrees_of_a_key():
    key = key_of("A harmonic")
    assert [in_key(d, key, 57) for d in ("1", "3", "7", "8", "9", "7,", "b3'")] == [
        57, 60, 68, 69, 71, 56, 71,
    ]  # fmt: skip


def test_a_slash_chord_puts_its_bass_below():
    chord = chord_of("C/E")
    assert over_chord("1", chord, key_of("C major"), 28) == 28
    assert over_chord("5", chord, key_of("C major"), 28) == 43
    assert voiced(chord, 60) == [60, 64, 67]


@given(pitch_class=st.integers(0, 11), low=st.integers(12, 96))
def test_the_lowest_pitch_of_a_class(pitch_class, low):
    pitch = at_least(pitch_class, low)
    assert pitch % 12 == pitch_class
    assert low <= pitch < low + 12
