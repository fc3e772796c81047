"""The aux map: what is refused, what is warned of, what reaches the loops."""

import json

import pytest

from groove.ngram.corpus.auxmap import AuxError, matched, read_aux


def test_a_map_is_read_and_matched_by_path_name_or_stem() -> None:
    text = {
        "a/one.mid": {"section": "verse", "heat_bin": 3, "intensity": "low"},
        "two.mid": {"section": "chorus"},
        "three": {"heat_bin": 15},
    }
    entries, warnings = read_aux(json.dumps(text).encode())
    assert warnings == []
    tags, extra = matched(entries, ["a/one.mid", "b/two.mid", "three.mid"])
    assert extra == []
    assert tags == {
        "a/one.mid": {"section": "verse", "heat": "3", "intensity": "low"},
        "b/two.mid": {"section": "chorus"},
        "three.mid": {"heat": "15"},
    }


def test_a_loop_without_an_entry_is_named() -> None:
    with pytest.raises(AuxError, match=r"no entry for b\.mid, c\.mid"):
        matched({"a.mid": {}}, ["a.mid", "b.mid", "c.mid"])


def test_extra_entries_and_fields_are_warned_of() -> None:
    entries, warnings = read_aux(b'{"a.mid": {"section": "verse", "mood": "x"}, "z.mid": {}}')
    assert warnings == ["'a.mid': ignored mood"]
    _, extra = matched(entries, ["a.mid"])
    assert extra == ["the aux map names 'z.mid', which is no loop here"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b'{"a": {"section": "Verse 1"}}', "section 'Verse 1'"),
        (b'{"a": {"section": "%s"}}' % (b"x" * 33), "section"),
        (b'{"a": {"section": 3}}', "section 3"),
        (b'{"a": {"heat_bin": 16}}', "heat_bin 16"),
        (b'{"a": {"heat_bin": -1}}', "heat_bin -1"),
        (b'{"a": {"heat_bin": true}}', "heat_bin True"),
        (b'{"a": {"heat_bin": 2.5}}', "heat_bin 2.5"),
        (b'{"a": {"heat_bin": NaN}}', "NaN"),
        (b'{"a": {"intensity": "loud"}}', "intensity 'loud'"),
        (b'{"a": {}, "a": {}}', "'a' is given twice"),
        (b'{"a": {"heat_bin": 1, "heat_bin": 2}}', "'heat_bin' is given twice"),
        (b'{"a": 3}', "object"),
        (b"[1]", "object"),
        (b'{"a": ', "not JSON"),
        (b"\xff\xfe", "UTF-8"),
        (b"[" * 200_000, "levels deep"),
        (b'{"a": {"heat_bin": %s}}' % (b"9" * 10_000), "digits|heat_bin"),
    ],
)
def test_what_is_wrong_is_refused_with_the_reason(text: bytes, reason: str) -> None:
    with pytest.raises(AuxError, match=reason):
        read_aux(text)


def test_a_huge_map_is_refused_unread() -> None:
    with pytest.raises(AuxError, match="at most"):
        read_aux(b" " * 16_777_217)


def test_brackets_within_text_are_no_depth() -> None:
    entries, _ = read_aux(b'{"[[[[[[[[[[[[.mid": {"section": "a"}}')
    assert entries == {"[[[[[[[[[[[[.mid": {"section": "a"}}
