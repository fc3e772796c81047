"""`groove train`, `evaluate` and `hyperopt`: JSON alone on standard output, refusals in words."""

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from groove.cli.main import app
from groove.midi.notes import write_midi
from groove.midi.song import song_from_notes
from groove.ngram.language import codec

run = CliRunner().invoke

BASE = {36: [0, 8], 38: [4, 12], 42: list(range(0, 16, 2))}


def loop(seed: int, style: str) -> bytes:
    """Four bars of a pattern, with ghost notes by chance."""
    random = np.random.default_rng(seed)
    places, pitches = [], []
    for bar in range(4):
        for pitch, steps in BASE.items():
            moved = [6, 10] if style == "funk" and pitch == 36 else steps
            places += [bar * 4 + step / 4 for step in moved]
            pitches += [pitch] * len(moved)
        ghost = random.choice(16, 2, replace=False)
        places += [bar * 4 + step / 4 for step in ghost]
        pitches += [38, 46]
    song = song_from_notes(
        np.array(places), 0.1, np.array(pitches), random.integers(40, 120, len(places)), 0, True,
        [(0, 100)], [(0, 4, 4)],
    )  # fmt: skip
    return write_midi(song)


@pytest.fixture(scope="module")
def loops(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Folders to learn from and to be judged on; each has a file that is no music."""
    folders = []
    for name, first, count in (("train", 0, 24), ("other", 100, 10)):
        folder = tmp_path_factory.mktemp(name)
        for seed in range(first, first + count):
            style = ("rock", "funk")[seed % 2]
            place = folder / f"player{seed % 6}"
            place.mkdir(exist_ok=True)
            (place / f"{seed}__style-{style}_.mid").write_bytes(loop(seed, style))
        (folder / "broken.mid").write_bytes(b"MThd no music")
        folders.append(folder)
    return folders[0], folders[1]


@pytest.fixture(scope="module")
def trained(loops: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("models") / "model.parquet"
    result = run(app, ["train", str(loops[0]), "--out", str(out), "--license", "CC0-1.0", "--json"])
    assert result.exit_code == 0, result.stderr
    report = json.loads(result.stdout)
    assert (report["files"], report["quarantined"], report["loops"]) == (25, 1, 24)
    assert "broken.mid" in result.stderr
    return out


def test_a_model_is_trained_and_knows_where_it_is_from(trained: Path) -> None:
    model = codec.read(trained)
    assert model.card["licenses"] == ["CC0-1.0"]
    assert {"style=rock", "style=funk"} <= {*model.conditions}
    assert model.card["events"]["resolutions"] == [4, 3, 6, 8]


def test_training_again_gives_the_same_file(
    loops: tuple[Path, Path], trained: Path, tmp_path: Path
) -> None:
    again = tmp_path / "again.parquet"
    arguments = ["--license", "CC0-1.0", "--jobs", "1", "--memory-mb", "128"]
    assert run(app, ["train", str(loops[0]), "-o", str(again), *arguments]).exit_code == 0
    assert again.read_bytes() == trained.read_bytes()


def test_evaluation_is_json_with_what_is_asked_for(loops: tuple[Path, Path], trained: Path) -> None:
    small = ["--grooves", "8", "--bars", "2", "--bootstrap", "4"]
    result = run(app, ["evaluate", str(trained), "--on", str(loops[1]), "--json", *small])
    assert result.exit_code == 0, result.stderr
    report = json.loads(result.stdout)
    assert (report["files"], report["quarantined"], report["leaked_loops"]) == (11, 1, 0)
    assert report["sum_to_one_max_error"] < 1e-9
    assert 0 < report["bits_per_hit"] < report["bits_per_bar"]
    assert 1 < report["perplexity_16x13"] < report["reference"]["order0"]["perplexity"]
    assert report["memorised_max_hits"] > 0
    own = run(app, ["evaluate", str(trained), "--on", str(loops[0]), "--json", *small])
    assert json.loads(own.stdout)["leaked_loops"] == 24
    assert "24 of 24 loops" in own.stderr


def test_a_groove_is_compared_with_loops(loops: tuple[Path, Path]) -> None:
    file = next(loops[1].rglob("*rock*.mid"))
    result = run(app, ["evaluate", str(file), "--ref", str(loops[0]), "--json"])
    assert result.exit_code == 0, result.stderr
    report = json.loads(result.stdout)
    assert report["bars"] == 4
    assert report["blec"] >= 0
    assert 0 < report["density"] <= 1


def test_a_search_goes_on_from_where_it_was(loops: tuple[Path, Path], tmp_path: Path) -> None:
    study = tmp_path / "study.db"
    small = ["--grooves", "6", "--bars", "2", "--storage", str(study), "--json"]
    first = run(app, ["hyperopt", str(loops[0]), "--trials", "2", *small])
    assert first.exit_code == 0, first.stderr
    second = run(app, ["hyperopt", str(loops[0]), "--trials", "3", *small])
    assert second.exit_code == 0, second.stderr
    before, after = (json.loads(one.stdout)["trials"] for one in (first, second))
    assert len(before) == 2
    assert after[:2] == before
    assert len(after) == 3


def test_what_cannot_be_done_is_refused_in_words(
    loops: tuple[Path, Path], trained: Path, tmp_path: Path
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    damaged = tmp_path / "damaged.parquet"
    damaged.write_bytes(trained.read_bytes()[:-40])
    for arguments, said in (
        (["train", str(empty), "--out", str(tmp_path / "m")], "no drum loop"),
        (["train", str(tmp_path / "gone"), "--out", str(tmp_path / "m")], "no folder"),
        (["train", str(loops[0]), "--out", str(tmp_path / "no" / "m")], "no folder"),
        (["evaluate", str(trained)], "--on"),
        (["evaluate", str(trained), "--on", str(empty)], "no bars"),
        (["evaluate", str(trained), "--ref", str(empty)], "--ref"),
        (["evaluate", str(damaged), "--on", str(loops[1])], "damaged.parquet"),
        (["hyperopt", str(empty)], "no drum loop"),
    ):
        result = run(app, arguments)
        assert result.exit_code == 2, arguments
        assert said in result.stderr, (arguments, result.stderr)
        assert result.stdout == ""
    assert not (tmp_path / "m").exists()
