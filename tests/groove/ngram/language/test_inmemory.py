"""Counting in memory gives what counting by DuckDB gives, and a part is what it is alone."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from groove.core.tables import frame_of
from groove.ngram.language.counts import Counts, batches_of, count_batches, counts_of_table
from groove.ngram.language.inmemory import counts_in_memory, counts_of_a_part
from groove.ngram.language.labels import label_counts, label_counts_of_a_part
from groove.ngram.spec import NgramSpec
from groove.ngram.tables import GROOVE_NGRAMS

Make = Callable[..., pd.DataFrame]
SPEC = NgramSpec(max_order=4)


def same(one: Counts, other: Counts, names: list[str], others: list[str]) -> None:
    """Assert equal n-grams, conditions by name and contexts by rank."""
    np.testing.assert_array_equal(one.keys, other.keys)
    frames = []
    for counts, known in ((one, names), (other, others)):
        condition = [known[number] for number in counts.condition]
        frame = pd.DataFrame({"x": counts.context, "c": condition, "s": counts.symbol})
        frame = frame.assign(n=counts.n, w=counts.weight)
        frames.append(frame.sort_values(["x", "c", "s"], ignore_index=True))
    columns = ["x", "c", "s", "n"]
    pd.testing.assert_frame_equal(frames[0][columns], frames[1][columns])
    np.testing.assert_allclose(frames[0]["w"], frames[1]["w"], rtol=1e-5)


def test_it_counts_what_duckdb_counts(make_grooves: Make) -> None:
    bars = make_grooves(3, 18, 3)
    rows = [{"key": "", **row} for row in count_batches(batches_of(bars, 4), SPEC)]
    names, expected = counts_of_table(frame_of(rows, GROOVE_NGRAMS))
    found_names, found = counts_in_memory(bars, SPEC)
    assert found_names == names
    assert found.keys() == expected.keys()
    for chain, orders in expected.items():
        for one, other in zip(found[chain], orders, strict=True):
            same(one, other, names, names)


def test_a_part_is_counted_as_if_it_were_alone(make_grooves: Make) -> None:
    bars = make_grooves(3, 18, 3)
    own = bars["key"].isin([f"loop{number:03d}" for number in (0, 1, 2, 3, 9)]).to_numpy()
    (names, part), (_, whole) = counts_of_a_part(bars, SPEC, own)
    alone_names, alone = counts_in_memory(bars[own].reset_index(drop=True), SPEC)
    _, everything = counts_in_memory(bars, SPEC)
    for chain in alone:
        for one, other in zip(part[chain], alone[chain], strict=True):
            # A loop's weight is relative to the average of what is counted with it.
            scaled = Counts(one.keys, one.context, one.condition, one.symbol, one.n, one.weight)
            ratio = other.weight.sum() / one.weight.sum()
            object.__setattr__(scaled, "weight", one.weight * ratio)
            same(scaled, other, names, alone_names)
        for one, other in zip(whole[chain], everything[chain], strict=True):
            same(one, other, names, names)
    single, both = label_counts_of_a_part(bars, names, 16, "proportional", own)
    lonely = label_counts(bars[own].reset_index(drop=True), names, 16, "proportional")
    for one, other in zip(single, lonely, strict=True):
        same(one, other, names, names)
    for one, other in zip(both, label_counts(bars, names, 16, "proportional"), strict=True):
        same(one, other, names, names)
