"""`groove stats`: figures to read, and as JSON alone on standard output."""

import json
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from groove.cli.stats import stats
from groove.midi.notes import write_midi
from groove.midi.song import song_from_notes


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number, style in enumerate(("funk", "soul", "funk")):
        starts = np.arange(16) / 2
        pitch = np.tile([36, 42, 38, 42 + 4 * (number % 2)], 4)
        song = song_from_notes(starts, 0.1, pitch, 80 + number, 0, True, [(0, 100)], [(0, 4, 4)])
        (tmp_path / f"{number}__style-{style}.mid").write_bytes(write_midi(song))
    (tmp_path / "3_broken.mid").write_text("nothing")
    return tmp_path


@pytest.fixture
def command():
    app = typer.Typer()
    app.command()(stats)
    return lambda *words: CliRunner().invoke(app, [str(word) for word in words])


def test_json_is_alone_on_standard_output(command, folder):
    done = command(folder, "--json")
    found = json.loads(done.stdout)
    # The third loop has the notes of the first.
    assert (found["files"], found["loops"], found["duplicates"], found["quarantined"]) == (
        4,
        2,
        1,
        1,
    )
    assert found["styles"] == {
        "funk": {"bars": 2, "loops": 1},
        "soul": {"bars": 2, "loops": 1},
    }
    assert found["labels"]["kick"] == 8
    assert found["grids"] == {"4": {"bars": 4, "loops": 2}}
    assert "left out 3_broken.mid" in done.stderr


def test_lines_are_to_be_read(command, folder):
    shown = command(folder).stdout
    assert "tempo bpm:" in shown
    assert "funk" in shown


def test_a_folder_that_is_not_there_ends_with_two(command, folder):
    done = command(folder / "nowhere")
    assert done.exit_code == 2
    assert "no folder" in done.stderr


def test_help_shows_examples(command):
    assert "groove stats" in command("--help").stdout
