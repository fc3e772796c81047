"""`groove phase apply, live, view`: every kind of file in, every format out, every no a sentence."""

import io
import json
import os
import subprocess
import sys
import types
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import mir_eval
import numpy as np
import pandas as pd
import pytest
import soundfile
from typer.testing import CliRunner

from groove.cli.phase import phase
from groove.phase.play import live as listening
from groove.phase.play.soundfiles import SoundReader
from groove.phase.play.tracker import PhaseTracker

run = CliRunner().invoke


@pytest.fixture(autouse=True)
def model(metronome: bytes, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    path = tmp_path_factory.mktemp("model") / "phase.onnx"
    path.write_bytes(metronome)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GROOVE_PHASE_MODEL", str(path))
        yield path


def noise(seconds: float, rate: int, channels: int = 2) -> np.ndarray:
    return np.random.default_rng(0).uniform(-0.5, 0.5, (round(seconds * rate), channels))


def write(path: Path, seconds: float = 4.0, rate: int = 16_000, channels: int = 1) -> Path:
    soundfile.write(path, noise(seconds, rate, channels), rate)
    return path


@pytest.mark.parametrize(
    ("name", "rate", "channels"),
    [
        ("a.wav", 8000, 1),
        ("a.flac", 44_100, 2),
        ("a.ogg", 48_000, 2),
        ("a.mp3", 22_050, 1),
        ("a.wav", 96_000, 2),
    ],
)
def test_any_audio_gives_a_row_per_20_ms(
    tmp_path: Path, name: str, rate: int, channels: int
) -> None:
    audio, out = write(tmp_path / name, 3.0, rate, channels), tmp_path / "rows.csv"
    result = run(phase, ["apply", str(audio), "--csv", str(out), "--anticipation", "0.25"])
    assert result.exit_code == 0, result.output
    rows = pd.read_csv(out)
    assert out.read_text().splitlines()[0] == (
        "time_s,bar_phase,beat_phase,tempo_bpm,beats_per_bar,confidence"
    )
    seconds = soundfile.info(audio).duration
    assert rows["time_s"].tolist() == [round((k + 1) / 50, 2) for k in range(int(seconds * 50))]
    expected = (rows["time_s"] + 0.25) / 2 % 1
    assert ((rows["bar_phase"] - expected + 0.5) % 1 - 0.5).abs().max() < 0.004
    assert rows["confidence"].iloc[-1] > 0.05


def test_a_file_read_in_blocks_is_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.mp3"
    soundfile.write(path, noise(9.0, 44_100), 44_100)
    with SoundReader(path) as sound:
        blocks = list(sound.blocks())
    assert len(blocks) > 5
    whole, _ = soundfile.read(path, dtype="float32")
    assert np.array_equal(np.concatenate(blocks, axis=1).T, whole)
    assert sound.peak == pytest.approx(np.abs(whole).max())


def test_causal_to_the_last_digit(tmp_path: Path) -> None:
    pcm = noise(4.0, 44_100)
    other = pcm.copy()
    other[2 * 44_100 :] = 0.9
    texts = []
    for name, samples in (("one", pcm), ("two", other)):
        soundfile.write(tmp_path / f"{name}.wav", samples, 44_100, "FLOAT")
        out = tmp_path / f"{name}.csv"
        assert (
            run(phase, ["apply", str(tmp_path / f"{name}.wav"), "--csv", str(out)]).exit_code == 0
        )
        texts.append(out.read_text().splitlines())
    assert texts[0][:101] == texts[1][:101]
    assert texts[0][101] != texts[1][101]


def test_beats_jams_and_clicks(tmp_path: Path) -> None:
    audio = write(tmp_path / "a.flac", 5.9, 44_100, 2)
    names = {name: tmp_path / name for name in ("b.beats", "b.jams", "b.wav", "b.csv")}
    options = ["--beats", "b.beats", "--jams", "b.jams", "--click", "b.wav", "--csv", "b.csv"]
    result = run(phase, ["apply", str(audio), *(str(names.get(o, o)) for o in options)])
    assert result.exit_code == 0, result.output
    times, numbers = mir_eval.io.load_labeled_events(str(names["b.beats"]), delimiter="\t")
    assert np.abs(times - np.arange(1, 12) * 0.5).max() < 0.004
    assert [int(number) for number in numbers] == [k % 4 + 1 for k in range(1, 12)]
    jams = json.loads(names["b.jams"].read_text())
    assert jams["file_metadata"]["duration"] == pytest.approx(5.9)
    assert jams["annotations"][1]["data"][0]["time"] == pytest.approx(2.0, abs=0.004)
    assert jams["annotations"][0]["sandbox"]["causal"] is True
    clicked, rate = soundfile.read(names["b.wav"])
    source, _ = soundfile.read(audio)
    assert rate == 44_100
    assert clicked.shape == source.shape
    assert np.abs(clicked).max() < 0.95
    gain = clicked[100, 0] / source[100, 0]
    added = np.abs(clicked - gain * source).max(axis=1)
    starts = np.flatnonzero((added[1:] > 0.02) & (added[:-1] <= 0.02)) / rate
    assert {round(float(start) * 2) for start in starts} == set(range(1, 12))
    downbeat = added[round(2.0 * rate) : round(2.03 * rate)].max()
    assert downbeat > 1.3 * added[round(1.5 * rate) : round(1.53 * rate)].max()
    assert {p.name for p in tmp_path.iterdir()} == {"a.flac", *names}


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "mp3"])
def test_clicks_never_clip(tmp_path: Path, suffix: str) -> None:
    audio = tmp_path / "loud.wav"
    time = np.arange(3 * 44_100) / 44_100
    loud = np.sign(np.sin(2 * np.pi * np.outer(time, [220, 331])))
    loud[5000:6000] = np.nan
    soundfile.write(audio, loud, 44_100, "FLOAT")
    out = tmp_path / f"c.{suffix}"
    result = run(phase, ["apply", str(audio), "--click", str(out)])
    assert result.exit_code == 0, result.output
    sound, _ = soundfile.read(out)
    assert np.isfinite(sound).all()
    assert 0.3 < np.abs(sound).max() < 1.0


