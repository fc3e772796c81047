"""What is drawn from is what is scored, after any context and under any conditions."""

import numpy as np
import pandas as pd
import pytest

from groove.ngram.language.context import events_of_bars, features_of
from groove.ngram.language.model import GrooveModel
from groove.ngram.language.walk import Walk
from groove.ngram.play.distribution import Outlook


def conditions_of(model: GrooveModel) -> list[tuple[int, ...]]:
    styles = [model.resolve({"style": name})[0] for name in ("rock", "bossa")]
    several = model.resolve({"style": "rock", "fill": "yes"})[0]
    return [(), *styles, several, (styles[0][0], styles[1][0])]


def test_it_is_the_models_probability(model: GrooveModel, bars: pd.DataFrame) -> None:
    features = features_of(events_of_bars(bars))
    random = np.random.default_rng(3)
    outlook, known = Outlook(model), model.symbols
    for conditions in conditions_of(model):
        wanted = np.tile(np.array(conditions or (-1,)), (len(known), 1))
        heard = features[random.integers(0, len(features), 30)]
        # Contexts never heard: every feature from another step.
        mixed = np.stack([random.permutation(column) for column in heard.T], axis=1)
        for context in np.concatenate([heard, mixed]):
            repeated = np.tile(context, (len(known), 1))
            scored = model.probability(repeated, known, wanted)
            drawn_from = outlook.of(context.tolist(), conditions)
            assert np.abs(drawn_from - scored).max() < 1e-12


def test_a_walk_has_the_features_of_the_events(bars: pd.DataFrame) -> None:
    loop = bars[bars["key"] == bars["key"].iloc[0]].reset_index(drop=True)
    row = loop.iloc[0]
    features = features_of(events_of_bars(loop))
    walk = Walk(row["numerator"], row["denominator"], row["resolution"], row["steps"], [])
    for at, symbol in enumerate(np.concatenate(loop["symbols"].to_list()).tolist()):
        assert walk.context() == features[at].tolist()
        walk.push(symbol)


def test_what_is_kept_does_not_change_what_is_said(model: GrooveModel, bars: pd.DataFrame) -> None:
    features = features_of(events_of_bars(bars))[::37].tolist()
    used, given = Outlook(model), conditions_of(model)[3]
    for context in features:
        used.of(context, given)
    for context in features[:20]:
        assert used.of(context) == pytest.approx(Outlook(model).of(context), abs=1e-15)
