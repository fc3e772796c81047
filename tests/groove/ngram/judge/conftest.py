"""A small model, and the loops it never heard."""

from collections.abc import Callable

import pandas as pd
import pytest

from groove.ngram.language.model import GrooveModel
from groove.ngram.language.training import train_model
from groove.ngram.spec import EvaluationSpec, ModelSpec, NgramSpec


@pytest.fixture(scope="session")
def bars(make_grooves: Callable[..., pd.DataFrame]) -> pd.DataFrame:
    made = make_grooves(loops=120)
    # Both styles are on every side.
    pair = made["key"].str.removeprefix("loop").astype(int) // 2 % 5
    return made.assign(split=pair.map({0: "test", 1: "validation"}).fillna("train"))


@pytest.fixture(scope="session")
def held_out(bars: pd.DataFrame) -> pd.DataFrame:
    return bars[bars["split"] == "test"].reset_index(drop=True)


@pytest.fixture(scope="session")
def model(bars: pd.DataFrame) -> GrooveModel:
    return train_model(bars, NgramSpec(), ModelSpec(min_condition_bars=4)).model


@pytest.fixture(scope="session")
def small() -> EvaluationSpec:
    return EvaluationSpec(
        grooves=24, bars=4, bootstrap=20, floor_splits=2, style_grooves=12, style_bars=2, contexts=2
    )
