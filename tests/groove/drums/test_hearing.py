"""From sound to hits: the heuristic, a classifier at onsets, long files, and which of them hears."""

from __future__ import annotations

from pathlib import Path

import mir_eval
import numpy as np
import pytest
import torch

from groove.audio.waveform import AudioError, Waveform, encode
from groove.core.models import ModelError, pack
from groove.drums.beatmap import Beatmap
from groove.drums.classify.calibration import Calibration
from groove.drums.classify.model import DrumModel, Shape
from groove.drums.classify.network import build
from groove.drums.spec import ClipSpec
from groove.drums.transcribe import by_clips, choice, heuristic, listening
from groove.drums.transcribe.evaluation import score
from groove.midi.song import song_from_notes
from groove.midi.synth import render
from groove.midi.taxonomy import CLASSES

RATE = 22_050
BEAT = [[36, 42], [42], [38, 42], [42], [36, 42], [36], [38, 42], [46]]
SMALL = ClipSpec(sample_rate_hz=RATE, frames=16, n_fft=512, hop=256, n_mels=16, fmax_hz=8_000.0)


def beat(bars: int = 4) -> tuple[Waveform, Beatmap]:
    """Return a rendered rock beat and its hits."""
    notes = [(place / 2, key) for place, keys in enumerate(BEAT * bars) for key in keys]
    starts, keys = zip(*notes, strict=True)
    song = song_from_notes(starts, 0.1, keys, 100, 0, True, [(0, 96)], [(0, 4, 4)])
    name = {36: "kick", 38: "snare", 42: "hihat_closed", 46: "hihat_open"}
    hits = [
        {"time_s": float(at), "label": name[int(key)]}
        for at, key in zip(song.start_s, song.pitch, strict=True)
    ]
    return Waveform(render(song, sample_rate=RATE), RATE), Beatmap.model_validate({"hits": hits})


def classifier(bias: float = 0.0, threshold: float = 0.5) -> DrumModel:
    """Return an untrained classifier whose logits are about ``bias``."""
    torch.manual_seed(0)
    network = build("edge", SMALL.frames, SMALL.n_mels, len(CLASSES), (2, 2, 2, 2)).eval()
    shape = Shape("edge", (2, 2, 2, 2))
    return DrumModel(
        network, shape, CLASSES, SMALL, Calibration(1.0, bias), threshold, unknown_below=0.0
    )


def test_the_heuristic_hears_a_plain_beat() -> None:
    sound, truth = beat()
    found = heuristic.transcribe(sound)
    scores = score(truth, found)
    assert scores.onsets.f is not None
    assert scores.onsets.f > 0.95
    assert (scores.classes["kick"].f or 0) > 0.8
    assert (scores.groups["snare"].f or 0) > 0.8
    assert (scores.groups["hihat"].f or 0) > 0.6
    assert all(0 <= (hit.velocity or -1) <= 1 for hit in found.hits)
    assert all(0 <= (hit.confidence or -1) <= 1 for hit in found.hits)


def test_onsets_are_in_place_at_any_level_and_rate() -> None:
    sound, truth = beat()
    true_s = np.unique([hit.time_s for hit in truth.hits])
    found = heuristic.onsets(sound).time_s
    near = found[np.abs(found[:, None] - true_s[None]).argmin(axis=0)]
    assert abs(np.median(near - true_s)) < 0.004
    quiet = heuristic.onsets(Waveform(sound.samples * np.float32(1e-3), RATE)).time_s
    np.testing.assert_allclose(quiet, found, atol=1e-3)
    twice = Waveform(np.repeat(sound.samples, 2, axis=1), 2 * RATE)
    other = heuristic.onsets(twice).time_s
    assert mir_eval.onset.f_measure(found, other, window=0.02)[0] > 0.9


@pytest.mark.parametrize("samples", [0, 1, 300, RATE])
def test_silence_and_stumps_have_no_hits(samples: int) -> None:
    nothing = Waveform(np.zeros((1, samples), np.float32), RATE)
    assert heuristic.transcribe(nothing).hits == []
    assert by_clips.transcribe(classifier(), nothing).hits == []
    assert len(heuristic.velocities(nothing, np.zeros(0))) == 0