def test_without_outputs_there_is_a_summary(tmp_path: Path) -> None:
    result = run(phase, ["apply", str(write(tmp_path / "a.wav"))])
    assert result.exit_code == 0, result.output
    assert "120.0 beats a minute; 4 beats a bar (100% of the time)" in result.stdout
    assert "× real time" in result.stdout
    assert "mean confidence 0.2" in result.stdout


def test_offline_says_that_it_looks_ahead(tmp_path: Path) -> None:
    audio, out = write(tmp_path / "a.wav"), tmp_path / "a.csv"
    jams = tmp_path / "a.jams"
    result = run(phase, ["apply", str(audio), "--offline", "--csv", str(out), "--jams", str(jams)])
    assert result.exit_code == 0, result.output
    assert "looked ahead" in result.stderr
    assert len(pd.read_csv(out)) == 200
    assert json.loads(jams.read_text())["annotations"][0]["sandbox"]["causal"] is False


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["none.wav"], "none.wav: No such file"),
        (["text.wav"], "text.wav is not audio that can be read"),
        (["empty.wav"], "empty.wav: empty file"),
        (["hollow.wav"], "hollow.wav holds no samples"),
        (["short.wav"], "short.wav is 0.010 s long"),
        (["."], "Is a directory"),
        (["a.wav", "--anticipation", "0.6"], "anticipation 0.6 s: give 0 to 0.5 s"),
        (["a.wav", "--anticipation", "-1"], "anticipation -1 s"),
        (["a.wav", "--anticipation", "nan"], "anticipation nan s"),
        (["a.wav", "--model", "text.wav"], "text.wav is no bar-phase model"),
        (["a.wav", "--model", "none.onnx"], "none.onnx: No such file"),
        (["a.wav", "--csv", "missing/a.csv"], "missing is no folder to write a.csv to"),
        (["a.wav", "--csv", "a.wav"], "--csv a.wav is the audio itself"),
        (["a.wav", "--csv", "link.wav"], "--csv link.wav is the audio itself"),
        (["a.wav", "--click", "c.txt"], "--click c.txt: a file ends with .wav"),
        (["a.wav", "--csv", "x", "--beats", "./x"], "--beats and --csv are one file"),
        (["a.wav", "--csv", "."], "--csv . is a folder"),
        (["high.wav", "--click", "c.mp3"], "write .wav instead"),
    ],
)
def test_refusals(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: list[str], reason: str
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "a.wav", 1.0)
    write(tmp_path / "high.wav", 0.5, 96_000)
    write(tmp_path / "short.wav", 0.01)
    soundfile.write("hollow.wav", np.zeros(0), 16_000)
    (tmp_path / "text.wav").write_text("not audio\n" * 50)
    (tmp_path / "empty.wav").touch()
    (tmp_path / "link.wav").symlink_to("a.wav")
    before = {path.name for path in tmp_path.iterdir()}
    result = run(phase, ["apply", *options])
    assert result.exit_code == 2, result.output
    assert reason in result.stderr
    assert {path.name for path in tmp_path.iterdir()} == before


