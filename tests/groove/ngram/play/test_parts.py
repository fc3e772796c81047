"""An arrangement file means one thing, and a harmful one nothing at all."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groove.ngram.play.parts import (
    MAX_BYTES,
    PartsError,
    PartSpec,
    model_file,
    parts_of,
    read_parts,
)

SONG = b"""
tempo: 104
meter: 4/4
seed: 7
parts:
  drums:
    cond: {style: funk, fill: no, heat: 3}
    fill_every: 4
  percussion:
    backend: perc_ngram
    model_path: models/perc_ngram.parquet
    bars: 2
sections:
  - {name: intro, bars: 4, parts: [percussion]}
  - {name: verse, bars: 8, cond: {section: verse}}
"""


def test_a_file_says_what_it_says() -> None:
    spec = parts_of(SONG)
    assert list(spec.parts) == ["drums", "percussion"]
    assert spec.parts["drums"].cond == {"style": "funk", "fill": "no", "heat": "3"}
    assert spec.parts["drums"].backend == "ngram"
    assert spec.parts["drums"].model_path == "released"
    assert [(section.name, section.bars) for section in spec.form()] == [("intro", 4), ("verse", 8)]


def test_a_part_may_say_nothing_and_sections_may_be_left_out() -> None:
    spec = parts_of(b"parts:\n  drums:\n  perc: {backend: perc_ngram, bars: 6}\n")
    assert spec.parts["drums"] == PartSpec()
    assert [section.bars for section in spec.form()] == [6]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "mapping"),
        (b"- 1", "mapping"),
        (b"parts: {}", "at least 1 item"),
        (b"tempo: 100", "parts: Field required"),
        (b"parts: {a: {tempratur: 1}}", r"parts\.a\.tempratur"),
        (b"parts: {a: {cond: {stile: funk}}}", "known are style"),
        (b"parts: {a: {backend: lstm}}", "'ngram' or 'perc_ngram'"),
        (b"parts: {a: {temperature: .nan}}", "temperature"),
        (b"parts: {a: {top_p: 0}}", "top_p"),
        (b"parts: {a: {bars: 100000}}", "bars"),
        (b"parts: {'../a': }", "pattern"),
        (b"tempo: 1000\nparts: {a: }", "tempo"),
        (b"meter: 4/3\nparts: {a: }", "meter"),
        (b"meter: 65/4\nparts: {a: }", "meter"),
        (b"parts: {a: }\nsections: [{name: x, parts: [b]}]", "which is no part"),
        (b"parts: {a: }\nsections: [" + b"{name: x, bars: 512}," * 9 + b"]", "4608 bars"),
        (b"parts: {a: }\nparts: {b: }", "given twice"),
        (b"parts: {a: {seed: 1, seed: 2}}", "'seed' is given twice"),
        (b"parts: &x {a: }\nsections: *x", "aliases"),
        (b"parts: !!python/object/apply:os.system [ls]", "tag"),
        (b"parts: " + b"{a: " * 5000, "nested deeper"),
        (b"#" * (MAX_BYTES + 1), "at most"),
        (b"parts: \xff", "UTF-8"),
        (b"parts: {a: }\n---\nparts: {b: }", "not YAML"),
    ],
)
def test_what_is_harmful_or_wrong_is_refused_with_the_reason(data: bytes, reason: str) -> None:
    with pytest.raises(PartsError, match=reason):
        parts_of(data)


def test_a_bomb_of_aliases_is_refused_before_it_unfolds() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    with pytest.raises(PartsError, match="aliases"):
        parts_of("\n".join(lines).encode())


@settings(deadline=None)
@given(st.binary(max_size=200) | st.text(alphabet="parts:{}[]&*!|>-#'\" \n\t0ae", max_size=120))
def test_any_bytes_are_read_or_refused(data: bytes | str) -> None:
    try:
        spec = parts_of(data if isinstance(data, bytes) else data.encode())
    except PartsError:
        return
    assert spec.parts


def test_the_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "song.yaml"
    with pytest.raises(PartsError, match=r"song\.yaml: No such file"):
        read_parts(path)
    path.write_bytes(b"parts: {a: {bars: 0}}")
    with pytest.raises(PartsError, match=r"song\.yaml: parts\.a\.bars: .*greater than"):
        read_parts(path)
    with pytest.raises(PartsError, match="directory"):
        read_parts(tmp_path)


def test_a_model_is_below_the_files_folder(tmp_path: Path) -> None:
    folder = tmp_path / "song"
    folder.mkdir()
    (folder / "link").symlink_to(tmp_path)
    assert model_file(PartSpec(), folder) is None
    inside = model_file(PartSpec(model_path="models/../m.parquet"), folder)
    assert inside == (folder / "m.parquet").resolve()
    for path in ("../m.parquet", "/etc/passwd", "models/../../m", "link/m.parquet", str(folder)):
        with pytest.raises(PartsError, match="leads out"):
            model_file(PartSpec(model_path=path), folder)
