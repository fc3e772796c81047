"""Probabilities are probabilities, whatever the counts, the context and the conditions."""

import dataclasses
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from groove.midi.taxonomy import LABELS
from groove.ngram.language.assembly import assemble, ingredients_of
from groove.ngram.language.context import FEATURES, RUN_CLASSES, events_of_bars, features_of
from groove.ngram.language.counts import counts_of_table
from groove.ngram.language.model import GrooveModel
from groove.ngram.language.training import train_model
from groove.ngram.spec import LengthWeight, ModelSpec, NgramSpec, Smoothing

Make = Callable[..., pd.DataFrame]
FEW = LABELS[:5]
EVERY_SET = np.arange(2 ** len(FEW))


def built(
    events: pd.DataFrame, ngrams: pd.DataFrame, order: int, smoothing: Smoothing = "kneser_ney"
) -> GrooveModel:
    spec = ModelSpec(min_condition_bars=1, smoothing=smoothing)
    parts = ingredients_of(events, counts_of_table(ngrams), FEW, spec)
    return assemble(parts, spec, order)


@st.composite
def asked_contexts(draw: st.DrawFn) -> list[int]:
    """Features that no loop has: what is out of place must be in place here too."""
    found = [draw(st.integers(0, 40)) for _ in FEATURES]
    found[FEATURES.index("run")] = draw(st.integers(0, RUN_CLASSES - 1))
    found[FEATURES.index("bar")] = draw(st.sampled_from([0, 3, 1 << 27 | 5]))
    return found


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    bars=st.lists(
        st.lists(st.sampled_from([0, 0, 1, 2, 5, 9]), min_size=4, max_size=4),
        min_size=1,
        max_size=10,
    ),
    asked=asked_contexts(),
    weight=st.sampled_from(["uniform", "sqrt", "proportional"]),
    smoothing=st.sampled_from(["kneser_ney", "witten_bell", "absolute"]),
    share=st.floats(0, 1),
    order=st.integers(0, 4),
    mixed=st.lists(st.floats(0.01, 1), min_size=8, max_size=8),
)
def test_probabilities_of_all_sets_sum_to_one(
    bars: list[list[int]],
    asked: list[int],
    weight: LengthWeight,
    smoothing: Smoothing,
    share: float,
    order: int,
    mixed: list[float],
    make_loop: Make,
    make_table: Make,
    make_ngrams: Make,
) -> None:
    half = len(bars) // 2 + 1
    loops = [make_loop("a", bars[:half], style="x", resolution=1)]
    if bars[half:]:
        loops.append(make_loop("b", bars[half:], style="y", resolution=1, is_fill=True))
    events = make_table(*loops)
    table = make_ngrams(events, NgramSpec(max_order=4, length_weight=weight))
    weights = np.tile(np.array(mixed) / sum(mixed), (RUN_CLASSES, 1))
    model = dataclasses.replace(
        built(events, table, order, smoothing), share=share, given_weights=weights
    )
    seen = features_of(events_of_bars(events))
    size = len(EVERY_SET)
    numbers = np.array([[0, -1], *([n, -1] for n in range(len(model.conditions))), [1, 2]])
    for context in (seen[0], seen[-1], np.array(asked)):
        features = np.tile(context, (size, 1))
        for given_ in (None, *numbers):
            condition = None if given_ is None else np.tile(given_, (size, 1))
            found = model.probability(features, EVERY_SET, condition)
            assert found.min() > 0
            assert found.sum() == pytest.approx(1.0, abs=1e-9)
            asked_once = None if given_ is None else given_[None]
            # The model's own check adds up what it was not asked for one by one.
            assert model.sum_to_one_error(context[None], asked_once) < 1e-9
            smooth = model.smooth(features[:1], asked_once)
            unheard = np.setdiff1d(EVERY_SET, model.symbols)
            for one in unheard[:4]:
                assert smooth.of(np.array([one]))[0] == pytest.approx(found[one], rel=1e-9)


