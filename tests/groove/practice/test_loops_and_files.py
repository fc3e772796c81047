"""Drum performances under songs, and songs as a raw folder."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from typer import Typer
from typer.testing import CliRunner

from groove.cli.practice import practice
from groove.midi.meter import bar_grid
from groove.midi.notes import read_midi, write_midi
from groove.midi.song import song_from_notes
from groove.practice.loops import DrumLoop, LoopsError, loop_of, read_loops
from groove.practice.song import compose
from groove.practice.spec import PracticeSpec
from groove.practice.writing import FolderError, numbers, write_songs
from resources.provenance import Knowledge
from resources.raw import folders_of

SPEC = PracticeSpec(min_duration_s=20, max_duration_s=25)
LATE = 12 / 480
"""Quarters by which the performer below is late: what must come through."""


def _performance(bars: int = 6):
    starts = np.arange(bars * 4) + LATE
    return song_from_notes(
        starts, 0.1, np.where(np.arange(bars * 4) % 2, 38, 22), 90, 0, True,
        [(0.0, 100.0)], [(0.0, 4, 4)],
    )  # fmt: skip


def _loop() -> DrumLoop:
    loop = loop_of(_performance(), "a.mid", "drummer1", "4-4")
    assert loop is not None
    return loop


def test_a_performance_becomes_a_loop_in_general_midi() -> None:
    loop = _loop()
    assert (loop.meter, loop.bars, loop.tempo_bpm) == ("4/4", 6, pytest.approx(100.0))
    assert set(loop.pitch.tolist()) == {38, 42}  # the TD-11's hi-hat edge is a closed hi-hat
    assert loop.swing == 0.5
    assert loop_of(_performance(3), "a.mid", "drummer1", "4-4") is None
    with pytest.raises(LoopsError, match="no meter"):
        loop_of(_performance(), "a.mid", "drummer1", "four")


def test_the_performer_keeps_their_own_time_on_the_songs_bars() -> None:
    spec = SPEC.model_copy(update={"loop_share": 1.0, "drumless": 0.0, "meter_changes": 0.0})
    found = 0
    for number in range(30):
        made = compose(number, spec, [_loop()])
        if not made.tags["loop"]:
            assert made.tags["meter"] != "4/4"
            continue
        found += 1
        song = made.song
        snare = song.start_tick[song.drum & (song.pitch == 38)] / song.ticks_per_quarter
        if made.tags["opening"] != "pickup":  # a short fill of our own leads in there
            off = (snare - LATE + 0.5) % 1.0 - 0.5
            assert np.abs(off).max() < 2e-3
        assert made.tags["loop_group"] == "drummer1"
        grid = bar_grid(read_midi(write_midi(song)))
        assert np.array_equal(grid.bar_start_tick, np.rint(made.bar_start * 480).astype(int))
    assert found > 10


def _folder(tmp_path: Path) -> Path:
    (tmp_path / "x").mkdir(parents=True)
    (tmp_path / "x/a.mid").write_bytes(write_midi(_performance()))
    (tmp_path / "x/b.mid").write_bytes(write_midi(_performance()))
    (tmp_path / "info.csv").write_text(
        "drummer,beat_type,time_signature,midi_filename,split\n"
        "d1,beat,4-4,x/a.mid,train\nd2,beat,4-4,x/b.mid,test\nd1,fill,4-4,x/none.mid,train\n"
    )
    return tmp_path


def test_a_folder_of_performances_is_read_by_split(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    assert [loop.group for loop in read_loops(folder)] == ["d1"]
    assert [loop.group for loop in read_loops(folder, "")] == ["d1", "d2"]
    with pytest.raises(LoopsError, match="no performance"):
        read_loops(folder, "validation")
    with pytest.raises(LoopsError, match=r"info\.csv is missing"):
        read_loops(folder / "x")
    (folder / "x/a.mid").write_bytes(b"no")
    with pytest.raises(LoopsError, match=r"a\.mid: not a MIDI file"):
        read_loops(folder)
    (folder / "info.csv").write_text("drummer\nd1\n")
    with pytest.raises(LoopsError, match="no column beat_type"):
        read_loops(folder)


def test_written_songs_are_a_raw_folder(tmp_path: Path) -> None:
    made = list(write_songs(tmp_path / "out", 6, seed=2, spec=SPEC, loops=[_loop()]))
    (folder,) = folders_of(str(tmp_path / "out/sources.yaml")).folders
    names = sorted(path.name for path in (tmp_path / "out/songs").iterdir())
    known = Knowledge(folder, names)
    assert not known.problems
    for song in made:
        name = f"practice_{song.number:09d}.mid"
        about = known.about(name)
        loop = bool(song.tags["loop"])
        assert about["license"] == ("MIT AND unknown" if loop else "MIT")
        assert about["source"].startswith("groove-practice")
        assert about["style"] == song.tags["style"]
        assert about["group"].endswith("drummer drummer1" if loop else name.removesuffix(".mid"))
        assert (tmp_path / "out/songs" / name).read_bytes() == write_midi(song.song)
    with (tmp_path / "out/songs/manifest.csv").open(newline="") as file:
        assert len(list(csv.DictReader(file))) == 6


def test_a_folder_with_other_songs_is_refused(tmp_path: Path) -> None:
    list(write_songs(tmp_path, 2, seed=0, spec=SPEC))
    list(write_songs(tmp_path, 3, seed=0, spec=SPEC))
    with pytest.raises(FolderError, match="other songs"):
        list(write_songs(tmp_path, 2, seed=1, spec=SPEC))
    with pytest.raises(ValueError, match="songs"):
        numbers(0, 1)
    with pytest.raises(ValueError, match="seed"):
        numbers(1, -1)


def _command() -> Typer:
    app = Typer()
    app.command()(practice)
    return app


def test_the_command_writes_and_refuses(tmp_path: Path) -> None:
    run = CliRunner().invoke
    loops = _folder(tmp_path / "loops")
    done = run(
        _command(),
        ["--songs", "2", "--seed", "1", "--out", str(tmp_path / "o"), "--drum-loops", str(loops),
         "--meters", "3/4,7/8"],
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert len(list((tmp_path / "o/songs").glob("*.mid"))) == 2
    for arguments, words in (
        (["--out", str(loops / "info.csv")], "folder"),
        (["--out", str(tmp_path / "p"), "--meters", "11/16"], "no meter 11/16"),
        (["--out", str(tmp_path / "p"), "--drum-loops", str(tmp_path)], "is missing"),
    ):
        refused = run(_command(), ["--songs", "1", *arguments])
        assert refused.exit_code == 2, refused.output
        assert words in refused.output
        assert not (tmp_path / "p").exists()
