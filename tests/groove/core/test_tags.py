"""Tags of side-cars and file names; side-cars come from strangers."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groove.core import tags


def test_a_sidecar_is_read_with_one_spelling_per_name():
    found = tags.sidecar(
        b"style: lofi\nlicence: CC0-1.0\nfill: yes\nbpm: 92\nempty:\nnested: {a: [1, 2.5]}\n"
    )
    assert found == {
        "style": "lofi",
        "license": "CC0-1.0",
        "is_fill": True,
        "bpm": 92,
        "nested": {"a": [1, 2.5]},
    }
    assert tags.sidecar(b"") == {}


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"a: [1, 2", "not YAML"),
        (b"- 1\n- 2\n", "mapping is expected"),
        (b"a: &x [1]\nb: *x\n", "aliases"),
        (b"a: " + b"[" * 40 + b"]" * 40, "nested deeper"),
        (b"a: " + b"[" * 100_000, "nested deeper"),
        (b"a: b\n" * 100_000, "at most"),
        (b"a: \xff\xfe", "UTF-8"),
        (b"a: !!python/object/apply:os.system [ls]", "not YAML"),
        (b"a: 2024-13-45", "cannot be read"),
        (b"a: !!binary aGk=", "tag"),
        (b"style: funk\nfeel: lazy\nstyle: rock\n", "'style' is given twice, again in line 3"),
        (b"nested: [{a: {b: 1, c: 2, b: 3}}]", "'b' is given twice"),
    ],
)
def test_a_harmful_or_broken_sidecar_is_refused_with_the_reason(data, reason):
    with pytest.raises(tags.TagsError, match=reason):
        tags.sidecar(data)


@pytest.mark.parametrize(
    ("stem", "expected"),
    [
        ("beat", {}),
        ("1_funk_80_beat_4-4", {}),
        ("take__style-lofi_feel-lazy_02", {"style": "lofi"}),
        ("take__style-lofi__feel-lazy", {"style": "lofi", "feel": "lazy"}),
        ("take__license-CC0", {"license": "CC0"}),
        ("rock_fill_2", {"is_fill": True}),
        ("Fill 3", {"is_fill": True}),
        ("BalladFillA", {"is_fill": True}),
        ("landfill", {}),
        ("fulfilled", {}),
        ("take__fill-no_fill", {"is_fill": False}),
    ],
)
def test_names_carry_tags(stem, expected):
    assert tags.of_name(stem) == expected


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(st.dictionaries(st.text(), plain))
def test_any_tags_become_json(found):
    json.loads(tags.to_json(tags.normalised(found)))


def test_an_earlier_layer_wins():
    assert tags.merged({"a": 1}, {"a": 2, "b": 3}) == {"a": 1, "b": 3}
