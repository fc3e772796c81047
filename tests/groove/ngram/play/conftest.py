"""A small model that knows styles, meters and fills, and how its loops are played."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from groove.midi.taxonomy import LABELS
from groove.ngram.language.model import GrooveModel
from groove.ngram.language.training import train_model
from groove.ngram.spec import ModelSpec, NgramSpec

KICK, SNARE, TOM = (1 << LABELS.index(name) for name in ("kick", "snare", "tom_high"))


@pytest.fixture(scope="session")
def bars(make_grooves: Callable[..., pd.DataFrame], make_loop: Callable[..., list]) -> pd.DataFrame:
    """Grooves of two styles and two meters, and fills of toms in 4/4."""
    random = np.random.default_rng(5)
    fills = []
    for number in range(24):
        roll = np.where(random.random(16) < 0.8, TOM, KICK)
        roll[0] = KICK
        style = ("rock", "bossa")[number % 2]
        split = "validation" if number % 8 == 7 else "train"
        fills += make_loop(
            f"zfill{number:02d}", [roll.tolist()] * 2, style=style, is_fill=True, split=split
        )
    made = make_grooves()
    return pd.concat([made, pd.DataFrame(fills, columns=made.columns)], ignore_index=True)


@pytest.fixture(scope="session")
def model(bars: pd.DataFrame) -> GrooveModel:
    return train_model(bars, NgramSpec(), ModelSpec(min_condition_bars=4)).model


@pytest.fixture(scope="session")
def plain_model(bars: pd.DataFrame) -> GrooveModel:
    """The same without any fill, heard or known of."""
    kept = bars[~bars["is_fill"].astype(bool)].reset_index(drop=True)
    spec = NgramSpec(exclude_fills=True)
    return train_model(kept, spec, ModelSpec(min_condition_bars=4)).model
