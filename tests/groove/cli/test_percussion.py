"""`groove percussion`, `parts` and `visualize`: from a folder of loops to an arrangement."""

import json
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner, Result

from groove.cli.parts import parts
from groove.cli.percussion import percussion
from groove.cli.visualize import visualize
from groove.midi.notes import Song, read_midi, song_from_notes, write_midi
from groove.ngram.corpus.folder import read_folder
from groove.ngram.language.codec import pack, read
from groove.ngram.language.training import train_model
from groove.ngram.spec import ModelSpec, NgramSpec

app = typer.Typer()
app.add_typer(percussion, name="percussion")
app.command()(parts)
app.command()(visualize)
runner = CliRunner()

CONGA_HIGH, CONGA_LOW, SHAKER, KICK, SNARE, HAT = 63, 64, 70, 36, 38, 42


def run(*arguments: object) -> Result:
    return runner.invoke(app, [str(argument) for argument in arguments])


def loop(random: np.random.Generator, style: str, keys: tuple[int, int, int]) -> Song:
    """Four bars: a pulse of eighths, two drums, and a ghost note now and then."""
    pulse = np.arange(0, 16, 0.5 if style == "samba" else 1.0)
    low = np.arange(0, 16, 2.0)
    high = low + (1.0 if style == "samba" else 1.5)
    ghost = random.choice(np.arange(0.25, 16, 0.5), 3, replace=False)
    beats = np.concatenate([pulse, low, high, ghost])
    counts = (len(pulse), len(low), len(high), len(ghost))
    pitch = np.repeat([keys[2], keys[0], keys[1], keys[1]], counts)
    velocity = np.repeat([50, 100, 96, 30], counts)
    late = random.normal(0, 0.004, len(beats)).clip(0, 0.02)
    return song_from_notes(beats + late, 0.05, pitch, velocity, 0, True, [(0, 96)], [(0, 4, 4)])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a percussion and a drum model, and a drum groove."""
    random = np.random.default_rng(0)
    root = tmp_path_factory.mktemp("song")
    for name, keys in (("perc", (CONGA_LOW, CONGA_HIGH, SHAKER)), ("kit", (KICK, SNARE, HAT))):
        (root / name).mkdir()
        for number in range(16):
            style = ("samba", "son")[number % 2]
            file = root / name / f"loop{number:02d}__style-{style}.mid"
            file.write_bytes(write_midi(loop(random, style, keys)))
    options = ["--order", 3, "--out", root / "perc.parquet"]
    told = ["--license", "CC0-1.0", "--source", "by hand", "--json"]
    result = run("percussion", "train", root / "perc", *options, *told)
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    assert (report["files"], report["loops"], report["order"]) == (16, 16, 3)
    assert {"style=samba", "style=son"} <= {*report["conditions"]}
    bars = read_folder(root / "kit", jobs=1).bars
    drums = train_model(bars, NgramSpec(max_order=3), ModelSpec(order=3), refit=True)
    (root / "drums.parquet").write_bytes(pack(drums.model))
    (root / "drums.mid").write_bytes(write_midi(loop(random, "samba", (KICK, SNARE, HAT))))
    return root


def test_a_percussion_model_plays_percussion_of_its_style(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "perc.mid"
    options = ["percussion", "sample", folder / "perc.parquet", "-l", 8, "--seed", 3]
    samba = run(*options, "--cond-style", "samba", "--out", out)
    assert samba.exit_code == 0, samba.output
    song = read_midi(out.read_bytes())
    assert song.drum.all()
    assert set(song.pitch.tolist()) <= {CONGA_HIGH, CONGA_LOW, SHAKER}
    assert song.tempo_bpm[0] == pytest.approx(96, abs=0.1)
    piped = run(*options, "--cond-style", "samba")
    assert piped.stdout_bytes == out.read_bytes()
    # Samba has a pulse of eighths, son one of quarters.
    pulses = []
    for style in ("samba", "son"):
        song = read_midi(run(*options, "--style", style).stdout_bytes)
        pulses.append(int((song.pitch == SHAKER).sum()))
    assert pulses[0] > 1.4 * pulses[1]
    # The pulse is soft, the drums are loud or ghosts.
    assert song.velocity[song.pitch == SHAKER].max() < 64


def test_a_percussion_model_knows_where_it_is_from(folder: Path) -> None:
    card = read(folder / "perc.parquet").card
    assert card["licenses"] == ["CC0-1.0"]
    assert card["sources"] == ["by hand"]
    assert card["events"]["alphabet"] == "percussion"


def test_merging_moves_what_collides(tmp_path: Path) -> None:
    perc = tmp_path / "perc.mid"
    beats = [0.0, 1.0, 2.5]
    perc.write_bytes(
        write_midi(song_from_notes(beats, 0.1, 39, 90, 0, True, [(0, 96)], [(0, 4, 4)]))
    )
    kit = tmp_path / "kit.mid"
    kit.write_bytes(
        write_midi(
            song_from_notes([0, 1, 2], 0.1, [36, 38, 42], 90, 0, True, [(0, 96)], [(0, 4, 4)])
        )
    )
    out = tmp_path / "both.mid"
    result = run("percussion", "merge", kit, perc, "--out", out)
    assert result.exit_code == 0, result.output
    assert "2 moved" in result.output
    both = read_midi(out.read_bytes())
    assert sorted(both.start_tick.tolist()) == [0, 1, 480, 481, 960, 1200]
    slow = tmp_path / "slow.mid"
    slow.write_bytes(
        write_midi(song_from_notes(beats, 0.1, 39, 90, 0, True, [(0, 60)], [(0, 4, 4)]))
    )
    refused = run("percussion", "merge", kit, slow, "--out", tmp_path / "none.mid")
    assert refused.exit_code == 2
    assert "not in one tempo" in refused.output
    assert not (tmp_path / "none.mid").exists()


ARRANGEMENT = """
tempo: 110
seed: 5
parts:
  drums:
    model_path: drums.parquet
    cond: {style: samba}
  percussion:
    backend: perc_ngram
    model_path: perc.parquet
    bars: 2
