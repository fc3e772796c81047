"""`groove sample` writes MIDI or JSON, the same for the same seed, and never MIDI to a terminal."""

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import typer
from typer.testing import CliRunner

from groove.cli.sample import sample
from groove.core.digest import sha256
from groove.midi.notes import read_midi, song_from_notes, write_midi
from groove.midi.taxonomy import LABELS
from groove.ngram.language.codec import pack
from groove.ngram.language.training import train_model
from groove.ngram.spec import EventSpec, ModelSpec, NgramSpec

app = typer.Typer()
app.command()(sample)
run = CliRunner().invoke

KICK, SNARE, HAT = (1 << LABELS.index(name) for name in ("kick", "snare", "hihat_closed"))
BEAT = [KICK | HAT, 0, HAT, 0, SNARE | HAT, 0, HAT, 0] * 2


def model_bytes(events: EventSpec | None = None) -> bytes:
    """A model of rock in verse and chorus, with ghost notes that keep it from one pattern."""
    random = np.random.default_rng(0)
    rows = []
    for loop in range(12):
        for number in range(4):
            symbols = np.array(BEAT)
            symbols[random.integers(0, 16, 2)] ^= SNARE
            step, label = np.nonzero(symbols[:, None] >> np.arange(len(LABELS)) & 1)
            rows.append(
                {
                    "key": f"loop{loop:02d}", "path": f"loop{loop:02d}.mid", "source": "by hand",
                    "swing": None, "unmapped_hits": 0, "merged_hits": 0, "lost_hits": 0,
                    "license": "CC0-1.0", "bar": number, "meter": "4/4", "numerator": 4,
                    "denominator": 4, "resolution": 4, "steps": 16, "quarters": 4.0,
                    "style": "rock", "feel": None, "section": ("verse", "chorus")[loop % 2],
                    "heat": None, "intensity": None, "density": None, "is_fill": False,
                    "tempo_bpm": 97.0, "symbols": symbols.tolist(), "hit_step": step.tolist(),
                    "hit_label": label.tolist(), "hit_velocity": [80] * len(step),
                    "hit_offset_ticks": [0.0] * len(step), "split": "train",
                    "split_group": f"loop{loop:02d}", "sha256": f"{loop:02d}",
                }
            )  # fmt: skip
    spec = ModelSpec(min_condition_bars=4)
    return pack(train_model(pd.DataFrame(rows), NgramSpec(), spec, events=events).model)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("model") / "model.parquet"
    path.write_bytes(model_bytes())
    return str(path)


def test_a_file_and_standard_output_get_the_same_midi(model: str, tmp_path: Path) -> None:
    out = tmp_path / "out.mid"
    options = [model, "--style", "rock", "-l", "2", "--seed", "42", "--swing", "0.5"]
    to_file = run(app, [*options, "--out", str(out)])
    assert to_file.exit_code == 0, to_file.output
    assert to_file.stdout_bytes == b""
    piped = run(app, options)
    assert piped.stdout_bytes == out.read_bytes()
    assert "2 bars" in piped.stderr
    song = read_midi(out.read_bytes())
    assert song.drum.all()
    assert song.tempo_bpm[0] == pytest.approx(97.0, abs=1e-3)
    assert [file.name for file in tmp_path.iterdir()] == ["out.mid"]


