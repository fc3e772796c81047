"""Bars that a model never saw, ready to be scored.

What belongs here: arrays and code lengths. What does not: what is chosen by them
(:mod:`groove.ngram.language.training`), references (:mod:`groove.ngram.judge`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from groove.ngram.corpus.conditions import tags_of_name, value_of
from groove.ngram.language.context import FEATURES, Ints, events_of_bars, features_of
from groove.ngram.language.levels import Floats
from groove.ngram.language.model import GrooveModel

#: Steps below which a style's figures say nothing.
_LEAST_STEPS = 64


@dataclass(frozen=True)
class Heldout:
    """One split, ready to be scored.

    Parameters
    ----------
    features, symbol, bar
        Per step: context features, what was played, row of the bar.
    bars, hits
        What figures are divided by.
    """

    features: Ints
    symbol: Ints
    bar: Ints
    bars: int
    hits: int

    @property
    def run(self) -> Ints:
        """Feature ``run`` of each step."""
        return np.asarray(self.features[:, FEATURES.index("run")])


def sides_of(bars: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the bars of each split."""
    return {
        str(name): rows.reset_index(drop=True) for name, rows in bars.groupby("split", sort=True)
    }


def heldout(bars: pd.DataFrame) -> Heldout:
    """Return rows of ``groove_events`` ready to be scored."""
    events = events_of_bars(bars)
    return Heldout(
        features=features_of(events),
        symbol=events.symbol,
        bar=events.bar,
        bars=len(bars),
        hits=int(sum(len(steps) for steps in bars["hit_step"])),
    )


def bits(probability: Floats) -> float:
    """Return the mean code length in bits."""
    return float(-np.log2(probability).mean())


def style_numbers(model: GrooveModel, bars: pd.DataFrame) -> Ints:
    """Return the number of each row's style among the model's conditions, -1 if it has none."""
    styles = bars["style"].map(value_of)
    known = {
        style: next(iter(model.resolve({"style": style})[0]), -1) for style in set(styles.dropna())
    }
    return np.array([known.get(style, -1) for style in styles], dtype=np.int64)


def by_style(
    model: GrooveModel, bars: pd.DataFrame, side: Heldout, plain: Floats
) -> dict[str, float]:
    """Return bits per step of each style: told nothing, and told the style.

    Parameters
    ----------
    plain
        Code length of each step without conditions.
    """
    condition = style_numbers(model, bars)[side.bar]
    given = -np.log2(model.probability(side.features, side.symbol, condition))
    found, known = {}, condition > 0
    if known.any():
        found["test_bits_per_event_any_style"] = float(plain[known].mean())
        found["test_bits_per_event_right_style"] = float(given[known].mean())
    for number in np.unique(condition[known]).tolist():
        at = condition == number
        if at.sum() >= _LEAST_STEPS:
            style = tags_of_name(model.conditions[number])["style"]
            name = re.sub(r"[^a-z0-9_]+", "_", style)
            found[f"style_{name}_bits_none"] = float(plain[at].mean())
            found[f"style_{name}_bits_right"] = float(given[at].mean())
    return found
