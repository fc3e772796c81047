"""How hits are played is learnt in context, and played back in context."""

import math
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from groove.ngram.play.expression import TABLES, Expression, fit_expression, held_out_bits
from groove.ngram.play.histograms import counted, cumulative, packed, unpacked
from groove.ngram.play.hits import Hits, hits_of, previous, running
from groove.ngram.play.player import Humanise, Player

SNARE = 1


def played(random: np.random.Generator, loop: str, style: str, accent: int, late: float) -> list:
    """Bars of straight sixteenths on the snare: accents on the beat, ghost notes between."""
    rows = []
    for bar in range(8):
        step = np.arange(16)
        loud = np.where(step % 4 == 0, accent, 25) + random.integers(-12, 13, 16)
        rows.append(
            {
                "key": loop,
                "bar": bar,
                "numerator": 4,
                "denominator": 4,
                "resolution": 4,
                "steps": 16,
                "style": style,
                "is_fill": False,
                "hit_step": step.tolist(),
                "hit_label": [SNARE] * 16,
                "hit_velocity": np.clip(loud, 1, 127).tolist(),
                "hit_offset_ticks": (late + random.normal(0, 3, 16)).round().tolist(),
            }
        )
    return rows


def corpus(seed: int, loops: int) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    rows = []
    for number in range(loops):
        style = ("rock", "jazz")[number % 2]
        late = float(random.choice([-25, 25]))
        accent = int(random.normal(110 if style == "rock" else 80, 5))
        rows += played(random, f"{seed}-{number:03d}", style, accent, late)
    return pd.DataFrame(rows)


CONDITIONS = ("", "style=jazz", "style=rock")


@pytest.fixture(scope="module")
def expression() -> Expression:
    return fit_expression(corpus(0, 40), 4, CONDITIONS)


