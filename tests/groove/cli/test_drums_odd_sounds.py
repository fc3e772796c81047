"""`groove drums` on odd recordings: cancelling channels, low rates, stumps; and odd numbers."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from groove.audio.downmix import one_channel
from groove.audio.waveform import Waveform, encode, read_audio, resample
from groove.cli.drums import drums
from groove.drums.beatmap import Beatmap
from groove.drums.transcribe.choice import Ears, for_rate

RATE = 22_050


def run(*words: object, code: int = 0) -> Result:
    result = CliRunner().invoke(drums, [str(word) for word in words])
    assert result.exit_code == code, result.output + str(result.exception)
    return result


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GROOVE_DRUM_MODEL", "GROOVE_DATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GROOVE_DRUM_HEURISTICS", "1")


def thumps(path: Path, *at_s: float, seconds: float = 2.0) -> Path:
    """Write low thumps at the given times."""
    sound = np.zeros(round(seconds * RATE), np.float32)
    time = np.arange(round(0.2 * RATE)) / RATE
    thump = (0.8 * np.sin(2 * np.pi * 60 * time) * np.exp(-time * 25)).astype(np.float32)
    for at in at_s:
        part = sound[round(at * RATE) :][: len(thump)]
        part += thump[: len(part)]
    path.write_bytes(encode(Waveform(sound[None], RATE), "wav"))
    return path


@pytest.mark.parametrize(
    ("sides", "wanted"),
    [((1, 0), 0.5), ((1, 1), 1), ((1, -0.95), 1), ((-0.9, 1), 1), ((1, -0.2), 0.4)],
)
def test_the_louder_channel_where_they_cancel(sides: tuple[float, float], wanted: float) -> None:
    one = np.sin(np.arange(1000) / 10).astype(np.float32)
    wave = Waveform(np.stack([side * one for side in sides]).astype(np.float32), RATE)
    np.testing.assert_allclose(one_channel(wave), wanted * one, atol=1e-6)


def two_channels(path: Path, source: Path) -> Path:
    """Write a file whose second channel is the first turned round, and a little softer."""
    one = read_audio(source.read_bytes()).samples[0]
    path.write_bytes(encode(Waveform(np.stack([one, -0.95 * one]), RATE), "wav"))
    return path


def test_channels_that_cancel_each_other_are_heard(tmp_path: Path) -> None:
    plain = thumps(tmp_path / "plain.wav", 0.25, 0.75)
    turned = two_channels(tmp_path / "turned.wav", plain)
    assert run("transcribe", turned).stdout == run("transcribe", plain).stdout
    said = run("classify", plain, turned, "--json").stdout
    one, two = json.loads(said)["files"]
    assert {**one, "file": ""} == {**two, "file": ""}


def test_classify_refuses_a_stump_and_has_no_heuristic(tmp_path: Path) -> None:
    short = thumps(tmp_path / "short.wav", 0.0, seconds=0.008)
    refused = run("classify", short, code=2).stderr
    assert "8.0 ms long, under 10 ms" in refused
    assert "GROOVE_DRUM_HEURISTICS: one-shots have no heuristic" in refused


@pytest.mark.parametrize(
    "words",
    [("--offset", "nan"), ("--offset", "inf"), ("--threshold", "0"), ("--threshold", "nan")],
)
def test_numbers_that_are_none(tmp_path: Path, words: tuple[str, str]) -> None:
    song = thumps(tmp_path / "song.wav", 0.25)
    out = tmp_path / "out.bsm"
    assert " ".join(words) in run("transcribe", song, "-o", out, *words, code=2).stderr
    assert not out.exists()


def test_a_low_rate_is_told(tmp_path: Path) -> None:
    song = thumps(tmp_path / "song.wav", 0.25, 0.75)
    assert "cannot be heard" not in run("transcribe", song).stderr
    low = resample(read_audio(song.read_bytes()), 8_000)
    song.write_bytes(encode(low, "wav"))
    assert "8000 Hz, nothing above 4000 Hz" in run("transcribe", song).stderr
    network = Ears("n", {"transcriber": "network"}, lambda _w, _t: Beatmap(hits=[]))
    assert for_rate(network, 16_000) is network
    assert for_rate(network, 8_000).about == {"transcriber": "spectral-flux heuristic"}
    named = dataclasses.replace(network, named=True)
    assert for_rate(named, 8_000) is named
