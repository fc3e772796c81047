"""Beatmaps: every form read back as written; strict, by place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import mir_eval
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groove.drums.beatmap import (
    Audio,
    Beatmap,
    BeatmapError,
    Form,
    Hit,
    Meter,
    Tempo,
    from_bsm,
    read_beatmap,
    to_bsm,
    write_beatmap,
)
from groove.drums.beatmap_forms import from_midi, parse, render
from groove.midi.taxonomy import LABELS

SONG = Beatmap(
    audio=Audio(file="song.mp3", sha256="0" * 64, duration_s=10.0),
    tempos=[Tempo(time_s=0.0, bpm=100.0), Tempo(time_s=4.8, bpm=140.5)],
    meters=[Meter(time_s=0.0, meter="4/4"), Meter(time_s=4.8, meter="7/8")],
    hits=[
        Hit(time_s=6.123, label="crash", velocity=0.9, confidence=0.5, end_s=7.0),
        Hit(time_s=0.5, label="hihat_open", openness=0.4, techniques=["hihat_bark"]),
        Hit(time_s=0.5, label="kick", velocity=1.0, confidence=1.0),
    ],
    about={"model": {"id": "x"}},
)


def test_a_beatmap_survives_its_file_and_its_order_is_one() -> None:
    assert from_bsm(to_bsm(SONG)) == SONG
    assert [hit.label for hit in SONG.hits] == ["kick", "hihat_open", "crash"]
    other = SONG.model_copy(update={"hits": list(reversed(SONG.hits))})
    assert to_bsm(Beatmap.model_validate(other.model_dump())) == to_bsm(SONG)
    assert json.loads(to_bsm(Beatmap(hits=[])))["hits"] == []


@pytest.mark.parametrize("suffix", [".bsm", ".mid", ".jams", ".csv", ".txt"])
def test_written_files_are_read_back(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"song{suffix}"
    write_beatmap(path, SONG)
    found = read_beatmap(path)
    assert [hit.label for hit in found.hits] == [hit.label for hit in SONG.hits]
    for one, other in zip(found.hits, SONG.hits, strict=True):
        assert one.time_s == pytest.approx(other.time_s, abs=3e-4)
    if suffix in (".bsm", ".jams"):
        assert found == SONG
    if suffix == ".mid":
        assert [tempo.bpm for tempo in found.tempos] == pytest.approx([100, 140.5], abs=1e-3)
        assert [meter.meter for meter in found.meters] == ["4/4", "7/8"]
    write_beatmap(tmp_path / f"none{suffix}", [])
    assert read_beatmap(tmp_path / f"none{suffix}").hits == []
    assert path.read_bytes() == render(SONG, "bsm") if suffix == ".bsm" else True


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.builds(
            Hit,
            time_s=st.floats(0, 600),
            label=st.sampled_from(LABELS),
            velocity=st.none() | st.floats(0, 1),
            confidence=st.none() | st.floats(0, 1),
        ),
        max_size=12,
    ),
    st.sampled_from(["bsm", "jams", "csv", "txt"]),
)
def test_any_hits_survive_every_form(hits: list[Hit], form: Form) -> None:
    given_map = Beatmap(hits=hits)
    found = parse(render(given_map, form), form)
    if form in ("bsm", "jams"):
        assert found == given_map
    assert sorted(h.label for h in found.hits) == sorted(h.label for h in hits)
    assert [h.time_s for h in found.hits] == pytest.approx(
        [h.time_s for h in given_map.hits], abs=1e-6
    )


def test_midi_keeps_onsets_within_a_millisecond_by_mir_eval() -> None:
    hits = [Hit(time_s=0.0137 * n, label="snare", velocity=0.5) for n in range(1, 400)]
    found = from_midi(render(Beatmap(tempos=SONG.tempos, hits=hits), "midi"))
    import numpy as np

    truth, times = (np.array([h.time_s for h in part]) for part in (hits, found.hits))
    assert mir_eval.onset.f_measure(truth, times, window=0.001)[0] == 1.0


def test_midi_of_a_device_and_keys_without_label() -> None:
    from groove.midi.notes import song_from_notes, write_midi

    song = song_from_notes([0, 1, 2], 0.1, [36, 26, 3], 64, 0, drum=True, tempos=[], meters=[])
    found = from_midi(write_midi(song), mapping="td11")
    assert [hit.label for hit in found.hits] == ["kick", "hihat_open"]
    assert found.about == {"notes_without_label": 1}
    melody = song_from_notes([0], 1, 60, 64, 0, drum=False, tempos=[], meters=[])
    with pytest.raises(BeatmapError, match="channel 10"):
        from_midi(write_midi(melody))


def test_text_of_annotations_by_any_alias() -> None:
    data = b"# drums\n0.1 BD\n0.2\tHi-Hat Open\n0.3, 38\n\n0.25 CY\n"
    found = parse(data, "txt")
    assert [hit.label for hit in found.hits] == ["kick", "hihat_open", "crash", "snare"]


BSM = {"format": "groove.beatmap", "version": 1, "hits": [{"time_s": 0.5, "label": "kick"}]}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"format": "other"}, "format"),
        ({"version": 2}, "version 2"),
        ({"colour": 1}, "colour: unknown field"),
        ({"hits": None}, "hits"),
        ({"hits": [{"time_s": -1.0, "label": "kick"}]}, "hits.0.time_s"),
        ({"hits": [{"time_s": "1", "label": "kick"}]}, "hits.0.time_s"),
        ({"hits": [{"time_s": 1.0, "label": "zither"}]}, "zither"),
        ({"hits": [{"time_s": 1.0, "label": "kick", "velocity": 2}]}, "velocity"),
        ({"hits": [{"time_s": 1.0, "label": "kick", "note": 2}]}, "note"),
        ({"audio": {"file": "/etc/passwd"}}, "audio.file"),
        ({"audio": {"file": "../x.wav"}}, "audio.file"),
        ({"tempos": [{"time_s": 1.0, "bpm": 0}]}, "bpm"),
        ({"tempos": [{"time_s": 1.0, "bpm": 9}, {"time_s": 1.0, "bpm": 9}]}, "tempos"),
        ({"meters": [{"time_s": 1.0, "meter": "4/3"}]}, "meter"),
    ],
)
def test_what_is_no_beatmap_is_refused_by_place(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(BeatmapError, match=said):
        from_bsm(json.dumps({**BSM, **changes}).encode())


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"{}", b"\xff", b"[" * 9999, b'{"hits": NaN}',
             b'{"format": "groove.beatmap", "format": "groove.beatmap", "hits": []}']
)  # fmt: skip
def test_other_bytes_are_refused_in_every_form(data: bytes, tmp_path: Path) -> None:
    with pytest.raises(BeatmapError, match="song"):
        from_bsm(data, "song")
    forms: tuple[Form, ...] = ("midi", "jams", "csv")
    for form in forms:
        with pytest.raises(BeatmapError, match="song"):
            parse(data, form, "song")
    with pytest.raises(BeatmapError, match="name it"):
        write_beatmap(tmp_path / "song.xyz", [])


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=120), st.sampled_from(["bsm", "midi", "jams", "csv", "txt"]))
def test_any_bytes_are_a_beatmap_or_refused(data: bytes, form: Form) -> None:
    try:
        parse(data, form)
    except BeatmapError:
        return


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"onset_s,label\n0.1,kick\nnan,kick\n", "line 3"),
        (b"onset_s,label\n0.1\n", "line 2"),
        (b"onset_s,label,volume\n", "volume"),
        (b"label\nkick\n", "onset_s"),
        (b"onset_s,label\n-1,kick\n", "line 2"),
    ],
)
def test_csv_is_refused_by_line(data: bytes, said: str) -> None:
    with pytest.raises(BeatmapError, match=said):
        parse(data, "csv")