def test_a_threshold_takes_the_onsets_that_stand_out() -> None:
    sound, _ = beat(2)
    every, strong = heuristic.transcribe(sound), heuristic.transcribe(sound, 0.5)
    assert 0 < len(strong.hits) < len(every.hits)
    assert {(h.time_s) for h in strong.hits} == {
        h.time_s for h in every.hits if (h.confidence or 0) >= 0.5
    }


def test_velocities_follow_the_level() -> None:
    click = np.zeros(RATE * 2, np.float32)
    for place, level in ((0.25, 1.0), (0.75, 0.5), (1.25, 0.25), (1.75, 1.0)):
        click[round(place * RATE) : round(place * RATE) + 400] = level
    at = np.array([0.25, 0.75, 1.25, 1.75])
    hard = heuristic.velocities(Waveform(click[None], RATE), at)
    assert hard[0] == pytest.approx(hard[3], rel=1e-3)
    assert hard[0] > hard[1] > hard[2] > 0


def test_a_classifier_is_asked_at_each_onset() -> None:
    sound, _ = beat(2)
    at_s = heuristic.onsets(sound).time_s
    model = classifier()
    likely = model.listen(sound, at_s)
    found = by_clips.transcribe(model, sound, 0.5)
    assert len(found.hits) == int((likely >= 0.5).sum())
    assert by_clips.transcribe(model, sound, 0.999).hits == []
    # Its own threshold without one.
    assert by_clips.transcribe(classifier(threshold=0.999), sound).hits == []


def test_a_long_file_is_heard_as_if_it_were_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sound, _ = beat(8)
    path = tmp_path / "long.wav"
    path.write_bytes(encode(sound, "wav"))

    def peaks(heard: Waveform) -> Beatmap:
        # Told by the samples alone: every sample above half, once a tenth of a second.
        loud = np.flatnonzero(np.abs(heard.mono()) > 0.25) / heard.sample_rate
        kept = [at for n, at in enumerate(loud) if n == 0 or at - loud[n - 1] > 0.05]
        return Beatmap.model_validate({"hits": [{"time_s": t, "label": "kick"} for t in kept]})

    whole = listening.transcribe_file(path, peaks, {})
    assert len(list(listening.pieces(path))) == 1
    monkeypatch.setattr(listening, "_PIECE_S", 3.0)
    monkeypatch.setattr(listening, "_AROUND_S", 1.0)
    monkeypatch.setattr(listening, "_BLOCK_FRAMES", 5_001)
    cut = list(listening.pieces(path))
    assert len(cut) > 4
    assert [piece.from_s for piece in cut[1:]] == [piece.until_s for piece in cut[:-1]]
    assert sum(p.heard.samples.shape[1] for p in cut) < sound.samples.shape[1] * 2
    again = listening.transcribe_file(path, peaks, {})
    assert [h.time_s for h in again.hits] == pytest.approx([h.time_s for h in whole.hits], abs=1e-5)
    assert again.audio.duration_s == pytest.approx(sound.duration_s, abs=1e-4)
    assert again.audio.sha256 == whole.audio.sha256


def test_files_that_are_no_recording(tmp_path: Path) -> None:
    def nothing(_: Waveform) -> Beatmap:
        return Beatmap(hits=[])

    (tmp_path / "zero.wav").touch()
    (tmp_path / "text.wav").write_text("no audio")
    (tmp_path / "stump.wav").write_bytes(
        encode(Waveform(np.zeros((1, 8), np.float32), RATE), "wav")
    )
    bad = Waveform(np.full((1, RATE), np.nan, np.float32), RATE)
    (tmp_path / "nan.wav").write_bytes(encode(bad, "wav", "FLOAT"))
    for name, said in (
        ("zero.wav", "empty file"),
        ("text.wav", "not a readable audio file"),
        ("stump.wav", "no recording"),
        ("nan.wav", "not a number"),
    ):
        with pytest.raises(AudioError, match=f"{name}: .*{said}"):
            listening.transcribe_file(tmp_path / name, nothing, {})
    with pytest.raises(OSError, match="gone"):
        listening.transcribe_file(tmp_path / "gone.wav", nothing, {})
    (tmp_path / "ok.wav").write_bytes(encode(beat(1)[0], "wav"))
    with pytest.raises(AudioError, match="hours long"):
        list(listening.pieces(tmp_path / "ok.wav", max_seconds=1.0))