def _by_hand(make_loop: Make, make_table: Make, make_ngrams: Make) -> GrooveModel:
    events = make_table(make_loop("a", [[1, 0, 2, 0], [1, 0, 2, 2]], resolution=1))
    return built(events, make_ngrams(events), 3)


def test_a_wrong_weight_shows_in_the_sum(
    make_loop: Make, make_table: Make, make_ngrams: Make
) -> None:
    model = _by_hand(make_loop, make_table, make_ngrams)
    wrong = dataclasses.replace(model, weights=model.weights * 1.01)
    features = np.zeros((1, len(FEATURES)), np.int64)
    assert model.sum_to_one_error(features) < 1e-12
    assert wrong.sum_to_one_error(features) == pytest.approx(0.01)


def test_a_level_with_too_much_shows_in_the_sum(
    make_loop: Make, make_table: Make, make_ngrams: Make
) -> None:
    model = _by_hand(make_loop, make_table, make_ngrams)
    chain = model.chains[0]
    level = chain.any_condition[0]
    # What an n-gram has must be missing in the rest: a rest of its own is no rest.
    broken = dataclasses.replace(level)
    broken.__dict__["rest"] = level.rest + 0.1
    chains = (
        dataclasses.replace(chain, any_condition=(broken, *chain.any_condition[1:])),
        *model.chains[1:],
    )
    features = np.full((1, len(FEATURES)), 30)
    features[:, FEATURES.index("run")] = 1
    assert dataclasses.replace(model, chains=chains).sum_to_one_error(features) > 1e-3


def test_a_set_never_heard_is_less_likely_the_more_it_strikes(
    make_loop: Make, make_table: Make, make_ngrams: Make
) -> None:
    model = _by_hand(make_loop, make_table, make_ngrams)
    unheard = np.array([3, 3 + 4, 3 + 4 + 8])
    found = model.probability(np.zeros((3, len(FEATURES)), np.int64), unheard)
    assert found[0] > found[1] > found[2] > 0


def test_a_context_never_heard_passes_everything_on(
    make_loop: Make, make_table: Make, make_ngrams: Make
) -> None:
    model = _by_hand(make_loop, make_table, make_ngrams)
    symbols = np.array([0, 1, 2, 7])
    chain = model.chains[0]
    strange = chain.contexts(np.full((4, 6), 12345), 3)
    base = model.unseen(symbols)
    assert chain.probability(strange, symbols, base) == pytest.approx(model.unigram(symbols))


def test_a_condition_falls_back_by_the_formula(
    make_loop: Make, make_table: Make, make_ngrams: Make
) -> None:
    """One chain written out: p_v = a_v + r_v (share p_v(shorter) + (1 - share) p_u)."""
    events = make_table(
        make_loop("a", [[1, 0, 2, 0]] * 3, style="x", resolution=1),
        make_loop("b", [[1, 4, 4, 4]] * 2, style="x", resolution=1, is_fill=True),
        make_loop("c", [[2, 2, 0, 8]] * 3, style="y", resolution=1),
    )
    model = dataclasses.replace(built(events, make_ngrams(events), 2), share=0.3)
    number = model.conditions.index("style=x&fill=yes")
    assert model.conditions[model.parents[number]] == "style=x"
    steps = events_of_bars(events)
    features = features_of(steps)
    chain = model.chains[1]
    columns = [FEATURES.index(name) for name in ("position", "back1")]
    line = [model.conditions.index("style=x"), number]
    for at in (13, 18, 25):
        symbol = int(steps.symbol[at])
        nodes, node = [0], 0
        for k, column in enumerate(columns, start=1):
            node = int(
                chain.any_condition[k].find(np.array([node << 28 | features[at, column]]))[0]
            )
            nodes.append(node)

        def own(level: object, at_key: int, symbol: int = symbol) -> tuple[float, float]:
            here = int(level.find(np.array([at_key]))[0])  # type: ignore[attr-defined]
            if here < 0:
                return 0.0, 1.0
            span = slice(level.first[here], level.first[here + 1])  # type: ignore[attr-defined]
            held = dict(zip(level.symbol[span], level.probability[span], strict=True))  # type: ignore[attr-defined]
            return float(held.get(symbol, 0.0)), 1.0 - float(sum(held.values()))

        base = float(model.unseen(np.array([symbol]))[0])
        above, shorter = [], base
        for k, node in enumerate(nodes):
            a, r = own(chain.any_condition[k], int(chain.any_condition[k].keys[node]))
            shorter = a + r * shorter
            above.append(shorter)
        for condition in line:
            shorter, found = base, []
            for k, node in enumerate(nodes):
                a, r = own(chain.by_condition[k], node << 28 | condition)
                shorter = a + r * (0.3 * shorter + 0.7 * above[k])
                found.append(shorter)
            above = found
        parts = model.parts(features[at : at + 1], np.array([symbol]), np.array([number]))
        assert parts[len(model.chains) + 1 + 1, 0] == pytest.approx(above[-1], rel=1e-12)


