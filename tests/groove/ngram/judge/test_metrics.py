"""Figures in closed form."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from groove.midi.taxonomy import LABELS
from groove.ngram.judge.metrics import groove_metrics, metric_periods, syncopation

Make = Callable[..., pd.DataFrame]
KICK, SNARE, HAT = (1 << LABELS.index(name) for name in ("kick", "snare", "hihat_closed"))


def bar(*steps: int, of: int = KICK, length: int = 16) -> list[int]:
    return [of if step in steps else 0 for step in range(length)]


def test_swing_of_straight_and_of_triplet_offbeats(make_loop: Make, make_table: Make) -> None:
    straight = make_table(make_loop("a", [bar(0, 2, 4, 6)]))
    assert groove_metrics(straight)["swing"] == pytest.approx((2 / 3 - 1 / 2) / 0.1)
    swung = make_table(make_loop("a", [bar(0, 2, 3, 5, length=12)], resolution=3))
    assert groove_metrics(swung)["swing"] == pytest.approx(0.0, abs=1e-9)
    late = make_table(make_loop("a", [bar(2)], offset=48.0))
    assert groove_metrics(late)["swing"] == pytest.approx((2 / 3 - 0.6) / 0.1)
    assert groove_metrics(make_table(make_loop("a", [bar(0, 4)])))["swing"] is None


def test_density_is_at_most_one(make_loop: Make, make_table: Make) -> None:
    full = make_table(make_loop("a", [[KICK | HAT] * 16, bar(0, 4, 8, 12)]))
    assert groove_metrics(full)["density"] == pytest.approx((1.0 + 0.25) / 2)


def test_velocity_variance_of_extremes(make_loop: Make, make_table: Make) -> None:
    bars = make_table(make_loop("a", [bar(0)], velocity=1), make_loop("b", [bar(0)], velocity=127))
    assert groove_metrics(bars)["velocity_variance"] == pytest.approx(63**2 / (127**2 / 4))


def test_blec_of_like_and_of_unlike_grooves(make_loop: Make, make_table: Make) -> None:
    played = make_table(make_loop("a", [bar(0)] * 10))
    assert groove_metrics(played, played)["blec"] == pytest.approx(0.0)
    spread = make_table(make_loop("a", [[KICK] * 16] * 10))
    # Half a hit is added to each of 16 steps of both.
    p = np.full(16, 0.5 / 18)
    p[0] = 10.5 / 18
    wanted = float((p * np.log(p * 16)).sum() / np.log(16))
    assert groove_metrics(spread, played)["blec"] == pytest.approx(wanted)
    assert groove_metrics(make_table(make_loop("a", [bar(0, of=SNARE)])), spread)["blec"] == (
        pytest.approx(0.0)
    )
    assert groove_metrics(played)["blec"] is None


@pytest.mark.parametrize(
    ("steps", "wanted"),
    [
        # On the beats, nothing stronger is silent but the beat that is played.
        ((0, 4, 8, 12), 0),
        # The eighth before beat two, beat two silent: weights -3 against -2.
        ((0, 2, 8), 1),
        # The last sixteenth before a silent half bar: -4 against -1.
        ((0, 7, 12), 3),
        # The same, but the half bar is struck.
        ((0, 7, 8, 12), 0),
    ],
)
def test_syncopation_of_known_patterns(
    steps: tuple[int, ...], wanted: int, make_loop: Make, make_table: Make
) -> None:
    bars = make_table(make_loop("a", [bar(*steps)]))
    assert syncopation(bars, KICK).tolist() == [wanted]
    assert syncopation(bars, SNARE).tolist() == [0]


def test_a_silent_downbeat_counts_for_the_hit_before_it(make_loop: Make, make_table: Make) -> None:
    over = make_table(make_loop("a", [bar(14), bar(4), bar(4)]), make_loop("b", [bar(0)]))
    # An eighth before a silent downbeat: -3 against 0. Beat two before a silent half bar and
    # downbeat: -2 against 0; in the last bar only the half bar is known to be silent.
    assert syncopation(over, KICK).tolist() == [3, 2, 1, 0]
    landed = make_table(make_loop("a", [bar(14), bar(0)]))
    assert syncopation(landed, KICK).tolist() == [0, 0]


@pytest.mark.parametrize(
    ("form", "wanted"),
    [
        ((4, 4, 4, 16), [16, 8, 4, 2, 1]),
        ((3, 4, 4, 12), [12, 4, 2, 1]),
        ((6, 8, 4, 12), [12, 6, 2, 1]),
        ((4, 4, 3, 12), [12, 6, 3, 1]),
        ((2, 2, 4, 16), [16, 8, 4, 2, 1]),
        ((5, 8, 4, 10), [10, 2, 1]),
        ((4, 4, 6, 24), [24, 12, 6, 3, 1]),
    ],
)
def test_levels_of_meters(form: tuple[int, int, int, int], wanted: list[int]) -> None:
    assert metric_periods(*form) == wanted