def test_too_long_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("groove.phase.play.soundfiles.MAX_SECONDS", 2.0)
    result = run(phase, ["apply", str(write(tmp_path / "a.wav", 9.0))])
    assert result.exit_code == 2
    assert "longer than" in result.stderr


def test_no_released_model_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, metronome: bytes
) -> None:
    monkeypatch.delenv("GROOVE_PHASE_MODEL")
    monkeypatch.setattr("groove.phase.play.stepfile.resources.files", lambda _: tmp_path)
    audio = write(tmp_path / "a.wav")
    result = run(phase, ["apply", str(audio)])
    assert result.exit_code == 2
    assert "give --model FILE" in result.stderr
    (tmp_path / "released").mkdir()
    (tmp_path / "released" / "phase.onnx").write_bytes(metronome)
    assert run(phase, ["apply", str(audio)]).exit_code == 0


@pytest.mark.parametrize("form", ["s16", "s32", "f32", "u8"])
def test_live_on_a_pipe(form: str) -> None:
    pcm = noise(2.0, 44_100)
    scale = {"s16": ("<i2", 2**15, 0), "s32": ("<i4", 2**31, 0), "u8": ("u1", 127, 128)}
    kind, factor, middle = scale.get(form, ("<f4", 1, 0))
    data = (pcm * factor + middle).astype(kind).tobytes()
    options = ["live", "--stdin", "--format", form, "--rate", "44100", "--channels", "2"]
    # A cut sample at the end is left out.
    result = run(phase, [*options, "--json", "--anticipation", "0.1"], input=data + b"\1")
    assert result.exit_code == 0, result.output
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [line["time_s"] for line in lines] == [round(0.1 * k, 1) for k in range(1, 21)]
    assert lines[5]["bar_phase"] == pytest.approx(0.35, abs=0.003)
    # The metronome counts the resampler's 3 ms too.
    assert [beat for line in lines for beat in line["beats"]] == [
        [pytest.approx(time, abs=0.004), number]
        for time, number in [(0.5, 2), (1.0, 3), (1.5, 4), (2.0, 1)]
    ]
    dial = run(phase, options, input=data)
    assert dial.exit_code == 0, dial.output
    assert "120.0 bpm  confidence 0." in dial.stdout
    assert "[" in dial.stdout


def test_live_refusals() -> None:
    result = run(phase, ["live", "--stdin", "--rate", "12"], input=b"")
    assert result.exit_code == 2
    assert "sample rate 12 Hz" in result.stderr
    assert run(phase, ["live", "--stdin"], input=b"").exit_code == 0


def test_live_without_a_sound_card_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    result = run(phase, ["live"])
    assert result.exit_code == 2
    assert "arecord -f S16_LE -r 16000 -c 1 | groove phase live --stdin" in result.stderr


class Card:
    """A sound card that plays four blocks, loses 0.1 s after two of them, and is switched off."""

    class PortAudioError(Exception):
        pass

    def __init__(self, callback: Any, **settings: Any) -> None:
        self.callback, self.settings = callback, settings

    def __enter__(self) -> None:
        for place in range(4):
            time = types.SimpleNamespace(inputBufferAdcTime=place * 0.02 + (place > 1) * 0.1)
            self.callback(np.full((320, 1), 0.5, np.float32), 320, time, None)

    def __exit__(self, *_: object) -> None:
        pass


def test_live_on_a_sound_card(monkeypatch: pytest.MonkeyPatch, metronome: bytes) -> None:
    card = types.SimpleNamespace(InputStream=Card, PortAudioError=Card.PortAudioError)
    monkeypatch.setitem(sys.modules, "sounddevice", card)
    pieces = listening.microphone(16_000, 1)
    heard = [next(pieces) for _ in range(5)]
    assert [piece if isinstance(piece, float) else piece.shape for piece in heard] == [
        (1, 320),
        (1, 320),
        pytest.approx(0.1),
        (1, 320),
        (1, 320),
    ]
    tracker = PhaseTracker(metronome)
    lines = list(listening.told(tracker, iter(heard), listening.Lines(0.0)))
    assert json.loads(lines[-1])["time_s"] == 0.1
    assert tracker.time_s == pytest.approx(0.18)


