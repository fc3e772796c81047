"""What a model must stand: parity, bad audio and speed as rows, and the gates over them."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
import torch

from groove.core.models import pack
from groove.core.store import MemoryStore
from groove.core.tables import frame_of
from groove.export.web import RuntimeMissingError
from groove.phase import quality
from groove.phase.judge import verdicts
from groove.phase.judge.checks import NOT_REQUIRED, by_steps, check, difference, whole_file
from groove.phase.judge.signals import BEATLESS, clicks, signals
from groove.phase.judge.spec import PhaseCheckSpec
from groove.phase.model.card import STAGE
from groove.phase.model.registry import PhaseModel
from groove.phase.spec import PhaseModelSpec
from groove.phase.tables import PHASE_CHECKS

SPEC = PhaseModelSpec(
    channels=8,
    blocks=3,
    low_bands=6,
    high_bands=6,
    tempo_step=0.1,
    slowest_bpm=70.0,
    fastest_bpm=180.0,
    accelerator="cpu",
)


@pytest.fixture(scope="module")
def rows():
    torch.manual_seed(0)
    model, store = PhaseModel(SPEC).eval(), MemoryStore()
    data = pack(model.network, {"stage": STAGE, "spec": SPEC.model_dump()})
    trained = {
        "model_id": "tiny",
        "spec_json": json.dumps(SPEC.model_dump()),
        "blob": store.write(data, ".safetensors"),
    }

    def web(*_given):
        raise RuntimeMissingError("no Node")

    spec = PhaseCheckSpec(seconds=4.0, timed_frames=50, draws=2, released=False, threads=1)
    found = check(pd.DataFrame([trained]), spec=spec, store=store, web=web)
    return frame_of(({"key": "", **row} for row in found), PHASE_CHECKS)


def test_runtimes_agree_and_one_that_is_missing_is_named(rows):
    parity = rows[rows["check"] == "parity"].set_index("case")
    assert parity.loc["torch_step", "value"] < 1e-4
    assert parity.loc["onnxruntime", "value"] < 1e-4
    assert pd.isna(parity.loc["onnxruntime_web", "value"])
    gate = verdicts.streaming_parity(rows)
    assert not gate.passed
    assert (gate.count, gate.note) == (2, "not measured: onnxruntime_web")


def test_a_runtime_that_need_not_be_there_is_named_and_passes(rows):
    excused = rows.copy()
    web = (rows["check"] == "parity") & (rows["case"] == "onnxruntime_web")
    excused.loc[web, "note"] = f"{NOT_REQUIRED}: no Node"
    gate = verdicts.streaming_parity(excused)
    assert gate.passed
    assert (gate.count, gate.note) == (2, "not measured: onnxruntime_web")
    # What is not in the table at all is not excused.
    assert not verdicts.streaming_parity(rows[~web]).passed


def test_a_browser_runtime_that_is_there_is_held_to_the_same(rows):
    with_web = rows.copy()
    web = (rows["check"] == "parity") & (rows["case"] == "onnxruntime_web")
    with_web.loc[web, "value"] = 1e-6
    gate = verdicts.streaming_parity(with_web)
    assert gate.passed
    assert (gate.count, gate.note) == (3, "")


def test_bad_audio_gives_numbers_and_no_confidence(rows):
    assert verdicts.nothing_but_numbers(rows).passed
    assert verdicts.nothing_but_numbers(rows).count == len(signals(1.0, 0, 2))
    assert rows.loc[rows["check"] == "bad_audio", "case"].tolist() == [
        "silence",
        "direct_current",
        "not_a_number",
        *(f"{name}{draw}" for name in BEATLESS for draw in ("", "_1")),
        "silence_after_music",
        "noise_floor_after_music",
    ]
    assert (rows.loc[rows["check"] == "speed", "value"] > 0).all()


@pytest.mark.parametrize(
    ("gate", "check_name", "case", "value"),
    [
        (verdicts.streaming_parity, "parity", "onnxruntime", 2e-4),
        (verdicts.streaming_parity, "parity", "onnxruntime_web", 2e-4),
        (verdicts.streaming_parity, "parity", "torch_step", None),
        (verdicts.nothing_but_numbers, "finite", "noise", 0.99),
        (verdicts.unsure_without_a_beat, "bad_audio", "silence_after_music", 0.5),
        (verdicts.unsure_without_a_beat, "bad_audio", "speech_like_1", None),
        (verdicts.unsure_without_a_beat, "bad_audio", "noise", 0.9),
        (verdicts.unsure_without_a_beat, "bad_audio", "silence", None),
        (verdicts.fast_enough, "speed", "onnxruntime", 1.5),
    ],
)
def test_one_bad_row_turns_its_gate_red(rows, gate, check_name, case, value):
    broken = rows.copy()
    missing = broken["value"].isna()
    broken.loc[missing, "note"] = NOT_REQUIRED
    assert gate(broken).passed
    here = (broken["check"] == check_name) & (broken["case"] == case)
    assert here.sum() == 1
    broken.loc[here, "value"] = np.nan if value is None else value
    assert not gate(broken).passed


def test_empty_tables_are_red():
    for gate in quality.GATES["phase_checks"]:
        assert not gate(PHASE_CHECKS.empty()).passed


def test_a_step_that_forgets_is_seen():
    torch.manual_seed(0)
    model = PhaseModel(SPEC).eval()
    samples = clicks(2.0, 0)
    whole = whole_file(model, samples, 0.25)
    assert difference(whole, by_steps(model, samples, 0.25)) < 1e-4
    assert difference(whole, by_steps(model, samples, 0.35)) > 1e-3
    broken = {**whole, "bar": np.full_like(whole["bar"], np.nan)}
    assert difference(whole, broken) == np.inf
    with pytest.raises(ValueError, match="shapes"):
        difference(whole, {"bar": whole["bar"][1:]})
    with pytest.raises(ValueError, match="no bar phase"):
        difference(whole, {})


def test_signals_are_the_same_every_time():
    first, second = signals(2.0, 3, 2), signals(2.0, 3, 2)
    assert [one.name for one in first] == [one.name for one in second]
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one.pcm, other.pcm)
