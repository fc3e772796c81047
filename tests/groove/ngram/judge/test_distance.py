"""Distances: zero for the same, closed forms, growth with a shift, and no cheating."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import wasserstein_distance

from groove.midi.taxonomy import LABELS
from groove.ngram.judge import anchors
from groove.ngram.judge.distance import DistanceError, distance, wasserstein

Make = Callable[..., Any]
KICK, SNARE, HAT = (1 << LABELS.index(name) for name in ("kick", "snare", "hihat_closed"))


def test_wasserstein_is_scipys() -> None:
    random = np.random.default_rng(0)
    left = random.integers(0, 5, (6, 20)).astype(np.float64)
    right = random.integers(0, 5, (6, 20)).astype(np.float64)
    bins = np.arange(20)
    wanted = [wasserstein_distance(bins, bins, a, b) for a, b in zip(left, right, strict=True)]
    np.testing.assert_allclose(wasserstein(left, right), np.array(wanted))


def test_the_same_bars_have_no_distance(make_grooves: Make) -> None:
    bars = make_grooves()
    found = distance(bars, bars, bootstrap=20)
    assert found.total.value == 0.0
    assert found.joint.value == pytest.approx(0.0, abs=1e-12)
    assert found.total.low == 0.0 < found.total.high
    assert set(found.kinds) == {"density", "syncopation", "velocity", "timing", "interval"}


def test_a_shift_is_measured_in_standard_deviations(make_loop: Make, make_table: Make) -> None:
    beat = [KICK, 0, 0, 0] * 4

    def played(*velocities: int) -> pd.DataFrame:
        rows = [make_loop(str(v), [beat], velocity=v) for v in velocities]
        return pd.DataFrame(make_table(*rows))

    # Velocities 60 and 80: a standard deviation of 10.
    near = distance(played(65, 85), played(60, 80), bootstrap=0)
    far = distance(played(75, 95), played(60, 80), bootstrap=0)
    assert near.features["velocity_kick"] == pytest.approx(0.5)
    assert far.features["velocity_kick"] == pytest.approx(1.5)
    assert near.features["timing_kick"] == near.features["interval_kick"] == 0.0
    assert 0 < near.joint.value < far.joint.value


def test_intervals_are_of_performances_and_repeatable(make_grooves: Make) -> None:
    bars = make_grooves()
    one, other = bars[bars["split"] == "train"], bars[bars["split"] != "train"]
    found = distance(one, other, bootstrap=50, seed=3)
    assert found == distance(one, other, bootstrap=50, seed=3)
    assert found.total.low <= found.total.value <= found.total.high
    assert found.loops == (one["key"].nunique(), other["key"].nunique())
    # Every bar twice in the same performances says nothing new.
    twice = pd.concat([other, other.assign(bar=other["bar"] + 100)])
    assert distance(one, twice, bootstrap=0).kinds["velocity"].value == pytest.approx(
        found.kinds["velocity"].value
    )


def test_right_values_in_the_wrong_company_are_found(make_loop: Make, make_table: Make) -> None:
    def loops(first: int, second: int) -> list[Any]:
        # Half of the loops strike kick and snare, each loud or soft.
        step = [KICK | SNARE, 0, 0, 0] * 4
        made = []
        for number in range(20):
            rows = make_loop(f"{first}{second}{number}", [step])
            for row in rows:
                loud = {KICK: first, SNARE: second} if number % 2 else {KICK: second, SNARE: first}
                row["hit_velocity"] = [loud[1 << label] for label in row["hit_label"]]
            made.append(rows)
        return made

    # Marginally the same: half of the kicks are loud, half of the snares are.
    played = make_table(*loops(100, 100)[:10], *loops(40, 40)[:10])
    drawn = make_table(*loops(100, 40))
    found = distance(drawn, played, bootstrap=0)
    assert found.total.value == 0.0
    assert found.joint.value > 0.05


def test_senseless_bars_are_far_and_halves_are_near(make_grooves: Make) -> None:
    bars = make_grooves()
    shuffled = distance(anchors.shuffled(bars), bars, bootstrap=0)
    uniform = distance(anchors.uniform(bars), bars, bootstrap=0)
    floor = anchors.floor(bars)
    assert floor is not None
    assert floor["total"] < shuffled.total.value < uniform.total.value
    assert floor["joint"] < min(shuffled.joint.value, uniform.joint.value)
    # Shuffled, velocities and timings are still those that were played.
    assert shuffled.kinds["timing"].value < uniform.kinds["timing"].value


def test_anchors_have_as_many_bars_and_valid_hits(make_grooves: Make) -> None:
    bars = make_grooves()
    for made in (anchors.shuffled(bars, 1), anchors.uniform(bars, 1)):
        assert len(made) == len(bars)
        for row in made.to_dict(orient="records"):
            symbols = np.zeros(row["steps"], dtype=np.int64)
            np.bitwise_or.at(symbols, row["hit_step"], 1 << row["hit_label"])
            assert symbols.tolist() == list(row["symbols"])
            pairs = list(zip(row["hit_step"], row["hit_label"], strict=True))
            assert len(set(pairs)) == len(pairs)


def test_a_drum_that_is_missing_counts(make_loop: Make, make_table: Make) -> None:
    both = make_table(make_loop("a", [[KICK, 0, SNARE, 0] * 4] * 2))
    alone = make_table(make_loop("a", [[KICK, 0, 0, 0] * 4] * 2))
    found = distance(alone, both, bootstrap=0)
    assert found.features["velocity_snare"] == 2.0
    assert found.features["velocity_kick"] == 0.0


def test_nothing_cannot_be_compared(make_loop: Make, make_table: Make) -> None:
    some = make_table(make_loop("a", [[KICK] * 16]))
    with pytest.raises(DistanceError, match="no bar"):
        distance(some.iloc[:0], some)
    with pytest.raises(DistanceError, match="no hit"):
        distance(some, make_table(make_loop("b", [[0] * 16])))
    assert anchors.floor(some) is None