def test_live_stops_on_ctrl_c(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> Iterator[np.ndarray]:
        yield np.zeros((1, 3200))
        raise KeyboardInterrupt

    monkeypatch.setattr(listening, "piped", interrupted)
    result = run(phase, ["live", "--stdin"], input=b"")
    assert result.exit_code == 0
    assert "confidence 0.00" in result.stdout


def test_live_ends_when_nobody_reads(model: Path) -> None:
    command = [sys.executable, "-m", "groove.cli.main", "phase", "live", "--stdin", "--json"]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "GROOVE_PHASE_MODEL": str(model)},
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdin.write(bytes(32_000))
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["time_s"] == 0.1
        process.stdout.close()
        with suppress(BrokenPipeError):
            process.stdin.write(bytes(320_000))
            process.stdin.close()
        errors = process.stderr.read()
        assert process.wait(60) == 0, errors.decode()
        assert errors == b""


def test_a_dial_shows_the_bar(metronome: bytes) -> None:
    rows = PhaseTracker(metronome).push(np.zeros(16_000))
    shown = listening.dial(rows, 37)
    assert shown == (
        "     0.8 s  [|-------|---#---|-------|-------]  2/4  120.0 bpm  confidence 0.00"
    )


def test_a_picture_of_a_recording(tmp_path: Path) -> None:
    audio, out = write(tmp_path / "a.wav", 6.0, 44_100, 2), tmp_path / "a.png"
    beats = tmp_path / "a.beats"
    beats.write_text("".join(f"{k * 0.5:.1f}\t{k % 4 + 1}\n" for k in range(13)))
    options = ["--out", str(out), "--start", "2", "--seconds", "3"]
    result = run(phase, ["view", str(audio), *options])
    assert result.exit_code == 0, result.output
    plain = out.read_bytes()
    assert plain.startswith(b"\x89PNG")
    result = run(phase, ["view", str(audio), "--beats", str(beats), *options])
    assert result.exit_code == 0, result.output
    assert out.read_bytes() != plain


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["a.wav"], "give --out FILE.png"),
        (["--out", "a.png"], "give an audio file, or --worst N"),
        (["a.wav", "--worst", "3", "--out", "b"], "give an audio file, or --worst N"),
        (["a.wav", "--out", "a.wav"], "is the audio itself"),
        (["a.wav", "--out", "a.png", "--start", "99"], "--start 99 is later"),
        (["a.wav", "--out", "a.png", "--beats", "a.wav"], "a.wav: "),
        (["--worst", "3", "--out", "pictures"], "no table phase_evaluation"),
    ],
)
def test_view_refusals(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: list[str], reason: str
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "a.wav", 1.0)
    result = run(phase, ["view", *options])
    assert result.exit_code == 2, result.output
    assert reason in result.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"a.wav"}


def test_pictures_of_the_worst_chunks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from groove.core.digest import sha256

    sound = io.BytesIO()
    soundfile.write(sound, noise(2.0, 16_000, 1), 16_000, format="FLAC")
    blob = sha256(sound.getvalue()) + ".flac"
    path = tmp_path / "blobs" / blob[:2] / blob
    path.parent.mkdir(parents=True)
    path.write_bytes(sound.getvalue())
    row = {
        "path": "songs/a.mid",
        "chunk": 0,
        "meter": "4/4",
        "tracker": "ours",
        "anticipation_s": 0.0,
        "unscored_s": 0.5,
        "audio": blob,
        "bar_start_s": [0.0, 1.0, 2.0],
        "phase": (np.arange(1, 101) / 50 % 1.0).astype(np.float32),
        "frame_confidence": np.full(100, 0.5, dtype=np.float32),
    }
    from groove.phase.judge.table import OURS

    rows = [{**row, "tracker": OURS, "chunk": k, "phase_loss": 0.1 * k} for k in range(3)]
    (tmp_path / "tables").mkdir()
    pd.DataFrame(rows).to_parquet(tmp_path / "tables" / "phase_evaluation.parquet")
    monkeypatch.setenv("GROOVE_DATA", str(tmp_path))
    out = tmp_path / "pictures"
    result = run(phase, ["view", "--worst", "2", "--out", str(out)])
    assert result.exit_code == 0, result.output
    assert sorted(p.name for p in out.iterdir()) == ["worst_001.png", "worst_002.png"]
    assert "worst 1: songs/a.mid chunk 2" in result.stderr