def test_json_by_suffix_or_by_name(model: str, tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    told = run(app, [model, "-l", "2", "--seed", "4", "--out", str(out)])
    assert told.exit_code == 0, told.output
    piped = run(app, [model, "--length", "2", "--seed", "4", "--format", "json"])
    assert piped.stdout_bytes == out.read_bytes()
    found = json.loads(piped.stdout)
    assert found["bars"] == 2
    assert found["model"]["id"] == sha256(Path(model).read_bytes())[:16]


def test_a_batch_has_the_files_of_its_seeds(model: str, tmp_path: Path) -> None:
    batch = run(app, [model, "--count", "3", "--seed", "5", "--out-dir", str(tmp_path / "new")])
    assert batch.exit_code == 0, batch.output
    assert batch.stdout_bytes == b""
    names = sorted(file.name for file in (tmp_path / "new").iterdir())
    assert names == ["groove_000005.mid", "groove_000006.mid", "groove_000007.mid"]
    alone = run(app, [model, "--seed", "6"])
    assert alone.stdout_bytes == (tmp_path / "new" / names[1]).read_bytes()


def test_conditions_come_as_json_and_as_options(model: str) -> None:
    def played(*options: str) -> dict[str, object]:
        result = run(app, [model, "--format", "json", *options])
        assert result.exit_code == 0, result.output
        found: dict[str, object] = json.loads(result.stdout)
        return found

    by_json = played("--cond", '{"section": "chorus", "heat_bin": 3}')
    assert by_json["conditions"] == ["section=chorus"]
    assert by_json["ignored"] == ["heat=3"]
    assert played("--cond-section", "Chorus")["conditions"] == ["section=chorus"]
    both = played("--cond", '{"section":"verse"}', "--cond-section", "chorus")
    assert both["conditions"] == ["section=chorus"]


def test_what_the_model_does_not_know_is_said(model: str) -> None:
    result = run(app, [model, "--cond-style", "polka", "--fill-every", "2"])
    assert result.exit_code == 0
    assert "knows no style=polka" in result.stderr
    assert "knows no fills" in result.stderr
    assert read_midi(result.stdout_bytes).n > 0


def test_a_loop_is_gone_on_with(model: str, tmp_path: Path) -> None:
    loop = tmp_path / "mine__section-chorus.mid"
    loop.write_bytes(run(app, [model, "-l", "2", "--seed", "1", "--tempo", "133"]).stdout_bytes)
    result = run(app, [model, "--like", str(loop), "--format", "json", "--seed", "2"])
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert found["tempo_bpm"] == pytest.approx(133, abs=0.01)
    assert found["conditions"] == ["section=chorus"]
    assert sorted(file.name for file in tmp_path.iterdir()) == [loop.name]


def test_a_loop_is_read_as_the_bars_of_the_model_were(model: str, tmp_path: Path) -> None:
    sixteenths = tmp_path / "sixteenths.parquet"
    sixteenths.write_bytes(model_bytes(EventSpec(resolutions=[4])))
    loop = tmp_path / "shuffle.mid"
    beats = np.arange(48) / 3
    song = song_from_notes(beats, 0.1, 42, 90, 0, True, [(0, 96)], [(0, 4, 4)])
    loop.write_bytes(write_midi(song))
    # Triplets are heard as such, but by a model that was told of sixteenths only.
    for path, resolution in ((model, 3), (str(sixteenths), 4)):
        result = run(app, [path, "--like", str(loop), "--format", "json"])
        assert result.exit_code == 0, result.output
        assert json.loads(result.stdout)["resolution"] == resolution


def trained_here(root: Path, data: bytes) -> Path:
    """Write a data root whose pipeline trained a model; return the file of its blob."""
    name = sha256(data) + ".parquet"
    blob = root / "blobs" / name[:2] / name
    (root / "tables").mkdir()
    blob.parent.mkdir(parents=True)
    blob.write_bytes(data)
    pd.DataFrame({"blob": [name]}).to_parquet(root / "tables" / "groove_model.parquet")
    return blob


def test_the_trained_model_is_found_below_the_data_root(
    model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = Path(model).read_bytes()
    trained_here(tmp_path, data)
    monkeypatch.setenv("GROOVE_DATA", str(tmp_path))
    result = run(app, ["--tempo", "120", "--bars", "1"])
    assert result.exit_code == 0
    assert read_midi(result.stdout_bytes).tempo_bpm[0] == 120.0
    found = json.loads(run(app, ["--bars", "1", "--format", "json"]).stdout)
    assert found["model"]["id"] == sha256(data)[:16]


def test_a_trained_model_that_is_damaged_is_reported(
    model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GROOVE_DATA", str(tmp_path))

    def refused() -> str:
        # The released model is not played in its place.
        result = run(app, [])
        assert result.exit_code == 2
        assert result.stdout_bytes == b""
        return result.stderr

    blob = trained_here(tmp_path, Path(model).read_bytes())
    blob.write_bytes(blob.read_bytes()[:-1] + b"x")
    assert "is damaged" in refused()
    blob.unlink()
    assert f"no blob {blob.name}" in refused()
    table = tmp_path / "tables" / "groove_model.parquet"
    table.write_bytes(b"PAR1")
    assert refused()


def test_a_trained_model_that_is_none_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained_here(tmp_path, b"what another version wrote")
    monkeypatch.setenv("GROOVE_DATA", str(tmp_path))
    result = run(app, [])
    assert result.exit_code == 2
    assert "the model trained last: " in result.stderr


def test_conditions_are_listed(model: str) -> None:
    listed = run(app, [model, "--list-conditions"]).stdout.splitlines()
    assert "style=rock\t48 bars" in listed
    assert "section=chorus\t24 bars" in listed


def test_a_terminal_gets_a_hint_and_no_bytes(
    model: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    with pytest.raises(typer.Exit) as stopped:
        sample(model=Path(model))
    assert stopped.value.exit_code == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert "--out FILE" in told.err


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--meter", "7/8"], "knows 4/4"),
        (["--meter", "x"], "knows 4/4"),
        (["--temperature", "0"], "above 0"),
        (["--temperature", "nan"], "above 0"),
        (["--temperature-end", "inf"], "above 0"),
        (["--top-p", "2"], "top-p"),
        (["--top-k", "-1"], "top-k"),
        (["--bars", "0"], "bars"),
        (["--tempo", "nan"], "tempo"),
        (["--swing", "2"], "swing"),
        (["--humanise", "nan"], "humanise"),
        (["--cond", "{"], "not JSON"),
        (["--cond", "[" * 3000], "not JSON"),
        (["--cond", '{"style":"' + "x" * 9000 + '"}'], "characters"),
        (["--cond", "[1]"], "object"),
        (["--cond", '{"mood":"sad"}'], "mood"),
        (["--cond", '{"style":["rock"]}'], "style must be text"),
        (["--cond", '{"heat":NaN}'], "heat must be"),
        (["--format", "wav"], "midi or json"),
        (["--count", "2"], "--out-dir"),
        (["--like", "/nowhere/loop.mid"], "/nowhere/loop.mid"),
        (["--out", "/nowhere/out.mid"], "/nowhere"),
        (["--out", "/"], "is a folder"),
        (["--out", "/x.mid", "--out-dir", "/"], "not both"),
    ],
)
def test_what_cannot_be_played_is_said(model: str, options: list[str], reason: str) -> None:
    result = run(app, [model, *options])
    assert result.exit_code == 2, result.output
    assert reason in result.stderr
    assert result.stdout_bytes == b""
    assert "Traceback" not in result.output


def test_a_loop_that_cannot_be_read_is_named(model: str, tmp_path: Path) -> None:
    for name, content in (("a.mid", b"MThd"), ("b.txt", b"hello"), ("c.wav", b"RIFF")):
        path = tmp_path / name
        path.write_bytes(content)
        result = run(app, [model, "--like", str(path)])
        assert result.exit_code == 2, result.output
        assert name in result.stderr


def test_a_model_that_is_none_is_refused(tmp_path: Path) -> None:
    for name, content in (("a.parquet", b""), ("b.parquet", b"PAR1" * 100)):
        path = tmp_path / name
        path.write_bytes(content)
        result = run(app, [str(path)])
        assert result.exit_code == 2
        assert name in result.stderr
    folder = run(app, [str(tmp_path)])
    assert folder.exit_code == 2
    assert f"{tmp_path}: Is a directory" in folder.stderr


def test_without_any_model_the_way_to_one_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GROOVE_DATA", str(tmp_path))
    monkeypatch.setattr("groove.cli.loading._FOLDER", "nothing_here")
    result = run(app, [])
    assert result.exit_code == 2
    assert "groove train" in result.stderr
