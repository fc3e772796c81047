"""Probabilities are probabilities, whatever the counts, the context and the style."""

from collections.abc import Callable
from typing import Literal

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from groove.core.models import ModelError
from groove.midi.taxonomy import LABELS
from groove.ngram.language.codec import pack, unpack
from groove.ngram.language.context import events_of_bars, features_of
from groove.ngram.language.counts import counts_of_table
from groove.ngram.language.model import GrooveModel
from groove.ngram.language.training import fit_model
from groove.ngram.spec import NgramSpec

Make = Callable[..., pd.DataFrame]
EVERY_SET = np.arange(2 ** len(LABELS))


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    bars=st.lists(
        st.lists(st.sampled_from([0, 0, 1, 2, 5, 9]), min_size=4, max_size=4),
        min_size=1,
        max_size=8,
    ),
    asked=st.lists(st.integers(0, 20), min_size=8, max_size=8),
    weight=st.sampled_from(["uniform", "sqrt", "proportional"]),
    smoothing=st.sampled_from(["kneser_ney", "witten_bell"]),
    share=st.floats(0, 1),
    order=st.integers(0, 4),
)
def test_probabilities_of_all_sets_sum_to_one(
    bars: list[list[int]],
    asked: list[int],
    weight: Literal["uniform", "sqrt", "proportional"],
    smoothing: Literal["kneser_ney", "witten_bell"],
    share: float,
    order: int,
    make_loop: Make,
    make_table: Make,
    make_ngrams: Make,
) -> None:
    half = len(bars) // 2 + 1
    loops = [make_loop("a", bars[:half], style="x", resolution=1)]
    if bars[half:]:
        loops.append(make_loop("b", bars[half:], style="y", resolution=1))
    events = make_table(*loops)
    table = make_ngrams(events, NgramSpec(max_order=4, length_weight=weight))
    model = fit_model(events, *counts_of_table(table), order, smoothing, share=share)
    seen = features_of(events_of_bars(events))
    contexts = [seen[0], seen[-1], np.array(asked)]
    for context in contexts:
        features = np.tile(context, (len(EVERY_SET), 1))
        plain = model.probability(features, EVERY_SET)
        assert plain.min() > 0
        assert plain.sum() == pytest.approx(1.0, abs=1e-9)
        for style in range(len(model.styles)):
            styled = model.probability(features, EVERY_SET, np.full(len(EVERY_SET), style))
            assert styled.min() > 0
            assert styled.sum() == pytest.approx(1.0, abs=1e-9)


def _by_hand(make_loop: Make, make_table: Make, make_ngrams: Make) -> GrooveModel:
    events = make_table(make_loop("a", [[1, 0, 2, 0], [1, 0, 2, 2]], resolution=1))
    return fit_model(events, *counts_of_table(make_ngrams(events)), 3, "kneser_ney")


def test_a_set_never_heard_is_less_likely_the_more_it_strikes(
    make_loop: Make, make_table: Make, make_ngrams: Make
) -> None:
    model = _by_hand(make_loop, make_table, make_ngrams)
    unheard = np.array([3, 3 + 4, 3 + 4 + 8])
    found = model.probability(np.zeros((3, 8), np.int64), unheard)
    assert found[0] > found[1] > found[2] > 0


def test_a_context_never_heard_passes_everything_on(
    make_loop: Make, make_table: Make, make_ngrams: Make
) -> None:
    model = _by_hand(make_loop, make_table, make_ngrams)
    symbols = np.array([0, 1, 2, 7])
    strange = np.full((4, 8), 12345)
    lowest = model.probability(np.zeros((4, 8), np.int64), symbols, order=0)
    assert model.probability(strange, symbols) == pytest.approx(lowest)


def test_style_matters_where_styles_differ(
    make_loop: Make, make_table: Make, make_ngrams: Make
) -> None:
    events = make_table(
        make_loop("a", [[1, 0, 2, 0]] * 4, style="x", resolution=1),
        make_loop("b", [[1, 4, 4, 4]] * 4, style="y", resolution=1),
    )
    model = fit_model(events, *counts_of_table(make_ngrams(events)), 2, "kneser_ney")
    assert model.styles == ("x", "y")
    features = features_of(events_of_bars(events))[1:2]
    of_x, of_y = (
        model.probability(features, np.array([4]), np.array([style]))[0] for style in (0, 1)
    )
    anyhow = model.probability(features, np.array([4]))[0]
    assert of_x < anyhow < of_y
    with pytest.raises(KeyError, match="it knows: x, y"):
        model.style_number("polka")


def test_a_model_is_one_file_that_reads_back_the_same(
    make_grooves: Make, make_ngrams: Make
) -> None:
    events = make_grooves(loops=12)
    model = fit_model(events, *counts_of_table(make_ngrams(events)), 4, "kneser_ney")
    data = pack(model)
    again = unpack(data)
    assert pack(again) == data
    features = features_of(events_of_bars(events))
    symbols = events_of_bars(events).symbol
    style = np.arange(len(symbols)) % 3 - 1
    assert np.array_equal(
        again.probability(features, symbols, style), model.probability(features, symbols, style)
    )
    assert np.array_equal(again.expression.velocity, model.expression.velocity)


@pytest.mark.parametrize("data", [b"", b"PAR1", b"not a model", b"\x80\x04K\x01."])
def test_what_is_no_model_is_refused(data: bytes) -> None:
    with pytest.raises(ModelError, match="not a groove model"):
        unpack(data)
