"""Probabilities sum to one, look back only, and are the same step by step, in torch and ONNX."""

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from groove.export import onnx
from groove.ngram.neural import scoring
from groove.ngram.neural.exporting import export_case
from groove.ngram.neural.inputs import Steps, steps_of
from groove.ngram.neural.network import struck_of


def _bars_with(rnn: Any, at: int, symbol: int) -> Any:
    """Return the first loop of the test split, with another set at one step."""
    bars = rnn.side("test")
    bars = bars[bars["key"] == bars["key"].iloc[0]].reset_index(drop=True)
    rows = [list(row) for row in bars["symbols"]]
    if at >= 0:
        rows[at // 16][at % 16] = symbol
    return bars.assign(symbols=rows)


def test_probabilities_of_all_sets_sum_to_one(rnn: Any) -> None:
    steps = steps_of(_bars_with(rnn, -1, 0).iloc[:1], rnn.model.vocabulary)
    every = np.arange(1 << len(rnn.model.vocabulary.labels))
    found = scoring.distribution(rnn.model, steps, every)
    np.testing.assert_allclose(found.sum(axis=1), 1.0, rtol=0, atol=1e-9)
    assert (found > 0).all()
    own = found[np.arange(len(steps)), steps.symbol]
    np.testing.assert_allclose(-np.log2(own), scoring.bits_of_steps(rnn.model, steps), atol=1e-9)


@settings(max_examples=20, deadline=None)
@given(at=st.integers(0, 95), symbol=st.integers(0, 2**16 - 1))
def test_a_step_changes_nothing_before_it_and_not_its_own_guess(
    rnn: Any, at: int, symbol: int
) -> None:
    known = rnn.model.vocabulary.symbols
    plain, changed = (
        scoring.distribution(
            rnn.model, steps_of(_bars_with(rnn, place, symbol), rnn.model.vocabulary), known
        )
        for place in (-1, at)
    )
    np.testing.assert_allclose(plain[: at + 1], changed[: at + 1], rtol=0, atol=1e-6)


def test_a_step_changes_what_follows(rnn: Any) -> None:
    known = rnn.model.vocabulary.symbols
    plain, changed = (
        scoring.distribution(
            rnn.model, steps_of(_bars_with(rnn, place, 0xFFFF), rnn.model.vocabulary), known
        )
        for place in (-1, 20)
    )
    # The next step, and the same step one bar and two bars later.
    for later in (21, 36, 52):
        assert np.abs(plain[later] - changed[later]).max() > 1e-5


def test_every_loop_starts_afresh_and_pieces_do_not_matter(
    rnn: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    bars = rnn.side("test")
    whole = scoring.bits_of_steps(rnn.model, steps_of(bars, rnn.model.vocabulary))
    alone = [
        scoring.bits_of_steps(
            rnn.model, steps_of(loop.reset_index(drop=True), rnn.model.vocabulary)
        )
        for _, loop in bars.groupby("key", sort=False)
    ]
    np.testing.assert_allclose(whole, np.concatenate(alone), atol=1e-4)
    monkeypatch.setattr(scoring, "_LOOPS_AT_ONCE", 3)
    monkeypatch.setattr(scoring, "_STEPS_AT_ONCE", 7)
    pieces = scoring.bits_of_steps(rnn.model, steps_of(bars, rnn.model.vocabulary))
    np.testing.assert_allclose(whole, pieces, atol=1e-4)


def test_onnx_with_explicit_state_says_the_same_over_a_whole_loop(rnn: Any) -> None:
    case = export_case(rnn.data)
    data = onnx.export(case)
    assert onnx.parity(case, data, steps=50) < 1e-4
    steps: Steps = steps_of(_bars_with(rnn, -1, 0), rnn.model.vocabulary)
    expected = scoring.distribution(rnn.model, steps, rnn.model.vocabulary.symbols, tagged=True)
    running = onnx.session(data)
    state = np.zeros(tuple(case.inputs[4].shape), dtype=np.float32)
    struck = struck_of(torch.from_numpy(steps.heard), len(rnn.model.vocabulary.labels)).numpy()
    for at in range(len(steps)):
        scores, coins, state = running.run(
            ["log_probability", "coins", "next_state"],
            {
                "struck": struck[at : at + 1],
                "place": steps.place[at : at + 1],
                "position": steps.position[at : at + 1],
                "tags": steps.tags[steps.bar[at : at + 1]],
                "state": state,
            },
        )
        new = np.exp(scores[0, -1])
        bits = rnn.model.vocabulary.symbols[:, None] >> np.arange(coins.shape[1]) & 1
        share = 1.0 / (1.0 + np.exp(-coins[0].astype(np.float64)))
        spread = np.where(bits == 1, share, 1.0 - share).prod(axis=1)
        found = np.exp(scores[0, :-1]) + new * spread
        np.testing.assert_allclose(found, expected[at], rtol=0, atol=1e-4)
