"""Bars as tokens on 16 steps and 13 labels."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from groove.midi.taxonomy import LABELS
from groove.ngram.judge.tokens import COARSE, coarse_of, on_sixteenths, projected, tokens_of

Make = Callable[..., pd.DataFrame]
BIT = {name: 1 << LABELS.index(name) for name in LABELS}


def test_thirteen_labels_cover_the_taxonomy() -> None:
    coarse = coarse_of(LABELS)
    assert coarse is not None
    assert len(COARSE) == 13
    assert sorted(set(coarse.tolist())) == list(range(13))
    assert coarse_of(["kick", "conga_high"]) is None


def test_labels_that_are_joined_become_one_bit() -> None:
    coarse = coarse_of(LABELS)
    assert coarse is not None
    both = np.array([BIT["snare"] | BIT["rimshot"], BIT["rimshot"], BIT["snare"], BIT["kick"]])
    sets = projected(both, coarse)
    assert sets[0] == sets[1] == sets[2] == 1 << COARSE.index("snare")
    assert sets[3] == 1 << COARSE.index("kick")
    crashes = np.array([BIT["china"], BIT["splash"], BIT["crash"]])
    assert len(set(projected(crashes, coarse).tolist())) == 1


def test_tokens_are_in_order_of_step_and_label(make_loop: Make, make_table: Make) -> None:
    first = [0] * 16
    first[0] = BIT["kick"] | BIT["snare"] | BIT["rimshot"]
    first[4] = BIT["hihat_closed"]
    second = [0] * 15 + [BIT["kick"]]
    bars = make_table(make_loop("a", [first, [0] * 16]), make_loop("b", [second]))
    tokens = tokens_of(on_sixteenths(bars), coarse_of(LABELS))  # type: ignore[arg-type]  # known
    snare, hat = COARSE.index("snare"), COARSE.index("hihat_closed")
    assert tokens.token.tolist() == [0, snare, 4 * 13 + hat, 15 * 13]
    assert tokens.start.tolist() == [0, 0, 0, 3]
    assert tokens.bars == 3


def test_other_grids_go_to_the_nearest_sixteenth(make_loop: Make, make_table: Make) -> None:
    triplets = [BIT["kick"]] * 3 + [0] * 9
    fine = [0] * 31 + [BIT["snare"]]
    bars = make_table(
        make_loop("a", [triplets], resolution=3),
        make_loop("b", [fine], resolution=8),
        make_loop("c", [[BIT["kick"]] * 12], meter=(3, 4)),
    )
    played = on_sixteenths(bars)
    assert played["key"].tolist() == ["a", "b"]
    assert np.flatnonzero(played["symbols"].iloc[0]).tolist() == [0, 1, 3]
    assert np.flatnonzero(played["symbols"].iloc[1]).tolist() == [15]
    assert (played["steps"] == 16).all()


def test_no_bars_are_no_tokens(make_loop: Make, make_table: Make) -> None:
    bars = make_table(make_loop("c", [[1] * 12], meter=(3, 4)))
    coarse = coarse_of(LABELS)
    assert coarse is not None
    assert len(tokens_of(on_sixteenths(bars), coarse)) == 0
