"""Training loops come out of the model as they went in, and lead drawing in."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from groove.ngram.language import forms
from groove.ngram.language.context import events_of_bars, features_of
from groove.ngram.language.loops import Loops

Make = Callable[..., pd.DataFrame]


def test_loops_come_out_as_they_went_in(make_grooves: Make) -> None:
    bars = make_grooves(loops=10)
    loops = Loops.of_bars(bars)
    again = loops.bars()
    assert len(loops) == bars["key"].nunique()
    assert np.array_equal(features_of(events_of_bars(again)), features_of(events_of_bars(bars)))
    for name in ("path", "license", "source", "bar", "meter", "numerator", "steps", "resolution"):
        assert again[name].tolist() == bars[name].tolist()
    assert again["symbols"].map(list).tolist() == bars["symbols"].map(list).tolist()
    empty = Loops.of_bars(bars.iloc[:0])
    assert len(empty) == 0
    assert empty.bars().empty


def test_lead_ins_are_two_bars_of_one_loop_and_form(make_loop: Make, make_table: Make) -> None:
    bars = make_table(
        make_loop("a", [[1, 2], [3, 4], [5, 6]], resolution=1, meter=(2, 4), style="x"),
        make_loop("b", [[7, 8], [9, 10]], resolution=1, meter=(2, 4), style="y"),
        make_loop("c", [[11, 12], [13, 14]], resolution=1, meter=(2, 4), is_fill=True),
        make_loop("d", [[1, 2, 3]], resolution=1, meter=(3, 4), style="y"),
    )
    found = forms.collect(bars, ["style=x", "style=y"])
    assert set(found) == {"", "style=x", "style=y"}
    everything = found[""][0]
    assert (everything["numerator"], everything["steps"], everything["bars"]) == (2, 2, 7)
    loops = Loops.of_bars(bars)
    assert loops.leads(everything["starts"]).tolist() == [
        [1, 2, 3, 4],
        [3, 4, 5, 6],
        [7, 8, 9, 10],
    ]
    assert loops.leads(found["style=y"][0]["starts"]).tolist() == [[7, 8, 9, 10]]
    assert found["style=y"][1]["starts"] == []
    assert loops.leads([]).size == 0