def some_hits(bars: int) -> Hits:
    rows = pd.DataFrame(played(np.random.default_rng(0), "x", "rock", 100, 0.0) * (bars // 8))
    return hits_of(rows.assign(bar=range(len(rows))))


def test_context_codes_held_out_hits_far_better_than_label_and_place(
    expression: Expression,
) -> None:
    velocity, offset = held_out_bits(expression, corpus(1, 10), CONDITIONS)
    # Twenty-five equally likely velocities take log2(25) bits, offsets with a spread of 3 3.6.
    assert math.log2(25) - 0.1 < velocity < 5.2
    assert offset < 4.6
    # Without context a loop is early or late, and one style louder: about a bit more.
    shuffled = corpus(1, 10).assign(key=[f"{at:04d}" for at in range(80)])
    assert held_out_bits(expression, shuffled, CONDITIONS)[1] > offset + 0.1


def test_ghost_notes_and_accents_stay_apart(expression: Expression) -> None:
    hits = some_hits(64)
    rock = CONDITIONS.index("style=rock")
    velocity, _ = Player(expression, (rock,)).play(hits, np.random.default_rng(1))
    accents = velocity[hits.in_bar % 48 == 0]
    ghosts = velocity[hits.in_bar % 48 != 0]
    assert abs(accents.mean() - 110) < 10
    assert abs(ghosts.mean() - 25) < 8
    assert ((velocity > 45) & (velocity < 75)).mean() < 0.05


def test_a_condition_plays_as_its_loops_do(expression: Expression) -> None:
    hits = some_hits(64)
    means = {}
    for name in CONDITIONS[1:]:
        given = (CONDITIONS.index(name),)
        accents = [
            Player(expression, given).play(hits, np.random.default_rng(seed))[0][:128:4].mean()
            for seed in range(8)
        ]
        means[name] = np.mean(accents)
    assert means["style=rock"] > means["style=jazz"] + 12


@pytest.mark.parametrize("late", [-25.0, 25.0])
def test_a_performance_goes_on_as_it_was(expression: Expression, late: float) -> None:
    heard = hits_of(pd.DataFrame(played(np.random.default_rng(4), "y", "rock", 115, late)))
    player = Player(expression)
    player.hear(heard)
    hits = some_hits(8)
    moved = Hits(**{**vars(hits), "time": hits.time + 8 * 192})
    _, offset = player.play(moved, np.random.default_rng(9))
    assert abs(offset.mean() - late) < 6


def test_humanise_goes_from_steady_to_twice_as_uneven(expression: Expression) -> None:
    hits = some_hits(32)
    found = {
        amount: Player(expression, (), Humanise(amount)).play(hits, np.random.default_rng(3))
        for amount in (0.0, 0.5, 1.0, 2.0)
    }
    velocity, offset = found[0.0]
    assert len(set(velocity.tolist())) == 1
    assert (offset == 0).all()
    spreads = [found[amount][1].std() for amount in (0.0, 0.5, 1.0, 2.0)]
    assert spreads == sorted(spreads)
    # Limits are of what is heard: half as uneven reaches twice as far before it is cut.
    free = [
        Player(expression, (), Humanise(amount, 127, 480)).play(hits, np.random.default_rng(3))
        for amount in (0.5, 1.0)
    ]
    assert free[0][1].std() == pytest.approx(free[1][1].std() / 2, rel=0.05)
    assert found[2.0][0].min() >= 1
    assert found[2.0][0].max() <= 127


def test_limits_hold_around_what_is_expected(expression: Expression) -> None:
    hits = some_hits(32)
    tight = Humanise(1.0, 2.0, 1.0)
    free, held = (
        Player(expression, (), humanise).play(hits, np.random.default_rng(3))
        for humanise in (Humanise(1.0, 127, 480), tight)
    )
    # The memory is the same, so the expectation is; only what is around it is cut.
    assert held[1].std() < free[1].std()
    assert (
        Player(expression, (), Humanise(1.0, 127, 0.0))
        .play(hits, np.random.default_rng(3))[1]
        .std()
        < 0.7 * free[1].std()
    )


@pytest.mark.parametrize(
    "values", [(-0.1,), (2.1,), (math.nan,), (1.0, -1.0), (1.0, 45.0, 481.0), (1.0, math.nan)]
)
def test_humanise_out_of_range_is_refused(values: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match=r"humanise|limits"):
        Humanise(*values)


def test_arrays_go_there_and_back(expression: Expression) -> None:
    again = Expression.of_arrays(expression.arrays())
    assert set(again.counts) == set(TABLES)
    for name in TABLES:
        assert np.array_equal(again.counts[name], expression.counts[name])
    assert np.array_equal(again.velocity_mean, expression.velocity_mean)
    assert np.array_equal(again.flam, expression.flam)


def test_damaged_arrays_are_refused(expression: Expression) -> None:
    arrays = expression.arrays()
    for name, wrong in (
        ("pace_at", arrays["pace_at"] + 10**8),
        ("pace_n", arrays["pace_n"] * 0),
        ("velocity_mean", arrays["velocity_mean"] * np.nan),
        ("offset_mean", arrays["offset_mean"][:-1]),
        ("flam", arrays["flam"][:0]),
    ):
        with pytest.raises(ValueError, match=r"damaged|reshape"):
            Expression.of_arrays({**arrays, name: wrong})
    with pytest.raises(KeyError):
        Expression.of_arrays({k: v for k, v in arrays.items() if k != "pace_n"})


def test_nothing_learnt_still_plays(make_grooves: Callable[..., pd.DataFrame]) -> None:
    empty = fit_expression(make_grooves().iloc[:0], 4)
    velocity, offset = Player(empty).play(some_hits(8), np.random.default_rng(0))
    assert ((velocity >= 1) & (velocity <= 127)).all()
    assert np.isfinite(offset).all()


@given(
    st.lists(st.tuples(st.integers(0, 3), st.floats(-100, 100)), max_size=40), st.floats(0.1, 0.99)
)
def test_running_means_are_those_of_a_plain_loop(
    pairs: list[tuple[int, float]], decay: float
) -> None:
    key = np.array([key for key, _ in pairs], dtype=np.int64)
    value = np.array([value for _, value in pairs])
    sums, number = running(key, value, decay)
    held: dict[int, tuple[float, float]] = {}
    for at, (one, added) in enumerate(pairs):
        total, count = held.get(one, (0.0, 0.0))
        assert sums[at] == pytest.approx(total, abs=1e-6)
        assert number[at] == pytest.approx(count, abs=1e-9)
        held[one] = (total * decay + added, count * decay + 1)
    last: dict[int, int] = {}
    for at, before in enumerate(previous(key).tolist()):
        assert before == last.get(pairs[at][0], -1)
        last[pairs[at][0]] = at


def test_histograms_are_smoothed_to_one() -> None:
    random = np.random.default_rng(0)
    parts = (random.integers(0, 3, 500), random.integers(0, 2, 500))
    outcome = random.integers(0, 5, 500)
    counts = counted(parts, outcome, (4, 2, 5))
    shares = np.diff(cumulative(counts, (1.0, 8.0, 60.0)).astype(float), prepend=0, axis=-1)
    assert shares.sum(axis=-1) == pytest.approx(np.ones((4, 2)), abs=1e-6)
    # A context never seen has the shares of the one above it.
    whole = (counts.sum(axis=(0, 1)) + 0.2) / (counts.sum() + 1.0)
    assert shares[3, 0] == pytest.approx(whole, abs=1e-6)
    assert np.array_equal(unpacked(*packed(counts), counts.shape), counts)
