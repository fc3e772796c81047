"""The model that comes with the package, as the file that users run; no training here is judged."""

from __future__ import annotations

from importlib import resources

import numpy as np
import pandas as pd
import pytest
import torch

from groove.core.models import pack, unpack
from groove.midi.meter import bar_grid
from groove.midi.synth import render
from groove.phase.judge import verdicts
from groove.phase.judge.figures import Span, figures_of
from groove.phase.judge.ours import said_by
from groove.phase.judge.reference import of_bars
from groove.phase.judge.shipped import shipped
from groove.phase.judge.signals import BEATLESS, SETTLED_S, signals
from groove.phase.model.card import STAGE
from groove.phase.model.registry import PhaseModel, load
from groove.phase.model.release import card_of_file, exported
from groove.phase.play.stepfile import StepFile
from groove.phase.play.tracker import PhaseTracker
from groove.practice.song import compose
from groove.practice.spec import PracticeSpec

FOLDER = resources.files("groove.phase") / "released"
#: Songs of fixed numbers, to a click.
SONGS = ((11, "4/4"), (12, "4/4"), (13, "3/4"), (14, "4/4"), (15, "3/4"), (16, "4/4"))
HEARD_S = 32.0


@pytest.fixture(scope="module")
def weights() -> bytes:
    return (FOLDER / "phase.safetensors").read_bytes()


@pytest.fixture(scope="module")
def followed() -> list[dict[str, float]]:
    found = []
    for number, meter in SONGS:
        spec = PracticeSpec(
            meters={meter: 1.0}, meter_changes=0.0, drumless=0.0, constant_tempo=1.0, clicks=0.0,
            min_duration_s=30.0, max_duration_s=45.0,
        )  # fmt: skip
        song = compose(number, spec).song
        sound, rate = render(song, sample_rate=22_050), 22_050
        grid = bar_grid(song)
        rows = PhaseTracker(sample_rate=rate).push(sound[:, : int(HEARD_S * rate)])
        said = said_by(rows, 0.0, HEARD_S)
        reference = of_bars(grid.bar_start_s, grid.beat_s)
        found.append(dict(figures_of(reference, said, Span(10.0, 10.0, HEARD_S))))
    return found


def test_it_follows_practice_songs(followed: list[dict[str, float]]) -> None:
    # Means of an untrained network: under 0.2 and under 0.5.
    assert np.mean([one["downbeat_f"] for one in followed]) > 0.5
    assert np.mean([one["beat_f"] for one in followed]) > 0.7


@pytest.fixture(scope="module")
def checked(weights: bytes) -> pd.DataFrame:
    torch.manual_seed(0)
    spec = load(weights).spec
    untrained = pack(PhaseModel(spec).network, {"stage": STAGE, "spec": spec.model_dump()})
    rows = [*shipped(), *shipped(exported(untrained), weights)]
    return pd.DataFrame(rows)


def test_its_gates_pass_and_those_of_an_untrained_network_do_not(checked: pd.DataFrame) -> None:
    ours, other = checked.iloc[:3], checked.iloc[3:]
    assert verdicts.shipped_model_follows(ours).passed
    assert verdicts.shipped_files_are_one(ours).passed
    assert not verdicts.shipped_model_follows(other).passed
    assert not verdicts.shipped_files_are_one(other).passed


def test_files_that_are_not_there_are_red() -> None:
    rows = pd.DataFrame(shipped(b"no model"))
    assert rows["value"].isna().all()
    assert rows["note"].str.contains("not an ONNX file").all()
    assert not verdicts.shipped_model_follows(rows).passed


def test_its_card_says_what_its_weights_say(weights: bytes) -> None:
    info = StepFile().info
    assert info == card_of_file(weights, load(weights))
    assert info["model_id"]
    assert info["licenses"]
    assert info["training"]
    assert info["figures"]
    assert set(info["figures"]) == set(unpack(weights)[1]["figures"])


@pytest.mark.parametrize(
    "name", [*BEATLESS, "silence_after_music", "noise_floor_after_music", "stereo_out_of_phase"]
)
def test_bad_audio_leaves_it_unsure(name: str) -> None:
    (signal,) = (one for one in signals(8.0, 5) if one.name == name)
    rows = PhaseTracker(sample_rate=signal.sample_rate).push(signal.pcm)
    assert np.isfinite(rows.bar_phase).all()
    assert np.isfinite(rows.tempo_bpm).all()
    if np.isfinite(signal.beatless_from_s):
        late = rows.time_s > signal.beatless_from_s + SETTLED_S
        assert rows.confidence[late].max() < 0.25
    else:
        # Opposite channels are music still.
        assert rows.silence[100:].max() < 0.7