sections:
  - {name: intro, bars: 2, parts: [percussion]}
  - {name: verse, bars: 4}
  - {name: bridge, bars: 2, parts: [drums], cond: {style: son}}
  - {name: verse, bars: 4}
"""


def test_an_arrangement_is_played_part_by_part(folder: Path, tmp_path: Path) -> None:
    config = folder / "song.yaml"
    config.write_text(ARRANGEMENT)
    out = tmp_path / "song.mid"
    result = run("parts", config, "--out", out)
    assert result.exit_code == 0, result.output
    data = out.read_bytes()
    assert run("parts", config).stdout_bytes == data
    song = read_midi(data)
    assert song.drum.all()
    assert song.tempo_bpm.tolist() == pytest.approx([110], abs=1e-2)
    for name in (b"drums", b"percussion"):
        assert b"\xff\x03" + bytes([len(name)]) + name in data
    # A hit that is a little early for a bar belongs to it.
    bar = (song.start_tick + 60) // (4 * song.ticks_per_quarter)
    is_kit = np.isin(song.pitch, [KICK, SNARE, HAT])
    assert set(bar[is_kit].tolist()) == set(range(2, 12))
    assert set(bar[~is_kit].tolist()) == {*range(6), *range(8, 12)}
    strikes = set(song.start_tick[np.isin(song.pitch, [KICK, SNARE])].tolist())
    assert not strikes & set(song.start_tick[~is_kit].tolist())

    def played(bars: range, first: int) -> list[tuple[int, ...]]:
        here = np.isin(bar, bars) & is_kit
        tick = song.start_tick[here] - first * 4 * song.ticks_per_quarter
        columns = (tick, song.pitch[here], song.velocity[here])
        return sorted(zip(*(column.tolist() for column in columns), strict=True))

    # A section that comes again sounds the same.
    assert played(range(2, 6), 2) == played(range(8, 12), 8)


def test_adding_a_part_or_section_changes_no_other(folder: Path) -> None:
    config = folder / "more.yaml"
    config.write_text(ARRANGEMENT)
    before = read_midi(run("parts", config).stdout_bytes)
    config.write_text(ARRANGEMENT + "  - {name: coda, bars: 2, parts: [drums]}\n")
    after = read_midi(run("parts", config).stdout_bytes)
    assert after.start_tick[: before.n - 8].tolist() == before.start_tick[: before.n - 8].tolist()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("parts: {a: {model_path: perc.parquet}}", "was trained on percussion"),
        ("parts: {a: {model_path: none.parquet}}", "none.parquet: No such file"),
        ("parts: {a: {model_path: song.bad}}", "song.bad"),
        ("parts: {a: {model_path: ../x}}", "leads out"),
        ("parts: {a: {model_path: drums.parquet}}\nmeter: 7/8", "no training loop is in 7/8"),
        ("parts: {a: {backend: perc_ngram}}", "percussion train"),
        ("parts: {a: &x {}, b: *x}", "aliases"),
    ],
)
def test_an_arrangement_that_cannot_be_played_is_refused(
    folder: Path, tmp_path: Path, text: str, reason: str
) -> None:
    config = folder / "song.bad"
    config.write_text(text)
    result = run("parts", config, "--out", tmp_path / "out.mid")
    assert result.exit_code == 2, result.output
    assert reason in result.output
    assert not list(tmp_path.iterdir())


def test_a_model_from_elsewhere_is_given_by_the_user(folder: Path, tmp_path: Path) -> None:
    config = tmp_path / "song.yaml"
    config.write_text("parts: {kit: {model_path: nowhere.parquet, cond: {style: polka}}}")
    result = run(
        "parts", config, "--model", f"kit={folder / 'drums.parquet'}", "--out", "/dev/null"
    )
    assert result.exit_code == 0, result.output
    assert "no loop of the model has style=polka" in result.output
    refused = run("parts", config, "--model", "bass=x", "--out", tmp_path / "a.mid")
    assert refused.exit_code == 2
    assert "with one of kit" in refused.output


@pytest.mark.parametrize("kind", ["heatmap", "histogram", "microtiming", "roll", "all"])
@pytest.mark.parametrize("model", ["drums", "perc"])
def test_a_model_becomes_a_picture(folder: Path, tmp_path: Path, kind: str, model: str) -> None:
    out = tmp_path / "model.png"
    result = run("visualize", folder / f"{model}.parquet", "--out", out, "--kind", kind)
    assert result.exit_code == 0, result.output
    data = out.read_bytes()
    assert data.startswith(b"\x89PNG")
    width, height = struct.unpack(">II", data[16:24])
    assert width >= 1000
    assert height >= 150


def test_what_is_no_model_or_no_picture_is_refused(folder: Path, tmp_path: Path) -> None:
    bad = run("visualize", folder / "drums.mid", "--out", tmp_path / "a.png")
    assert bad.exit_code == 2
    assert "drums.mid" in bad.output
    suffix = run("visualize", folder / "drums.parquet", "--out", tmp_path / "a.jpg")
    assert suffix.exit_code == 2
    assert ".png" in suffix.output


def test_a_folder_without_percussion_is_refused(folder: Path, tmp_path: Path) -> None:
    result = run("percussion", "train", folder / "kit", "--out", tmp_path / "m.parquet")
    assert result.exit_code == 2
    assert "no percussion below" in result.output
    missing = run("percussion", "train", folder / "none", "--out", tmp_path / "m.parquet")
    assert missing.exit_code == 2
    nowhere = run("percussion", "train", folder / "perc", "--out", tmp_path / "no" / "m.parquet")
    assert nowhere.exit_code == 2
    assert "no folder to write m.parquet to" in nowhere.output
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("command", [("percussion", "sample"), ("percussion", "merge"), ("parts",)])
def test_a_terminal_gets_a_hint(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: tuple[str, ...],
) -> None:
    import sys

    from groove.cli import percussion as module

    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    path = folder / "drums.mid"
    calls: dict[str, Callable[[], None]] = {
        "sample": lambda: module.sample(path),
        "merge": lambda: module.merge(path, path),
        "parts": lambda: parts(path),
    }
    with pytest.raises(typer.Exit) as stopped:
        calls[command[-1]]()
    assert stopped.value.exit_code == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert "--out FILE" in told.err


def test_a_picture_is_the_same_again(folder: Path, tmp_path: Path) -> None:
    pictures = [tmp_path / "one.png", tmp_path / "two.png"]
    for out in pictures:
        result = run("visualize", folder / "drums.parquet", "--kind", "roll", "--out", out)
        assert result.exit_code == 0
    assert pictures[0].read_bytes() == pictures[1].read_bytes()
