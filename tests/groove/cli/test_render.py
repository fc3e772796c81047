"""`groove render`: what sounds is what the MIDI file says, at a level that nothing clips."""

from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from groove.audio.waveform import read_audio, true_peak_dbtp
from groove.cli.render import render
from groove.cli.writing import write_whole
from groove.midi.notes import song_from_notes, write_midi

app = typer.Typer()
app.command()(render)
run = CliRunner().invoke


@pytest.fixture
def groove(tmp_path: Path) -> Path:
    song = song_from_notes(
        np.arange(8) / 2, 0.1, [36, 42, 38, 42] * 2, 110, 0, True, [(0, 120)], [(0, 4, 4)]
    )
    path = tmp_path / "groove.mid"
    path.write_bytes(write_midi(song))
    return path


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "mp3"])
def test_every_format_is_heard_and_not_clipped(groove: Path, tmp_path: Path, suffix: str) -> None:
    out = tmp_path / f"groove.{suffix}"
    result = run(app, [str(groove), "--out", str(out), "--normalise"])
    assert result.exit_code == 0, result.output
    sound = read_audio(out.read_bytes())
    assert sound.sample_rate == 44_100
    assert -3.0 < true_peak_dbtp(sound) <= -1.0
    assert sound.duration_s == pytest.approx(1.75 + 0.05 + 1.0, abs=0.1)
    assert {path.name for path in tmp_path.iterdir()} == {"groove.mid", out.name}


def test_a_batch_goes_on_after_a_bad_file(groove: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.mid"
    bad.write_bytes(b"MThd" + b"\0" * 40)
    folder = tmp_path / "sounds"
    result = run(app, [str(bad), str(groove), "--out-dir", str(folder), "--format", "flac"])
    assert result.exit_code == 2
    assert "bad.mid: " in result.output
    assert [path.name for path in folder.iterdir()] == ["groove.flac"]


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--out", "groove.txt"], "no audio format 'txt'"),
        (["--out", "groove"], "no audio format ''"),
        (["--out", "missing/groove.wav"], "missing is no folder"),
        (["--out", "groove.wav", "--soundfont", "groove.mid"], "not an SF2 soundfont"),
        (["--out", "groove.wav", "--soundfont", "none.sf2"], "cannot read soundfont"),
        (["--out", "groove.wav", "--soundfont", "cut.sf2"], "cut off"),
        (["--out", "groove.wav", "--soundfont", "a.sf2", "--use-default-sf2"], "not both"),
        (["--out", "groove.mp3", "--sample-rate", "96000"], "sample rates"),
        (["--out", "groove.wav", "--format", "mp3"], "not what groove.wav ends with"),
        (["groove.mid", "--out", "groove.wav"], "need --out-dir"),
        (["groove.mid", "--out-dir", "sounds"], "groove.wav: rename"),
        ([], "--out FILE"),
    ],
)
def test_bad_options_are_refused_and_nothing_is_written(
    groove: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    options: list[str],
    reason: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("cut.sf2").write_bytes(b"RIFF\xff\xff\x00\x00sfbk" + b"\0" * 64)
    before = sorted(tmp_path.iterdir())
    result = run(app, [groove.name, *options])
    assert result.exit_code == 2
    assert reason in " ".join(result.output.split())
    assert sorted(tmp_path.iterdir()) == before


def test_a_file_is_whole_or_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.bin"
    write_whole(path, b"one")
    path.chmod(0o640)
    write_whole(path, b"two")
    assert path.read_bytes() == b"two"
    assert path.stat().st_mode & 0o777 == 0o640

    def fails(*_: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", fails)
    with pytest.raises(OSError, match="No space"):
        write_whole(path, b"three")
    assert path.read_bytes() == b"two"
    assert [found.name for found in tmp_path.iterdir()] == ["a.bin"]
    with pytest.raises(IsADirectoryError):
        write_whole(tmp_path, b"x")
