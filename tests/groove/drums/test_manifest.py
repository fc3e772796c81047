"""Manifests: read strictly, written as read, refused by line; nothing outside the root."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groove.core.tables import enforce
from groove.drums.manifest.lines import LineLimits, numbered_lines
from groove.drums.manifest.reading import check_events, read_events, stream_events
from groove.drums.manifest.schema import Event, ManifestError, event_of
from groove.drums.manifest.table import DRUM_MANIFEST, components_of, events_of, table_of
from groove.drums.manifest.writing import line_of, write_events
from groove.midi.taxonomy import LABELS

FULL: dict[str, Any] = {
    "sample_id": "a1", "session_id": "s1", "drummer_id": "d1", "kit_id": "k1", "room_id": "r1",
    "source_set": "studio", "is_synthetic": False, "audio_path": "s1/take.flac",
    "onset_time": 1.25, "offset_time": 1.5, "tempo_bpm": 120.0, "meter": "7/8", "bar_index": 3,
    "beat_index": 2.5, "track_id": "t", "sample_rate": 48000, "channels": 2,
    "components": [
        {"label": "hihat_open", "velocity": 0.8, "dynamic_bucket": "accent", "openness": 0.7,
         "openness_raw": 31, "strike_position": "edge", "choke": False, "pedal": 0.2,
         "openness_curve_id": "c", "openness_calibrated": True},
        {"label": "KD", "velocity": 1}, {"label": "theremin"},
    ],
    "techniques": ["hihat_bark"], "context_ms": {"pre": 50, "post": 300}, "bleed_level": "low",
    "mix_context": "solo", "negative_example": False,
    "loudness": {"LUFS_i": -14.2, "peak_dbfs": -1.0}, "device_vendor": "V", "device_model": "M",
    "label_method": "midi", "qc": {"ok": [1, {"by": "ear"}]},
}  # fmt: skip


def line(**changes: Any) -> bytes:
    row = {"sample_id": "a", "session_id": "s", "audio_path": "a.wav", "onset_time": 0.5,
           "components": [{"label": "kick"}]}  # fmt: skip
    return json.dumps({**row, **changes}).encode() + b"\n"


def test_every_field_survives_the_table_and_the_file(tmp_path: Path) -> None:
    event = event_of(FULL)
    table = read_events(line_of(event), root=tmp_path)
    assert list(events_of(table)) == [event]
    row = table.iloc[0]
    assert (row["label"], row["klass"]) == ("hihat_open", "hihat_open")
    assert list(row["labels"]) == ["hihat_open", "kick"]
    assert row["unknown_labels"] == 1
    assert row["openness"] == 0.7
    write_events(table, tmp_path / "out.jsonl")
    again = read_events(tmp_path / "out.jsonl", root=tmp_path)
    pd.testing.assert_frame_equal(again, table)
    assert (tmp_path / "out.jsonl").read_bytes() == line_of(event)


def test_parquet_keeps_a_table(tmp_path: Path) -> None:
    table = table_of([event_of(FULL), event_of(json.loads(line()))])
    table.to_parquet(tmp_path / "t.parquet", index=False)
    back = enforce(pd.read_parquet(tmp_path / "t.parquet"), DRUM_MANIFEST)
    assert list(events_of(back)) == list(events_of(table))


def test_components_are_rows_with_what_was_written_and_what_it_means() -> None:
    found = components_of(table_of([event_of(FULL)]))
    assert found["given"].tolist() == ["hihat_open", "KD", "theremin"]
    assert found["label"].tolist()[:2] == ["hihat_open", "kick"]
    assert found["label"].isna().tolist() == [False, False, True]


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ({"onset_time": -0.1}, "onset_time"),
        ({"onset_time": "1"}, "onset_time"),
        ({"onset_time": True}, "onset_time"),
        ({"offset_time": 0.1}, "before onset_time"),
        ({"components": []}, "negative_example"),
        ({"components": [{"label": "kick", "velocity": 1.01}]}, "components.0.velocity"),
        ({"components": [{"label": "kick", "volume": 1}]}, "volume"),
        ({"colour": "red"}, "unknown field 'colour'"),
        ({"sample_id": ""}, "sample_id"),
        ({"sample_id": "a\u0000b"}, "control"),
        ({"meter": "four"}, "meter"),
        ({"qc": {"a": [[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]}}, "nested"),
        ({"audio_path": "/etc/passwd"}, "absolute"),
        ({"audio_path": "C:/x.wav"}, "absolute"),
        ({"audio_path": "file:///x.wav"}, "absolute"),
        ({"audio_path": "~/x.wav"}, "absolute"),
        ({"audio_path": "a/../../x.wav"}, "'..'"),
        ({"audio_path": "..\\x.wav"}, "/ between"),
        ({"audio_path": "a//b.wav"}, "empty"),
        ({"audio_path": "a\nb.wav"}, "control"),
    ],
)
def test_a_bad_line_is_refused_by_its_number(tmp_path: Path, bad: Any, said: str) -> None:
    data = line(sample_id="first") + b"\n" + line(**bad)
    with pytest.raises(ManifestError) as caught:
        read_events(data, root=tmp_path)
    assert caught.value.line == 3
    assert said in str(caught.value)
    count, problems = check_events(data, root=tmp_path)
    assert (count, [problem.line for problem in problems]) == (1, [3])


@pytest.mark.parametrize(
    "raw",
    [
        b"{", b"[]", b"1", b'"text"', b"null", b"\xff\xfe", b"{}",
        b'{"onset_time": NaN}', b'{"onset_time": Infinity}', b'{"onset_time": 1e999}',
        b'{"sample_id": "a", "sample_id": "b"}', b"[" * 100_000, b'{"a":' * 50_000,
        b'{"qc": "\\ud800"}', b'{"onset_time": ' + b"9" * 5000 + b"}",
    ],
)  # fmt: skip
def test_what_is_no_object_is_refused(raw: bytes) -> None:
    with pytest.raises(ManifestError, match="line 1"):
        read_events(raw, root=None)


def test_a_link_out_of_the_root_is_refused(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (root / "out").symlink_to(tmp_path)
    (root / "in").symlink_to(root)
    with pytest.raises(ManifestError, match="leads out"):
        read_events(line(audio_path="out/x.wav"), root=root)
    assert len(read_events(line(audio_path="in/x.wav"), root=root)) == 1


def test_repeated_identities_are_told_with_both_lines() -> None:
    data = line(sample_id="x") + line(sample_id="y") + line(sample_id="x", onset_time=2.0)
    with pytest.raises(ManifestError, match=r"line 3: has the sample_id of line 1"):
        read_events(data, root=None)
    said: list[ManifestError] = []
    kept = read_events(data, root=None, refuse=said.append)
    assert kept["onset_s"].tolist() == [0.5, 0.5]
    assert [error.line for error in said] == [3]
    assert len(list(stream_events(data, root=None, repeats=True))) == 3


class Endless(io.RawIOBase):
    """A line that never ends, as far as memory is concerned; remembers the largest read."""

    def __init__(self, size: int) -> None:
        self.left = size
        self.largest = 0

    def readline(self, size: int | None = -1, /) -> bytes:
        assert size is not None
        assert size > 0
        self.largest = max(self.largest, size)
        given = min(size, self.left)
        self.left -= given
        return b"x" * given


def test_a_line_of_a_gigabyte_is_never_held() -> None:
    file = Endless(1 << 30)
    found = list(numbered_lines(file))  # type: ignore[arg-type]  # it has all that is used
    assert [number for number, _ in found] == [1]
    assert "longer than" in str(found[0][1])
    assert file.largest <= 1 << 20


def test_after_a_long_line_reading_goes_on_with_the_next() -> None:
    data = line() + b"y" * 5000 + b"\n" + line(sample_id="b")
    said: list[ManifestError] = []
    kept = list(
        stream_events(data, root=None, limits=LineLimits(max_line_bytes=1000), refuse=said.append)
    )
    assert [event.sample_id for event in kept] == ["a", "b"]
    assert [error.line for error in said] == [2]


def test_a_file_over_its_limit_is_refused_before_and_while_it_is_read(tmp_path: Path) -> None:
    limits = LineLimits(max_file_bytes=10_000)
    sparse = tmp_path / "sparse.jsonl"
    with sparse.open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(ManifestError, match="split it"):
        list(stream_events(sparse, root=None))
    with pytest.raises(ManifestError, match="split it"):
        list(stream_events(io.BytesIO(line() * 1000), root=None, limits=limits, repeats=True))


def test_what_holds_itself_is_refused_not_recursed_into() -> None:
    cyclic: dict[str, Any] = {}
    cyclic["me"] = cyclic
    with pytest.raises(ManifestError, match="nested"):
        event_of({**FULL, "qc": cyclic})


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "m.jsonl"
    write_events([event_of(FULL)], target)
    before = target.read_bytes()
    bad = event_of(FULL).model_copy(update={"audio_path": "../escape.wav"})
    with pytest.raises(ManifestError):
        write_events([event_of(FULL), bad], target)
    assert target.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["m.jsonl"]


JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)
PATHS = st.text(alphabet=st.sampled_from("ab./\\~: \n\x00"), max_size=8)


@settings(max_examples=150, deadline=None)
@given(
    field=st.sampled_from([*Event.model_fields, "extra"]), value=JSONS | PATHS, rest=st.booleans()
)
def test_whatever_a_field_holds_is_read_whole_or_refused_by_line(
    tmp_path_factory: pytest.TempPathFactory, field: str, value: Any, rest: bool
) -> None:
    root = tmp_path_factory.getbasetemp() / "root"
    root.mkdir(exist_ok=True)
    row = {**(FULL if rest else json.loads(line())), field: value}
    data = b"\n" + json.dumps(row).encode()
    said: list[ManifestError] = []
    table = read_events(data, root=root, refuse=said.append)
    assert [error.line for error in said] == [2] * (1 - len(table))
    if not len(table):
        return
    path = root / str(table.iloc[0]["audio_path"])
    assert path.resolve().is_relative_to(root.resolve())
    (event,) = events_of(table)
    assert list(stream_events(line_of(event), root=root)) == [event]


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_refused_or_read(data: bytes) -> None:
    count, problems = check_events(data, root=None)
    lines = [piece for piece in data.removeprefix(b"\xef\xbb\xbf").split(b"\n") if piece.strip()]
    assert count + len(problems) == len(lines)


def test_labels_by_any_alias() -> None:
    rows = [{**json.loads(line()), "sample_id": name, "components": [{"label": name}]}
            for name in (*LABELS, "SD", "Hi-Hat", "36", "Crash 2")]  # fmt: skip
    table = table_of(event_of(row) for row in rows)
    assert table["label"].tolist() == [*LABELS, "snare", "hihat_closed", "kick", "crash"]
    assert (table["unknown_labels"] == 0).all()
