"""A folder of loops becomes tables: tags, filters, tempos, splits, all with effect."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from groove.audio.waveform import encode
from groove.core.tables import enforce
from groove.midi.notes import write_midi
from groove.midi.song import song_from_notes
from groove.midi.spec import LoopIndexSpec
from groove.midi.synth import render
from groove.midi.tables import LOOP_INDEX
from groove.ngram.corpus.auxmap import AuxError
from groove.ngram.corpus.folder import Folder, read_folder
from groove.ngram.corpus.statistics import lines_of, statistics_of
from groove.ngram.spec import EventSpec, FolderSpec
from groove.ngram.tables import GROOVE_EVENTS

Make = Callable[..., Path]


def song(seed: int = 0, bars: int = 2, bpm: float = 100, *, meter: bool = True, **options: Any):
    random = np.random.default_rng(seed)
    starts = np.arange(8 * bars) / 2
    pitch = random.choice([36, 38, 42], len(starts))
    return song_from_notes(
        starts, 0.2, options.get("pitch", pitch), 90, 0, options.get("drum", True),
        [(0, bpm)], [(0, *options.get("as_meter", (4, 4)))] if meter else [],
    )  # fmt: skip


def without_events(data: bytes, *, keep: bytes = b"") -> bytes:
    """Return a MIDI file with its tempo or meter events turned into text of the same length."""
    for event in (b"\xff\x51", b"\xff\x58"):
        if event != keep:
            data = data.replace(event, b"\xff\x01")
    return data


@pytest.fixture
def put(tmp_path: Path) -> Make:
    def write(name: str, data: bytes | str) -> Path:
        path = tmp_path / "loops" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        return tmp_path / "loops"

    return write


def read(root: Path, **settings: Any) -> Folder:
    return read_folder(root, jobs=1, **settings)


def by_path(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.drop_duplicates("path").set_index("path")


def test_the_tables_keep_their_contracts_and_the_order_is_that_of_paths(put: Make) -> None:
    for number in (2, 0, 1):
        root = put(f"b/{number}.mid", write_midi(song(number)))
    put("a.mid", write_midi(song(7)))
    folder = read(root)
    enforce(folder.bars, GROOVE_EVENTS)
    enforce(folder.loops, LOOP_INDEX)
    assert folder.loops["path"].tolist() == ["a.mid", "b/0.mid", "b/1.mid", "b/2.mid"]
    assert folder.bars["path"].tolist() == sorted(folder.bars["path"])
    assert folder.bars["lost_hits"].sum() == 0
    assert folder.files == 4


def test_the_number_of_processes_changes_nothing(put: Make) -> None:
    for number in range(80):
        root = put(f"{number:02d}.mid", write_midi(song(number)))
    one, two = (read_folder(root, jobs=jobs) for jobs in (1, 2))
    pd.testing.assert_frame_equal(one.bars, two.bars)
    pd.testing.assert_frame_equal(one.loops, two.loops)


def test_a_manifest_tells_style_fill_group_and_split(put: Make) -> None:
    rows = ["drummer,session,style,beat_type,time_signature,midi_filename,split"]
    sides = ("train", "validation", "test")
    for number in range(6):
        root = put(f"d/{number}.mid", write_midi(song(number)))
        kind = "fill" if number % 2 else "beat"
        drummer = f"drummer{number % 2}"
        rows.append(
            f"{drummer},{drummer}/s1,rock/halftime,{kind},4-4,d/{number}.mid,{sides[number % 3]}"
        )
    put("info.csv", "\n".join(rows))
    bars = by_path(read(root).bars)
    assert set(bars["style"]) == {"rock"}
    assert bars["is_fill"].tolist() == [False, True] * 3
    assert bars["split"].tolist() == list(sides) * 2
    # A group is on one side, whatever the manifest does with a drummer.
    assert (bars.groupby("split_group")["split"].nunique() == 1).all()


def test_without_a_split_loops_are_split_by_drummer_else_by_folder_else_by_file(put: Make) -> None:
    for number in range(12):
        root = put(f"kit{number % 4}/{number}.mid", write_midi(song(number)))
    bars = by_path(read(root).bars)
    assert set(bars["split_group"]) == {"kit0", "kit1", "kit2", "kit3"}
    rows = ["midi_filename,drummer"]
    rows += [f"kit{number % 4}/{number}.mid,drummer{number % 3}" for number in range(12)]
    put("info.csv", "\n".join(rows))
    bars = by_path(read(root).bars)
    assert set(bars["split_group"]) == {"drummer0", "drummer1", "drummer2"}
    assert set(bars["split"]) == {"train", "validation", "test"}


def test_equal_loops_are_one(put: Make) -> None:
    put("a.mid", write_midi(song(1)))
    root = put("b.mid", write_midi(song(1, bpm=140)))
    folder = read(root)
    assert folder.loops["duplicate_of"].fillna("").tolist() == ["", "a.mid"]
    assert set(folder.bars["path"]) == {"a.mid"}


def test_side_cars_names_and_manifests_in_that_order(put: Make) -> None:
    root = put("one__style-soul__feel-late.mid", write_midi(song(1)))
    put("one__style-soul__feel-late.meta.yaml", "style: lofi\ndensity: Sparse\nheat_bin: 4\n")
    put("two_fill.mid", write_midi(song(2)))
    put("two_fill.meta.yaml", "style: &x lofi\nfeel: *x\n")
    put("info.csv", "midi_filename,style,feel\none__style-soul__feel-late.mid,rock,rushed\n")
    folder = read(root)
    bars = by_path(folder.bars)
    one = bars.loc["one__style-soul__feel-late.mid"]
    assert (one["style"], one["feel"], one["density"], one["heat"]) == (
        "lofi", "late", "sparse", "4",
    )  # fmt: skip
    assert bars.loc["two_fill.mid", "is_fill"]
    assert pd.isna(bars.loc["two_fill.mid", "style"])
    assert any("aliases" in line for line in folder.warnings)


def test_an_aux_map_reaches_the_bars_and_must_be_whole(put: Make) -> None:
    root = put("a.mid", write_midi(song(1)))
    put("b.mid", write_midi(song(2)))
    aux = {
        "a.mid": {"section": "verse", "heat_bin": 3, "intensity": "low"},
        "b": {"section": "chorus", "heat_bin": 12, "intensity": "high"},
        "c.mid": {},
    }
    folder = read(root, aux=aux)
    bars = by_path(folder.bars)
    assert bars["section"].tolist() == ["verse", "chorus"]
    assert bars["heat"].tolist() == ["3", "12"]
    assert bars["intensity"].tolist() == ["low", "high"]
    assert folder.warnings == ["the aux map names 'c.mid', which is no loop here"]
    with pytest.raises(AuxError, match=r"b\.mid"):
        read(root, aux={"a.mid": {}})


def test_one_key_alone_conditions(put: Make) -> None:
    root = put("a__style-funk__mood-dark.mid", write_midi(song(1)))
    bars = by_path(read(root, filters=FolderSpec(aux_key="style")).bars)
    assert bars["style"].tolist() == ["funk"]
    bars = by_path(read(root, filters=FolderSpec(aux_key="mood")).bars)
    assert bars["style"].tolist() == ["dark"]
    bars = by_path(read(root, filters=FolderSpec(aux_key="feel")).bars)
    assert bars["style"].isna().all()


@pytest.mark.parametrize(
    ("settings", "kept"),
    [
        ({}, {"beat.mid", "fill_1.mid", "slow.mid"}),
        ({"exclude_fills": True}, {"beat.mid", "slow.mid"}),
        ({"min_bars": 3}, {"slow.mid"}),
        ({"min_notes": 20}, {"slow.mid"}),
        ({"min_bpm": 60, "tempo_policy": "skip"}, {"beat.mid", "fill_1.mid"}),
        ({"pitched_only": True}, set()),
        ({"pitched_only": True, "drum_only": True}, {"beat.mid", "fill_1.mid", "slow.mid"}),
    ],
)
def test_filters_have_effect(put: Make, settings: dict[str, Any], kept: set[str]) -> None:
    put("beat.mid", write_midi(song(1)))
    put("fill_1.mid", write_midi(song(2)))
    put("slow.mid", write_midi(song(3, bars=4, bpm=50)))
    root = put("bass.mid", write_midi(song(4, pitch=40, drum=False)))
    folder = read(root, index=LoopIndexSpec(**settings))
    assert set(folder.bars["path"]) == kept
    flags = by_path(folder.loops)
    assert set(flags.index[flags["keep_drum"]]) == kept
    assert (
        flags.loc["bass.mid", "keep_pitched"] != settings.get("drum_only", False)
        or ("pitched_only" in settings)
        or settings.get("min_bars")
        or settings.get("min_notes")
    )


@pytest.mark.parametrize(
    ("settings", "tempo", "source"),
    [
        ({}, 55, "file"),
        ({"min_bpm": 80, "max_bpm": 160}, 120, "fallback"),
        ({"min_bpm": 80, "max_bpm": 160, "fallback_bpm": 90}, 90, "fallback"),
        ({"min_bpm": 80, "max_bpm": 160, "fold_halves": True}, 110, "folded"),
        ({"min_bpm": 80, "max_bpm": 160, "tempo_policy": "accept"}, 55, "accepted"),
    ],
)
def test_tempo_policies_reach_the_bars(
    put: Make, settings: dict[str, Any], tempo: float, source: str
) -> None:
    root = put("slow.mid", write_midi(song(1, bpm=55)))
    folder = read(root, index=LoopIndexSpec(**settings))
    assert folder.loops["tempo_source"].tolist() == [source]
    assert folder.loops["tempo_injected"].tolist() == [source == "fallback"]
    assert folder.bars["tempo_bpm"].tolist() == pytest.approx([tempo] * 2, abs=1e-3)


def test_a_tempo_is_injected_into_tables_never_into_files(put: Make) -> None:
    data = without_events(write_midi(song(1)), keep=b"\xff\x58")
    root = put("none.mid", data)
    folder = read(root, index=LoopIndexSpec(inject_default_tempo=96))
    assert folder.loops["tempo_source"].tolist() == ["injected"]
    assert folder.loops["tempo_injected"].tolist() == [True]
    assert folder.bars["tempo_bpm"].tolist() == [96.0, 96.0]
    assert (root / "none.mid").read_bytes() == data


def test_a_meter_comes_from_the_file_its_tags_or_the_default(put: Make) -> None:
    bare = without_events(write_midi(song(1, bars=3)), keep=b"\xff\x51")
    root = put("bare.mid", bare)
    put("tagged__meter-3-4.mid", without_events(write_midi(song(2, bars=3)), keep=b"\xff\x51"))
    put("stated.mid", write_midi(song(3, bars=3, as_meter=(6, 8))))
    folder = read(root, index=LoopIndexSpec(default_meter="4/4"))
    loops = by_path(folder.loops)
    assert loops["meter_source"].to_dict() == {
        "bare.mid": "default", "stated.mid": "file", "tagged__meter-3-4.mid": "manifest",
    }  # fmt: skip
    assert by_path(folder.bars)["meter"].to_dict() == {
        "bare.mid": "4/4", "stated.mid": "6/8", "tagged__meter-3-4.mid": "3/4",
    }  # fmt: skip
    strict = read(root)
    assert [path for path, _ in strict.quarantine] == ["bare.mid"]


def test_limits_and_formats(put: Make) -> None:
    for number in range(5):
        root = put(f"{number}.mid", write_midi(song(number)))
    assert len(read(root, filters=FolderSpec(limit_files=2)).loops) == 2
    assert len(read(root, filters=FolderSpec(extensions=["wav"])).loops) == 0
    folder = read(root, events=EventSpec(max_bars=1))
    assert {reason.split(" ")[1] for _, reason in folder.quarantine} == {"bars;"}
    assert len(read(root, with_bars=False).bars) == 0


def test_a_recording_becomes_bars_and_yields_to_midi_of_its_name(put: Make) -> None:
    beat = song_from_notes(
        np.arange(16) / 2, 0.2, np.tile([36, 42, 38, 42], 4), 100, 0, True, [(0, 100)], [(0, 4, 4)]
    )
    from groove.audio.waveform import Waveform

    audio = render(beat, sample_rate=22_050, tail_s=0.0)[:, : round(8 * 0.6 * 22_050)]
    sound = encode(Waveform(audio, 22_050), "wav")
    root = put("beat_100bpm.wav", sound)
    folder = read(root)
    assert folder.quarantine == []
    assert folder.loops["tempo_source"].tolist() == ["manifest"]
    assert len(folder.bars) == 2
    kicks = [set(np.asarray(bar)[np.asarray(labels) == 0]) for bar, labels in zip(
        folder.bars["hit_step"], folder.bars["hit_label"], strict=True)]  # fmt: skip
    assert all({0, 8} <= steps for steps in kicks)
    put("beat_100bpm.mid", write_midi(beat))
    both = read(root)
    assert both.loops["format"].tolist() == ["midi"]
    assert any("MIDI files of the same name" in line for line in both.warnings)


def test_statistics_add_up(put: Make) -> None:
    root = put("a__style-funk.mid", write_midi(song(1)))
    put("b_fill.mid", write_midi(song(2, bars=3, as_meter=(4, 4))))
    put("broken.mid", "nothing")
    found = statistics_of(read(root))
    assert (found["files"], found["loops"], found["quarantined"], found["bars"]) == (3, 2, 1, 5)
    assert found["styles"] == {
        "unknown": {"bars": 3, "loops": 1}, "funk": {"bars": 2, "loops": 1},
    }  # fmt: skip
    assert found["fills"] == {"loops": 1, "bars": 3}
    assert found["hits"] == sum(found["labels"].values()) == 40
    assert found["hits_per_bar"]["median"] == 8
    assert "styles:" in lines_of(found)


def test_no_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotADirectoryError):
        read_folder(tmp_path / "nowhere")


def test_an_empty_folder_gives_empty_tables(tmp_path: Path) -> None:
    folder = read_folder(tmp_path)
    assert len(folder.bars) == len(folder.loops) == folder.files == 0
    assert statistics_of(folder)["tempo_bpm"]["median"] is None