def test_style_matters_where_styles_differ(
    make_loop: Make, make_table: Make, make_ngrams: Make
) -> None:
    events = make_table(
        make_loop("a", [[1, 0, 2, 0]] * 4, style="x", resolution=1),
        make_loop("b", [[1, 4, 4, 4]] * 4, style="y", resolution=1),
    )
    model = built(events, make_ngrams(events), 2)
    numbers = {name: model.conditions.index(f"style={name}") for name in "xy"}
    features = features_of(events_of_bars(events))[1:2]
    of_x, of_y = (
        model.probability(features, np.array([4]), np.array([numbers[name]]))[0] for name in "xy"
    )
    anyhow = model.probability(features, np.array([4]))[0]
    assert of_x < anyhow < of_y
    # Several conditions at once: the mean along each chain over sets, and of each label.
    symbol, sets = np.array([4]), len(model.chains)
    asked = [[numbers["x"]], [numbers["y"]], [numbers["x"], numbers["y"]]]
    x, y, both = (model.parts(features, symbol, np.array([one]))[sets + 1 :, 0] for one in asked)
    assert both[:sets] == pytest.approx((x[:sets] + y[:sets]) / 2)
    x, y, both = (model.struck(features, np.array([one])) for one in asked)
    assert both == pytest.approx((x + y) / 2)


def test_wishes_resolve_to_what_the_model_knows(
    make_loop: Make, make_table: Make, make_ngrams: Make
) -> None:
    events = make_table(
        make_loop("a", [[1, 0, 2, 0]] * 4, style="x", resolution=1),
        make_loop("b", [[1, 4, 4, 4]] * 4, style="y", resolution=1, is_fill=True),
    )
    model = built(events, make_ngrams(events), 2)
    assert model.conditions[0] == ""
    numbers, ignored = model.resolve({"style": "X", "feel": "late", "fill": "no"})
    assert [model.conditions[number] for number in numbers] == ["style=x&fill=no"]
    assert ignored == ("feel=late",)
    assert model.resolve({"style": "polka"}) == ((), ("style=polka",))
    given_ = model.conditions_of(events)
    assert [model.conditions[row[0]] for row in given_[[0, -1]]] == [
        "style=x&fill=no",
        "style=y&fill=yes",
    ]


def test_rare_conditions_are_not_learnt(make_loop: Make, make_table: Make) -> None:
    events = make_table(
        make_loop("a", [[1, 0, 2, 0]] * 9, style="x", resolution=1),
        make_loop("b", [[1, 4, 4, 4]] * 2, style="y", resolution=1),
    )
    model = train_model(events, NgramSpec(max_order=2), ModelSpec(min_condition_bars=3)).model
    assert set(model.conditions) == {"", "fill=no", "style=x", "style=x&fill=no"}
    assert set(model.card["forms"]) == {"", "fill=no", "style=x", "style=x&fill=no"}