@pytest.fixture
def model_file(tmp_path: Path) -> Path:
    path = tmp_path / "classifier.safetensors"
    path.write_bytes(classifier().to_bytes())
    return path


def test_who_hears(model_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choice, "RELEASED", tmp_path / "released")
    data = model_file.read_bytes()
    none: dict[str, str] = {}

    def promoted(kind: choice.Kind) -> tuple[str, bytes] | None:
        return ("the promoted one", data) if kind == "classifier" else None

    by_env = {choice.MODEL_VARIABLE: str(model_file)}
    off = {choice.HEURISTICS_VARIABLE: "1"}
    assert choice.ears(environment=none).about == {"transcriber": heuristic.NAME}
    assert choice.ears(environment=none, promoted=promoted).about["model"] == "the promoted one"
    assert choice.ears(environment=by_env, promoted=promoted).about["model"] == model_file.name
    assert choice.ears(model_file, environment=off).about["model"] == model_file.name
    for forced in ({**by_env, **off}, off):
        assert "model" not in choice.ears(environment=forced, promoted=promoted).about
    assert "model" not in choice.ears(environment=by_env, heuristics=True).about
    assert "model" in choice.ears(environment={**by_env, choice.HEURISTICS_VARIABLE: "0"}).about
    (tmp_path / "released").mkdir()
    (tmp_path / "released/classifier.safetensors").write_bytes(data)
    assert choice.ears(environment=none).about["model"] == "the released classifier"
    assert choice.classifier(environment=none)[1] == "the released classifier"
    with pytest.raises(ModelError, match="cannot both"):
        choice.ears(model_file, heuristics=True, environment=none)


def test_files_that_are_no_drum_model(
    model_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(choice, "RELEASED", tmp_path / "released")
    other = tmp_path / "phase.safetensors"
    other.write_bytes(pack(torch.nn.Linear(1, 1), {"stage": "phase_model"}))
    damaged = tmp_path / "damaged.safetensors"
    damaged.write_bytes(pack(torch.nn.Linear(1, 1), {"format": "groove.drums.classifier/2"}))
    text = tmp_path / "text.safetensors"
    text.write_text("no model")
    for path, said in (
        (other, "a model of 'phase_model'"),
        (damaged, "cannot be used"),
        (text, "no model file"),
    ):
        for ask in (choice.ears, choice.classifier):
            with pytest.raises(ModelError, match=said) as raised:
                ask(path, environment={})
            assert path.name in str(raised.value)
            with pytest.raises(ModelError, match=said):
                ask(environment={choice.MODEL_VARIABLE: str(path)})
    with pytest.raises(ModelError, match="no drum classifier"):
        choice.classifier(environment={})
    with pytest.raises(OSError, match="gone"):
        choice.ears(tmp_path / "gone.safetensors", environment={})
    with pytest.raises(ModelError, match=f"gone.*{choice.MODEL_VARIABLE}"):
        choice.ears(environment={choice.MODEL_VARIABLE: "gone.safetensors"})
    # A transcriber does for recordings, not for clips.
    monkeypatch.setattr(choice, "kind_of", lambda *_: "transcriber")
    with pytest.raises(ModelError, match="a drum transcriber; a classifier is wanted"):
        choice.classifier(model_file, environment={})
    with pytest.raises(ModelError, match="no drum classifier"):
        choice.classifier(environment={choice.MODEL_VARIABLE: str(model_file)})
