"""`groove inventory`: the columns, the figures, and what is left out."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from groove.cli import inventory
from groove.midi.notes import write_midi
from groove.midi.song import song_from_notes

COLUMNS = (
    "path,bytes,bpm,bars,notes,uniq_pitches,drum,is_fill,keep_drum,keep_pitched,"
    "tempo_injected,tempo_source"
)


def loop(count: int, bpm: float = 100, pitch: int = 36, drum: bool = True) -> bytes:
    beats = np.arange(count) / 2
    return write_midi(song_from_notes(beats, 0.4, pitch, 90, 0, drum, [(0, bpm)], [(0, 4, 4)]))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "loops"
    (root / "b").mkdir(parents=True)
    (root / "b" / "beat.mid").write_bytes(loop(16))
    (root / "a_fill.mid").write_bytes(loop(4))
    (root / "bass.mid").write_bytes(loop(8, 55, 40, drum=False))
    (root / "broken.mid").write_bytes(loop(8)[:30])
    (root / "words.wav").write_text("no sound")
    (root / ".hidden.mid").write_bytes(loop(8))
    (root / "readme.txt").write_text("no music")
    return root


@pytest.fixture
def command():
    app = typer.Typer()
    app.command()(inventory.inventory)
    return lambda *words: CliRunner().invoke(app, [str(word) for word in words])


def test_it_writes_one_row_per_loop_in_order(command, folder, tmp_path):
    out = tmp_path / "loop_inventory.csv"
    done = command(folder, "--out", out)
    assert done.exit_code == 0
    text = out.read_text()
    assert text.splitlines()[0].startswith(COLUMNS + ",")
    rows = {row["path"]: row for row in csv.DictReader(text.splitlines())}
    assert list(rows) == ["a_fill.mid", "b/beat.mid", "bass.mid"]
    beat = rows["b/beat.mid"]
    assert (float(beat["bpm"]), float(beat["bars"]), beat["notes"]) == (100.0, 2.0, "16")
    assert (beat["drum"], beat["keep_drum"], beat["keep_pitched"]) == ("True", "True", "False")
    assert (rows["a_fill.mid"]["is_fill"], rows["a_fill.mid"]["keep_drum"]) == ("True", "False")
    assert rows["bass.mid"]["keep_pitched"] == "True"
    assert "left out broken.mid: damaged" in done.stderr
    assert "left out words.wav" in done.stderr
    assert "loops                             3" in done.stdout


def test_tempos_can_be_folded(command, folder, tmp_path):
    out = tmp_path / "out.csv"
    command(folder, "--out", out, "--min-bpm", 80, "--max-bpm", 160, "--fold-halves")
    rows = {row["path"]: row for row in csv.DictReader(out.read_text().splitlines())}
    assert float(rows["bass.mid"]["bpm"]) == pytest.approx(110, abs=1e-3)
    assert rows["bass.mid"]["tempo_source"] == "folded"


def test_it_never_writes_to_the_files(command, folder):
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    command(folder)
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_json_and_csv_have_standard_output_for_themselves(command, folder):
    done = command(folder, "--json")
    found = json.loads(done.stdout)
    assert [row["path"] for row in found["loops"]] == ["a_fill.mid", "b/beat.mid", "bass.mid"]
    assert [row["path"] for row in found["quarantined"]] == ["broken.mid", "words.wav"]
    assert found["summary"]["loops"] == 3
    assert found["loops"][0]["style"] is None
    done = command(folder, "--out", "-", "--tempo-verbose")
    assert len(list(csv.DictReader(done.stdout.splitlines()))) == 3
    assert "tempo file: 3 loops, 55 to 100 bpm" in done.stderr


def test_filters_have_effect(command, folder):
    def kept(*words: str) -> dict:
        rows = json.loads(command(folder, "--json", *words).stdout)["loops"]
        return {row["path"]: (row["keep_drum"], row["keep_pitched"]) for row in rows}

    assert kept("--min-notes", "1", "--min-bars", "0")["a_fill.mid"] == (True, False)
    loose = ("--min-notes", "1", "--min-bars", "0", "--exclude-fills")
    assert kept(*loose)["a_fill.mid"] == (False, False)
    assert kept("--drum-only")["bass.mid"] == (False, False)
    assert kept("--pitched-only")["b/beat.mid"] == (False, False)
    assert kept("--ext", "wav") == {}
    assert list(kept("--limit-files", "1")) == ["a_fill.mid"]


def test_an_aux_map_must_name_every_loop(command, folder, tmp_path):
    names = ("a_fill.mid", "beat", "bass.mid", "broken.mid", "words.wav")
    whole = {name: {"section": "verse", "heat_bin": 2} for name in names}
    aux = tmp_path / "aux.json"
    aux.write_text(json.dumps(whole))
    rows = json.loads(command(folder, "--json", "--aux", aux).stdout)["loops"]
    assert {(row["section"], row["heat"]) for row in rows} == {("verse", "2")}
    aux.write_text(json.dumps({"beat": {}}))
    done = command(folder, "--aux", aux)
    assert done.exit_code == 2
    assert "a_fill.mid" in done.stderr


def test_a_file_that_cannot_be_written_ends_with_two(command, folder, tmp_path):
    assert command(folder, "--out", tmp_path / "none" / "out.csv").exit_code == 2
    assert command(folder, "--out", tmp_path).exit_code == 2


def test_wrong_input_ends_with_two(command, folder, tmp_path):
    assert command(tmp_path / "nowhere").exit_code == 2
    assert command(folder, "--tempo-policy", "guess").exit_code == 2


def test_help_shows_examples(command):
    assert "groove inventory" in command("--help").stdout
