"""Annotated folders: what belongs together, and the ways people write hits down."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groove.drums.beatmap import Beatmap, BeatmapError, write_beatmap
from groove.drums.transcribe.annotations import (
    FolderError,
    _of_lines,
    pairs_in,
    read_annotation,
)
from groove.midi.notes import song_from_notes, write_midi
from groove.midi.taxonomy import class_of, label_of_alias


def read(tmp_path: Path, text: str, name: str = "a.txt", **options: str) -> list[tuple[float, str]]:
    path = tmp_path / name
    path.write_text(text)
    found = read_annotation(path, **options)  # type: ignore[arg-type]  # keys are literal
    return [(hit.time_s, hit.label) for hit in found.beatmap.hits]


@pytest.mark.parametrize(
    "text",
    [
        "0.5\tKD\n1.25\thi hat open\n",
        "0.5 KD\n1.25 hi hat open\n",
        "0.5,KD\n1.25,hi hat open\n",
        "0.5;KD\r\n1.25;hi hat open\r\n",
        "time,label\n0.5,KD\n1.25,hi hat open\n",
        "onset_s,label,velocity,confidence\n0.5,kick,,\n1.25,hihat_open,0.5,0.9\n",
        "# by ear\n\n0.5\tbass drum\t100 # loud\n1.25\tOHH\t0.5\n",
        "0.5 BD 0.8\n1.25 hi hat open 0.5\n",
        "0.5\t0.5\tkick\n1.25\t1.4\thihat open\n",
        "0.5 0.6 kick\n1.25 1.4 hihat open\n",
        '0.5\t"kick"\n1.25\t"HH Open"\n',
        "\ufeff1.25\t46\n0.5\t36\n",
        "1.25\t46\t90\n0.5\t36\t90\n",
        "0.5 36 90\n1.25 46 90\n",
        "0.5\t0.6\t36\n1.25\t1.3\t46\n",
        "0,5\tKD\n1,25\tOHH\t0,8\n",
        "0,5 KD\n1,25 hi hat open\n",
        "0,5;0,6;kick\n1,25;1,3;hihat open\n",
        "0.5\t36.0\t90\n1.25\t46.0\t90\n",
        "0.5\t1.0\t36\n1.25\t2.0\t46\n",
    ],
)
def test_many_ways_to_write_two_hits(tmp_path: Path, text: str) -> None:
    assert read(tmp_path, text) == [(0.5, "kick"), (1.25, "hihat_open")]


def test_velocities_unknown_and_coarse_labels(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("0\tkick\t127\n1\tsnare\t0.5\n2\tzither\n3\tHH\n4\tCY\n5\tzither\n6\tcrash\n")
    found = read_annotation(path)
    assert [hit.velocity for hit in found.beatmap.hits] == [1.0, 0.5, None, None, None]
    assert found.unknown == {"zither": 2}
    assert found.coarse == {"CY": 1, "HH": 1}
    assert found.unlabelled_s == (2.0, 5.0)


def test_a_first_line_of_names_has_no_digit_in_its_first_part(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("time\tlabel\n0.5\tkick\n")
    assert read_annotation(path).passed_over == "time\tlabel"
    path.write_text("0.5s\tkick\n0.7\tkick\n")
    with pytest.raises(BeatmapError, match=r"line 1: '0\.5s' is no time"):
        read_annotation(path)


@pytest.mark.parametrize("form", ["utf-16", "utf-8-sig"])
def test_a_byte_order_mark(tmp_path: Path, form: str) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes("0.5\tkick\n1\tsnare\n".encode(form))
    assert [hit.label for hit in read_annotation(path).beatmap.hits] == ["kick", "snare"]


def test_two_hits_at_once(tmp_path: Path) -> None:
    text = "1\tkick+hihat_closed\n2\tzither + snare\n"
    assert read(tmp_path, text) == [(1.0, "kick"), (1.0, "hihat_closed"), (2.0, "snare")]
    assert read_annotation(tmp_path / "a.txt").unlabelled_s == (2.0,)


def test_keys_of_a_midi_file_that_mean_nothing_keep_their_time(tmp_path: Path) -> None:
    song = song_from_notes([0, 1, 2], 0.5, [36, 100, 38], 90, 0, True, [(0, 120)], [(0, 4, 4)])
    (tmp_path / "a.mid").write_bytes(write_midi(song))
    found = read_annotation(tmp_path / "a.mid")
    assert found.unlabelled_s == pytest.approx((0.5,))
    assert [hit.label for hit in found.beatmap.hits] == ["kick", "snare"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("0.1\tkick\nkick\t0.2\n", "line 2: 'kick' is no time"),
        ("0.1\tkick\n0.2\n", "line 2: no label"),
        ("-1\tkick\n", "line 1: -1 s"),
        ("nan\tkick\n0.1\tkick\n", "line 1: 'nan' is no time"),
        ("time\tlabel\nname\tlabel\n", "line 2: 'name' is no time"),
        ("0.1\tkick\t300\n", "line 1: '300' is no velocity"),
        ("0.1\tkick\tloud\n", "'loud' is no velocity"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(BeatmapError, match=said) as raised:
        read(tmp_path, text)
    assert "a.txt" in str(raised.value)


@given(
    st.binary(max_size=80)
    | st.text("0123456789.-+e,;\t\n #kicksnarehh", max_size=80).map(str.encode)
)
def test_any_file_is_read_or_refused(data: bytes) -> None:
    try:
        found = _of_lines(data, "a.txt", "gm")
    except BeatmapError as error:
        assert str(error).startswith("a.txt")  # noqa: PT017  # most files are neither here nor there
    else:
        assert all(hit.time_s >= 0 for hit in found.beatmap.hits)


def test_what_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "b.txt").write_bytes(b"\xff\x00k")
    with pytest.raises(BeatmapError, match="UTF-8"):
        read_annotation(tmp_path / "b.txt")


def test_other_forms_and_other_keys(tmp_path: Path) -> None:
    made = Beatmap.model_validate({"hits": [{"time_s": 0.5, "label": "crash"}]})
    for suffix in (".bsm", ".jams", ".mid", ".csv", ".txt"):
        write_beatmap(tmp_path / f"n{suffix}", made)
        (hit,) = read_annotation(tmp_path / f"n{suffix}").beatmap.hits
        assert (round(hit.time_s, 3), hit.label) == (0.5, "crash")
    assert read(tmp_path, "1\t22\n", keys="td11") == [(1.0, "hihat_closed")]
    assert read(tmp_path, "1\t22\n") == []


def test_pairs_of_a_folder(tmp_path: Path) -> None:
    with pytest.raises(FolderError, match="no folder audio"):
        pairs_in(tmp_path)
    for name in (
        "audio/b.wav", "audio/a.FLAC", "audio/alone.ogg", "audio/.hidden.wav", "audio/notes.pdf",
        "annotations/a.bsm", "annotations/a.txt", "annotations/b.mid", "annotations/c.txt",
    ):  # fmt: skip
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    found = pairs_in(tmp_path)
    assert [(n, a.name, t.name) for n, a, t in found.both] == [
        ("a", "a.FLAC", "a.txt"),
        ("b", "b.wav", "b.mid"),
    ]
    assert [path.name for path in found.audio_only] == ["alone.ogg"]
    assert [path.name for path in found.annotations_only] == ["c.txt"]
    (tmp_path / "audio/a.wav").touch()
    with pytest.raises(FolderError, match="same name"):
        pairs_in(tmp_path)


def test_short_forms_of_published_data_sets() -> None:
    # MDB Drums' subclasses, IDMT-SMT-Drums, ENST-Drums, and the classes of larger vocabularies.
    wanted = {
        "kick": "KD BD bd", "snare": "SD SDB SDD SDF SDG SDNS sn", "rimshot": "SST SS RS cs rs",
        "hihat_closed": "CHH HHC chh HH CH", "hihat_open": "OHH HHO ohh", "hihat_pedal": "PHH HHP",
        "ride": "RDC RDB RD RB rc1 rc4", "crash": "CRC CHC SPC CR cr1 cr5 spl c1 ch1 ch5 CY",
        "tom_high": "HIT HT", "tom_mid": "MHT MT mt lmt TT mtr", "tom_low": "LFT HFT LT FT lt ltr",
        "aux_percussion": "TMB TB CB CL CP cb sticks",
    }  # fmt: skip
    for name, codes in wanted.items():
        found = {code: label_of_alias(code) for code in codes.split()}
        assert {c: label and class_of(label) for c, label in found.items()} == dict.fromkeys(
            found, name
        )
