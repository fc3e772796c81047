"""The catalogue of techniques, and the older form of one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from groove.drums.techniques import (
    INFERRED,
    TechniqueError,
    catalogue,
    load_catalogue,
    parse_catalogue,
    parse_legacy,
)


def test_the_catalogue_is_whole() -> None:
    found = catalogue()
    assert len(found.names) >= 72
    assert set(INFERRED) <= set(found.names)
    assert all(t.description and t.category and t.priority for t in found.techniques)
    assert all(found.resolve(alias) == t.name for t in found.techniques for alias in t.aliases)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("Hi-Hat Barking", "hihat_bark"),
        ("metric mod", "metric_modulation"),
        ("VARIABLE METER", "variable_meter"),
        ("crash dual", "multi_cymbal_same_class"),
        ("yodel", None),
    ],
)
def test_names_in_any_spelling(said: str, meant: str | None) -> None:
    assert catalogue().resolve(said) == meant


def test_search_and_priority() -> None:
    assert "blast_beat" in {t.name for t in catalogue().search("metal")}
    assert {t.priority for t in catalogue().of("high")} == {"high"}
    assert catalogue().search("") == []


def test_plain_text_is_read_where_json_is_missing(tmp_path: Path) -> None:
    legacy = tmp_path / "techniques.txt"
    legacy.write_text(
        "Hi-hat:\n- Hi-hat bark: opened, then shut\n* One-handed roll - with a twist\n\n"
        "== Timing ==\n1. Metric modulation\nStick toss\nstick toss\n"
    )
    found = load_catalogue(tmp_path / "missing.json", legacy)
    assert found.names == ("hihat_bark", "one_handed_roll", "metric_modulation", "stick_toss")
    assert [t.category for t in found.techniques][1::2] == ["hi_hat", "timing"]
    assert found.techniques[1].description == "with a twist"
    present = tmp_path / "techniques.json"
    present.write_text(json.dumps({"schema": 1, "techniques": [{"name": "own_way"}]}))
    assert load_catalogue(present, legacy).names == ("own_way",)


@pytest.mark.parametrize(
    "text",
    [
        "[",
        "[" * 5000,
        '{"schema": 2, "techniques": []}',
        '{"schema": 1, "techniques": [{"name": "A b"}]}',
        '{"schema": 1, "techniques": [{"name": "a"}, {"name": "b", "aliases": ["A"]}]}',
        '{"schema": 1, "techniques": [{"name": "a"}, {"name": "a"}]}',
    ],
)
def test_what_is_no_catalogue_is_refused_by_name(text: str) -> None:
    with pytest.raises(TechniqueError, match=r"own\.json"):
        parse_catalogue(text, "own.json")


def test_an_empty_or_binary_list_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TechniqueError, match="no technique"):
        parse_legacy(["", "Heading:"])
    with pytest.raises(TechniqueError, match="line 2"):
        parse_legacy(["ok", "x" * 1000])
    binary = tmp_path / "list.txt"
    binary.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(TechniqueError, match="UTF-8"):
        load_catalogue(None, binary)
    with pytest.raises(TechniqueError, match="No such file"):
        load_catalogue(tmp_path / "gone.json")
