"""Folders of recordings: pairs, failures that stay alone, the report and the command."""

from __future__ import annotations

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from groove.audio.waveform import Waveform, encode
from groove.phase.judge.figures import Said, Span
from groove.phase.judge.others import counted_phase, counted_waveform
from groove.phase.judge.recordings import FolderError, judge_folder, pairs_in
from groove.phase.judge.signals import clicks

LOOKS = [0.0, 0.25, 0.5]
SECONDS = 20.0


def beats_text(beat_s, per_bar, until=SECONDS):
    count = int(until / beat_s)
    return "".join(f"{k * beat_s:.4f}\t{k % per_bar + 1}\n" for k in range(count))


def recorded(folder, name, text, seconds=SECONDS):
    """A recording whose beats don't matter to a tracker that goes by its length."""
    for room in ("audio", "beats"):
        (folder / room).mkdir(parents=True, exist_ok=True)
    sound = Waveform(np.zeros((1, round(seconds * 8000)), np.float32), 8000)
    (folder / "audio" / f"{name}.wav").write_bytes(encode(sound, "wav"))
    (folder / "beats" / f"{name}.beats").write_text(text)


def in_four(sound, anticipation_s):
    """Hears bars of 2 s everywhere, 20 ms late the further it looks ahead."""
    heard = np.arange(1, int(sound.duration_s * 50) + 1) / 50
    about = heard + anticipation_s
    late = 0.02 + 0.1 * anticipation_s
    beats = np.arange(int(sound.duration_s / 0.5)) * 0.5 + late
    phase = (about - late) / 2 % 1
    return Said(heard, about, phase, np.full(len(heard), 0.7), beats, beats[::4])


def test_every_pair_is_judged_and_what_fails_is_named(tmp_path):
    recorded(tmp_path, "four", beats_text(0.5, 4))
    recorded(tmp_path, "three", beats_text(0.5, 3))
    recorded(tmp_path, "times_only", "".join(f"{k * 0.5}\n" for k in range(40)))
    recorded(tmp_path, "malformed", "0.5 1\nhello\n")
    recorded(tmp_path, "no_sound", beats_text(0.5, 4))
    (tmp_path / "audio" / "no_sound.wav").write_bytes(b"RIFF nonsense")
    recorded(tmp_path, "no_beats", "")
    (tmp_path / "beats" / "no_beats.beats").unlink()
    recorded(tmp_path, "no_audio", beats_text(0.5, 4))
    (tmp_path / "audio" / "no_audio.wav").unlink()
    recorded(tmp_path, "twice", beats_text(0.5, 4))
    (tmp_path / "audio" / "twice.mp3").write_bytes(b"")
    (tmp_path / "audio" / ".hidden").write_bytes(b"")

    report = judge_folder(tmp_path, in_four, LOOKS, Span(trim_s=5.2), jobs=2).as_dict()
    json.dumps(report, allow_nan=False)
    assert list(report["files"]) == ["four", "three", "times_only"]
    assert report["failed"] == {
        "malformed": "beats/malformed.beats: line 2: 'hello' is no number",
        "no_audio": "no audio/no_audio.*",
        "no_beats": "no beats/no_beats.beats",
        "no_sound": report["failed"]["no_sound"],
        "twice": "several recordings of one name: twice.mp3, twice.wav",
    }
    assert report["failed"]["no_sound"].startswith("audio/no_sound.wav: ")

    four = report["files"]["four"]
    assert four["beats_per_bar"] == "4"
    assert four["tempo_bpm"] == 120
    assert (four["downbeat_f"], four["beat_f"]) == (1.0, 1.0)
    for look, late_ms in (("0", 20), ("0.25", 45), ("0.5", 70)):
        assert four[look]["phase_error_ms_median"] == pytest.approx(late_ms, abs=1e-6)
        assert four[look]["phase_error_ms_p90"] == pytest.approx(late_ms, abs=1e-6)
    assert four["phase_error_ms_p90"] == four["0"]["phase_error_ms_p90"]

    # In three against two seconds of four: the same beats, a quarter of the bars.
    three = report["files"]["three"]
    assert three["beat_f"] == 1.0
    assert 0 < three["downbeat_f"] < 0.5
    assert three["0"]["phase_error_bars_median"] == pytest.approx(0.25, abs=0.02)

    alone = report["files"]["times_only"]
    assert (alone["beat_f"], alone["downbeat_f"]) == (1.0, None)
    assert alone["phase_error_ms_median"] is None
    assert alone["beats_per_bar"] == "unknown"

    assert report["median"]["downbeat_f"] == pytest.approx((1 + three["downbeat_f"]) / 2)
    assert {name: row["recordings"] for name, row in report["by_beats_per_bar"].items()} == {
        "3": 1,
        "4": 1,
        "unknown": 1,
    }
    assert list(report["by_tempo_bpm"]) == ["120-140"]
    classes = report["confidence"]["classes"]
    assert [row["frames"] > 0 for row in classes] == [False, False, False, True, False]


