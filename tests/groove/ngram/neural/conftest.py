"""One small network, trained once."""

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from groove.core.store import MemoryStore
from groove.core.tables import frame_of
from groove.core.tracking import MemoryTracker
from groove.ngram.neural import training
from groove.ngram.neural.codec import load
from groove.ngram.spec import RnnSpec
from groove.ngram.tables import GROOVE_RNN

SMALL = RnnSpec(
    epochs=10, hidden=32, window=64, batch_windows=8, dropout=0.1, threads=1, accelerator="cpu"
)


class Trained:
    """A training's inputs and results."""

    def __init__(self, events: pd.DataFrame) -> None:
        self.events = events
        self.store = MemoryStore()
        self.tracker = MemoryTracker()
        rows = training.train(events, spec=SMALL, store=self.store, tracker=self.tracker)
        self.table = frame_of([{"key": "r", **row} for row in rows], GROOVE_RNN)
        self.data = self.store.read(self.table["blob"].iloc[0])
        self.model = load(self.data)

    def side(self, split: str) -> pd.DataFrame:
        """Return the bars of one split."""
        return self.events[self.events["split"] == split].reset_index(drop=True)


@pytest.fixture(scope="session")
def small() -> RnnSpec:
    return SMALL


@pytest.fixture(scope="session")
def rnn(make_grooves: Callable[..., Any]) -> Trained:
    return Trained(make_grooves())
