"""Code lengths of the yardstick against adding up every set of labels."""

import numpy as np
import pandas as pd

from groove.ngram.judge.likelihood import (
    bits_by_event,
    coarse_bits_by_event,
    coarse_probability,
    sum_to_one_error,
)
from groove.ngram.judge.tokens import coarse_of, on_sixteenths, projected
from groove.ngram.language.context import events_of_bars, features_of
from groove.ngram.language.model import GrooveModel


def test_joined_sets_are_added_up_exactly(model: GrooveModel, held_out: pd.DataFrame) -> None:
    coarse = coarse_of(model.labels)
    assert coarse is not None
    events = events_of_bars(held_out)
    features = features_of(events)[[5, 40]]
    every = np.arange(1 << len(model.labels))
    amounts = projected(every, coarse)
    # Snare or rim with all crashes, silence, and a kick alone.
    for symbol in (0b1110_0000_0110, 0, 1):
        wanted = [
            model.probability(np.broadcast_to(row, (len(every), len(row))), every)[
                amounts == projected(np.array([symbol]), coarse)[0]
            ].sum()
            for row in features
        ]
        found = coarse_probability(model, features, np.array([symbol, symbol]), coarse)
        np.testing.assert_allclose(found, wanted, rtol=1e-9)


def test_fewer_labels_need_no_more_bits(model: GrooveModel, held_out: pd.DataFrame) -> None:
    coarse = coarse_of(model.labels)
    assert coarse is not None
    played = on_sixteenths(held_out)
    assert (
        coarse_bits_by_event(model, played, coarse) <= bits_by_event(model, played) + 1e-9
    ).all()


def test_all_outcomes_sum_to_one(model: GrooveModel, held_out: pd.DataFrame) -> None:
    error = sum_to_one_error(model, held_out, contexts=3)
    assert error is not None
    assert error < 1e-9
    assert sum_to_one_error(model, held_out.iloc[:0]) is None


def test_tags_help(model: GrooveModel, held_out: pd.DataFrame) -> None:
    plain = bits_by_event(model, held_out).mean()
    tagged = bits_by_event(model, held_out, model.conditions_of(held_out)).mean()
    assert tagged < plain


def test_no_step_is_told_what_comes(model: GrooveModel, held_out: pd.DataFrame) -> None:
    # What follows a step is made something else: what it was predicted from stays.
    random = np.random.default_rng(0)
    plain = bits_by_event(model, held_out)
    events = events_of_bars(held_out)
    for cut in random.integers(1, len(events), 12).tolist():
        changed = events.symbol.copy()
        changed[cut:] = random.integers(0, 1 << 12, len(changed) - cut)
        firsts = np.unique(np.cumsum(held_out["steps"]))[:-1]
        other = held_out.copy()
        other["symbols"] = pd.Series(np.split(changed, firsts))
        np.testing.assert_allclose(bits_by_event(model, other)[:cut], plain[:cut])
        before, after = (features_of(events_of_bars(one))[cut] for one in (held_out, other))
        np.testing.assert_array_equal(before, after)