def test_order_of_work_does_not_change_the_report(tmp_path):
    for number in range(5):
        recorded(tmp_path, f"song{number}", beats_text(0.4 + number / 20, 4), 12 + number)
    alone = judge_folder(tmp_path, in_four, LOOKS, Span()).as_dict()
    assert judge_folder(tmp_path, in_four, LOOKS, Span(), jobs=4).as_dict() == alone


def test_a_folder_that_is_none_is_refused(tmp_path):
    with pytest.raises(FolderError, match="no folder 'audio'"):
        pairs_in(tmp_path)
    for room in ("audio", "beats"):
        (tmp_path / room).mkdir()
    with pytest.raises(FolderError, match="no recordings"):
        pairs_in(tmp_path)


def test_counting_to_four_is_counted():
    np.testing.assert_allclose(
        counted_phase(np.array([1.0, 2.0, 3.0, 4.0, 5.0]), np.array([0.0, 1.0, 3.5, 5.0, 6.5])),
        [0.75, 0.0, 0.625, 0.0, 0.375],
    )
    assert np.isnan(counted_phase(np.array([1.0]), np.array([0.0]))).all()


def test_the_command_prints_json_or_a_table_and_says_what_failed(tmp_path):
    import typer

    from groove.cli.phase_evaluate import evaluate

    sound = Waveform(clicks(SECONDS, 0)[np.newaxis], 16_000)
    recorded(tmp_path, "clicks", beats_text(0.5, 4))
    (tmp_path / "audio" / "clicks.wav").write_bytes(encode(sound, "wav"))
    app = typer.Typer()
    app.command()(evaluate)
    run = CliRunner()

    told = run.invoke(app, [str(tmp_path), "--json", "--counting"])
    assert told.exit_code == 0, told.output
    report = json.loads(told.stdout)
    assert report["files"]["clicks"]["beat_f"] > 0.8
    assert report["median"]["0"]["beat_f"] == report["files"]["clicks"]["beat_f"]
    said = counted_waveform(sound)
    assert np.median(np.diff(said.beat_s)) == pytest.approx(0.5, abs=0.02)

    (tmp_path / "audio" / "alone.wav").write_bytes(encode(sound, "wav"))
    shown = run.invoke(app, [str(tmp_path), "--counting"])
    assert shown.exit_code == 1
    assert "alone: no beats/alone.beats" in shown.stderr
    assert "clicks" in shown.stdout

    assert run.invoke(app, [str(tmp_path / "nowhere"), "--counting"]).exit_code == 2
    assert run.invoke(app, [str(tmp_path), "--counting", "-a", "0.25"]).exit_code == 2
    assert run.invoke(app, [str(tmp_path), "-a", "0.75"]).exit_code == 2
    missing = run.invoke(app, [str(tmp_path), "--model", str(tmp_path / "no.onnx")])
    assert missing.exit_code == 2
    assert "no.onnx" in missing.stderr


def test_a_model_file_is_measured_ahead_and_looking_back(tmp_path):
    import torch
    import typer

    from groove.cli.phase_evaluate import evaluate
    from groove.export.onnx import export
    from groove.phase.model.card import card, with_card
    from groove.phase.model.registry import PhaseModel
    from groove.phase.model.streaming import step_case
    from groove.phase.spec import PhaseModelSpec

    torch.manual_seed(0)
    spec = PhaseModelSpec(
        channels=8, blocks=2, low_bands=4, high_bands=4, tempo_step=0.1, slowest_bpm=80.0
    )
    file = tmp_path / "model.onnx"
    file.write_bytes(with_card(export(step_case(PhaseModel(spec).eval())), card(spec)))
    recorded(tmp_path, "silent", beats_text(0.5, 4, 10.0), 10.0)
    app = typer.Typer()
    app.command()(evaluate)
    asked = [str(tmp_path), "--json", "--model", str(file), "--warmup", "2"]
    told = CliRunner().invoke(app, [*asked, "-a", "0", "-a", "0.4"])
    assert told.exit_code == 0, told.output
    silent = json.loads(told.stdout)["files"]["silent"]
    assert silent.keys() >= {"0", "0.4"}
    # Nothing is heard: no beat is told, and the phase is any.
    assert (silent["beat_f"], silent["0.4"]["downbeat_f"]) == (0.0, 0.0)
    assert silent["0"]["scored_frames"] == silent["0.4"]["scored_frames"] + 20
    assert silent["0"]["confidence"] < 0.3
    back = CliRunner().invoke(app, [*asked, "--offline"])
    assert back.exit_code == 0, back.output
    assert json.loads(back.stdout)["files"]["silent"]["0"]["scored_frames"] > 0
