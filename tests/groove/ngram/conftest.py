"""Tables of drum bars made by hand, and a model trained on some."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import pytest

from groove.core.store import MemoryStore
from groove.core.tables import frame_of
from groove.core.tracking import MemoryTracker
from groove.midi.taxonomy import LABELS
from groove.ngram.language import counts, training
from groove.ngram.spec import ModelSpec, NgramSpec
from groove.ngram.tables import GROOVE_EVENTS, GROOVE_MODEL, GROOVE_NGRAMS

KICK, SNARE, HAT, OPEN = (
    1 << LABELS.index(name) for name in ("kick", "snare", "hihat_closed", "hihat_open")
)

Bars = Sequence[Sequence[int]]
MakeLoop = Callable[..., list[dict[str, object]]]


def loop(
    name: str,
    bars: Bars,
    *,
    split: str = "train",
    style: str | None = None,
    meter: tuple[int, int] = (4, 4),
    resolution: int = 4,
    is_fill: bool = False,
    velocity: int = 90,
    offset: float = 0.0,
) -> list[dict[str, object]]:
    """Return rows of ``groove_events`` of one loop, from its symbols bar by bar."""
    rows: list[dict[str, object]] = []
    for number, symbols in enumerate(bars):
        step, label = np.nonzero(np.array(symbols)[:, None] >> np.arange(len(LABELS)) & 1)
        rows.append(
            {
                "key": name,
                "path": f"loops/{name}.mid",
                "sha256": name,
                "source": "by hand",
                "license": "CC0-1.0" if split == "train" else "CC-BY-4.0",
                "bar": number,
                "meter": f"{meter[0]}/{meter[1]}",
                "numerator": meter[0],
                "denominator": meter[1],
                "resolution": resolution,
                "steps": len(symbols),
                "quarters": 4.0 * meter[0] / meter[1],
                "tempo_bpm": 100.0,
                "style": style,
                "feel": None,
                "section": None,
                "heat": None,
                "intensity": None,
                "density": None,
                "swing": None,
                "is_fill": is_fill,
                "symbols": [int(symbol) for symbol in symbols],
                "hit_step": step.tolist(),
                "hit_label": label.tolist(),
                "hit_velocity": [velocity] * len(step),
                "hit_offset_ticks": [offset] * len(step),
                "unmapped_hits": 0,
                "merged_hits": 0,
                "lost_hits": 0,
                "split_group": name,
                "split": split,
            }
        )
    return rows


def table(*loops: list[dict[str, object]]) -> pd.DataFrame:
    """Return loops as a table that keeps the contract."""
    return frame_of([row for rows in loops for row in rows], GROOVE_EVENTS)


def ngrams(events: pd.DataFrame, spec: NgramSpec | None = None) -> pd.DataFrame:
    """Return the counts of a table of bars."""
    rows = counts.count(events, spec=spec or NgramSpec(max_order=5), store=MemoryStore())
    return frame_of([{"key": "n", **row} for row in rows], GROOVE_NGRAMS)


def grooves(seed: int = 0, loops: int = 60, bars: int = 6) -> pd.DataFrame:
    """Return loops of two styles and two meters: patterns with random ghost notes and hats."""
    random = np.random.default_rng(seed)
    made = []
    for number in range(loops):
        style = ("rock", "bossa")[number % 2]
        meter = (3, 4) if number % 5 == 4 else (4, 4)
        steps = 16 * meter[0] // 4
        base = np.zeros(steps, dtype=np.int64)
        base[::2] |= HAT
        base[0] |= KICK
        base[steps // 2 if style == "rock" else 6] |= KICK
        base[4 if style == "rock" else 10] |= SNARE
        played = []
        for _ in range(bars):
            bar = base.copy()
            bar[random.integers(steps)] ^= SNARE
            if random.random() < 0.3:
                bar[steps - 2] = OPEN
            played.append(bar.tolist())
        split = "test" if number % 6 == 0 else "validation" if number % 6 == 1 else "train"
        made.append(
            loop(
                f"loop{number:03d}",
                played,
                split=split,
                style=style,
                meter=meter,
                velocity=100 if style == "rock" else 60,
                offset=10.0 if style == "rock" else -10.0,
            )
        )
    return table(*made)


class Trained:
    """A training's inputs and results."""

    def __init__(self) -> None:
        self.events = grooves()
        self.store = MemoryStore()
        self.tracker = MemoryTracker()
        self.ngrams = ngrams(self.events)
        rows = training.train(
            self.events,
            self.ngrams,
            spec=ModelSpec(min_condition_bars=4),
            store=self.store,
            tracker=self.tracker,
        )
        self.table = frame_of([{"key": "m", **row} for row in rows], GROOVE_MODEL)
        self.blob = self.store.read(self.table["blob"].iloc[0])


@pytest.fixture(scope="session")
def trained() -> Trained:
    return Trained()


@pytest.fixture(scope="session")
def make_loop() -> MakeLoop:
    return loop


@pytest.fixture(scope="session")
def make_table() -> Callable[..., pd.DataFrame]:
    return table


@pytest.fixture(scope="session")
def make_ngrams() -> Callable[..., pd.DataFrame]:
    return ngrams


@pytest.fixture(scope="session")
def make_grooves() -> Callable[..., pd.DataFrame]:
    return grooves
