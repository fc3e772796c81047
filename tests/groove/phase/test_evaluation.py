"""Models over held-out chunks: the same as run one by one, and rows that keep their contract."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
import torch

from groove.audio.waveform import Waveform, encode
from groove.core.models import pack
from groove.core.store import MemoryStore
from groove.core.tables import frame_of
from groove.phase import pictures, quality
from groove.phase.judge import evaluation, verdicts
from groove.phase.judge.signals import clicks
from groove.phase.judge.spec import PhaseEvaluationSpec
from groove.phase.judge.table import COUNTED, DOCUMENTED, OURS, StoredChunks, chosen, judge
from groove.phase.model.card import STAGE
from groove.phase.model.registry import PhaseModel
from groove.phase.spec import PhaseModelSpec
from groove.phase.tables import PHASE_EVALUATION

SECONDS = 12.0
SMALL = {
    "channels": 8,
    "blocks": 3,
    "low_bands": 6,
    "high_bands": 6,
    "tempo_step": 0.1,
    "slowest_bpm": 70.0,
    "fastest_bpm": 180.0,
    "accelerator": "cpu",
}


def model_of(network, seed=0):
    torch.manual_seed(seed)
    spec = PhaseModelSpec(**SMALL, network=network)
    return PhaseModel(spec).eval(), spec


def chunk(store, number, split="test", rate=1.0, per_bar=4):
    sound = Waveform(clicks(SECONDS, number)[np.newaxis], 16_000)
    return {
        "path": f"songs/{number}.mid",
        "sha256": f"{number:064d}",
        "source": "ours",
        "license": "CC0-1.0",
        "soundfont": "one",
        "chunk": 0,
        "rate": rate,
        "start_s": 0.0,
        "end_s": SECONDS,
        "meter": f"{per_bar}/4",
        "beats_per_bar": per_bar,
        "bar_start_s": np.arange(0, SECONDS + 2, per_bar / 2),
        "beat_s": np.arange(0, SECONDS + 1, 0.5),
        "split_group": f"group {number % 3}",
        "split": split,
        "audio": store.write(encode(sound, "flac"), ".flac"),
    }


@pytest.fixture(scope="module")
def world():
    store = MemoryStore()
    rows = [chunk(store, number) for number in range(4)]
    rows += [chunk(store, 7, split="train"), chunk(store, 8, rate=1.2)]
    rows[3]["bar_start_s"] = np.concatenate([np.arange(4) * 2.0, 6 + 1.5 * np.arange(1, 6)])
    return pd.DataFrame(rows), store


@pytest.mark.parametrize("network", [OURS, DOCUMENTED])
def test_one_pass_for_all_anticipations_tells_what_one_pass_for_each_does(network):
    model, _ = model_of(network)
    samples = torch.from_numpy(np.stack([clicks(3.0, 1), clicks(3.0, 2)]))
    looks = [0.0, 0.3, 0.5]
    for look, told in zip(looks, evaluation.told_at(model, samples, looks), strict=True):
        with torch.no_grad():
            alone = model(samples, torch.full((2,), look))
        for name, value in alone._asdict().items():
            if value is None:
                assert getattr(told, name) is None
            else:
                torch.testing.assert_close(getattr(told, name), value, atol=1e-5, rtol=1e-5)


def test_only_test_chunks_as_written_are_judged_spread_over_all(world):
    table, _ = world
    assert chosen(table, 9)["path"].tolist() == [f"songs/{number}.mid" for number in range(4)]
    assert chosen(table, 2)["path"].tolist() == ["songs/0.mid", "songs/3.mid"]
    assert not len(chosen(table[table["split"] == "train"], 9))


def test_counting_finds_the_beats_and_its_figures_are_summed_over_chunks(world):
    table, store = world
    chunks = StoredChunks(chosen(table, 9), store)
    assert evaluation.meter_of(chunks.table, 3) == "changes"
    assert evaluation.meter_of(chunks.table, 0) == "4/4"
    figures = evaluation.every_fourth_beat(chunks, warmup_s=4.0)
    assert figures["every_fourth_beat_beat_f_measure"] > 0.9
    rows = [one.figures for one in evaluation.heard_by_counting(chunks, 4.0)]
    frames = np.array([row["scored_frames"] for row in rows])
    losses = np.array([row["phase_loss"] for row in rows])
    assert figures["every_fourth_beat_phase_loss"] == pytest.approx(
        (frames * losses).sum() / frames.sum()
    )


def test_figures_of_a_model_name_meters_tempos_and_anticipations(world):
    table, store = world
    model, _ = model_of(OURS)
    figures = evaluation.evaluate(model, StoredChunks(chosen(table, 2), store), 4.0, 0.5)
    assert {
        "phase_loss",
        "phase_loss_at_0_ms",
        "phase_loss_at_250_ms",
        "phase_loss_at_500_ms",
        "phase_loss_4_4",
        "phase_loss_changes",
        "phase_loss_120_to_140_bpm",
        "median_phase_error_ms",
        "p90_phase_error_bars",
        "downbeat_f_measure",
    } <= figures.keys()
    assert 0 < figures["phase_loss"] < 2


def test_rows_keep_their_contract_and_the_worst_are_first(world):
    table, store = world
    rows = []
    for network in (OURS, DOCUMENTED):
        model, spec = model_of(network)
        data = pack(model.network, {"stage": STAGE, "spec": spec.model_dump()})
        rows.append(
            {
                "model_id": network,
                "spec_json": json.dumps(spec.model_dump()),
                "blob": store.write(data, ".safetensors"),
            }
        )
    spec = PhaseEvaluationSpec(warmup_s=4.0, threads=1)
    found = _keyed(judge(pd.DataFrame(rows), table, spec=spec, store=store))
    again = judge(pd.DataFrame(rows), table, spec=spec, store=store)
    judged, second = (frame_of(some, PHASE_EVALUATION) for some in (found, _keyed(again)))
    pd.testing.assert_frame_equal(judged, second)
    assert judged["tracker"].unique().tolist() == [OURS, DOCUMENTED, COUNTED]
    assert judged["tracker"].value_counts().to_dict() == {OURS: 12, DOCUMENTED: 12, COUNTED: 4}
    now = judged[(judged["tracker"] == OURS) & (judged["anticipation_s"] == 0)]
    assert now["phase_loss"].is_monotonic_decreasing
    assert judged.loc[judged["tracker"] != OURS, "tempo_bpm"].tolist() == [120.0] * 16
    # Untrained, beside chance: gates are there, and red.
    assert not verdicts.heard_phase_loss(judged).passed
    assert verdicts.downbeats_over_counting(judged).count == 3
    shown = quality.evaluation_summary(judged)
    assert shown["chunks"] == 4
    assert {f"{OURS} at 0.25 s", f"{COUNTED} at 0 s", f"{OURS}, meter changes"} <= shown.keys()
    pngs = {**pictures.worst_chunks(judged, store, 1), **pictures.loss_by_meter(judged)}
    assert len(pngs) == 3
    assert all(png.startswith(b"\x89PNG") for png in pngs.values())


def _keyed(rows):
    return [{"key": "", **row} for row in rows]
