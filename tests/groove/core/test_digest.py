"""Digests: equal things agree, different things differ."""

import numpy as np
import pandas as pd
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from groove.core.digest import arrow_digest, digest, row_key, seed_of, table_digest
from groove.core.spec import FitSpec
from groove.core.tables import Column, Table

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
POINTS = Table(
    "points",
    "A point.",
    (
        Column("x", "float", "Place"),
        Column("beat_s", "floats", "Times"),
        Column("seconds", "float", "Measured", volatile=True),
    ),
)


@given(st.dictionaries(st.text(), VALUES, max_size=5))
def test_the_order_of_names_does_not_matter(value: dict[str, object]) -> None:
    turned = dict(reversed(list(value.items())))
    assert digest(value) == digest(turned)


def test_an_array_is_its_type_shape_and_content() -> None:
    one = np.arange(6, dtype=np.float64)
    seen = {
        digest(one),
        digest(one.astype(np.float32)),
        digest(one.reshape(2, 3)),
        digest(one + 1e-16 + 1e-12),
    }
    assert len(seen) == 4
    assert digest(one[::2]) == digest(one[::2].copy())


def test_a_row_key_changes_with_content_version_and_spec_and_nothing_else() -> None:
    row = {"path": "a", "sha256": "1", "modified_ns": 5, "key": "k"}
    spec = FitSpec(epochs=3)
    base = row_key(row, "1", spec, {"modified_ns"})
    assert row_key(row | {"modified_ns": 6, "key": "other"}, "1", spec, {"modified_ns"}) == base
    assert row_key(row | {"sha256": "2"}, "1", spec, {"modified_ns"}) != base
    assert row_key(row, "2", spec, {"modified_ns"}) != base
    assert row_key(row, "1", FitSpec(epochs=4), {"modified_ns"}) != base


def test_a_table_digest_ignores_what_is_volatile_and_sees_one_bit() -> None:
    frame = pd.DataFrame({"x": [1.0, 2.0], "beat_s": [[0.0], [0.5, 1.0]], "seconds": [1.0, 2.0]})
    base = table_digest(frame, POINTS)
    assert table_digest(frame.assign(seconds=[9.0, 9.0]), POINTS) == base
    assert table_digest(frame.assign(x=[1.0, np.nextafter(2.0, 3.0)]), POINTS) != base
    assert table_digest(frame.iloc[::-1], POINTS) != base
    longer = pd.concat([frame, frame]).iloc[:2]
    assert table_digest(longer, POINTS) == base


def test_seeds_fill_63_bits_and_repeat() -> None:
    seeds = {seed_of("song", i) for i in range(1000)}
    assert len(seeds) == 1000
    assert all(0 <= seed < 2**63 for seed in seeds)
    assert seed_of("song", 1) == seed_of("song", 1)


def test_what_lies_under_a_null_does_not_count() -> None:
    contract = Table("t", "T.", (Column("x", "float", "X", nullable=True),))
    mask = np.array([False, True])
    tables = [
        pa.table({"x": pa.Array.from_pandas(np.array([1.0, under]), mask=mask, type=pa.float64())})
        for under in (np.nan, 7.0)
    ]
    assert tables[0].equals(tables[1])
    first, second = (arrow_digest(table, contract) for table in tables)
    assert first == second
    other = pa.table({"x": pa.array([1.0, 0.0])})
    assert arrow_digest(other, contract) != first
