"""The tracker: the same rows whatever the blocks, nothing from later, nothing that stalls it."""

import itertools
import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper

from groove.core.models import ModelError
from groove.phase.play.estimates import Estimates, joined
from groove.phase.play.resampling import Resampler
from groove.phase.play.tracker import PhaseTracker, SignalError, mono


def sound(seconds: float, rate: int, seed: int = 0) -> np.ndarray:
    """Return noise whose level moves, so that every row is unlike its neighbours."""
    random = np.random.default_rng(seed)
    time = np.arange(round(seconds * rate)) / rate
    level = 0.1 + 0.08 * np.sin(2 * np.pi * 1.3 * time)
    return (random.standard_normal(len(time)) * level).astype(np.float32)


def difference(first: Estimates, second: Estimates) -> float:
    assert len(first) == len(second)
    return max(
        float(np.max(np.abs(getattr(first, field.name) - getattr(second, field.name)), initial=0.0))
        for field in fields(Estimates)
    )


@settings(max_examples=12)
@given(
    rate=st.sampled_from([8000, 11_025, 16_000, 44_100, 48_000]),
    cuts=st.lists(st.integers(1, 9000), min_size=1, max_size=40),
)
def test_blocks_do_not_matter(metronome: bytes, rate: int, cuts: list[int]) -> None:
    pcm = sound(1.5, rate)
    whole = PhaseTracker(metronome, 0.25, rate).push(pcm)
    tracker = PhaseTracker(metronome, 0.25, rate)
    edges = [0, *np.cumsum(cuts).tolist(), len(pcm)]
    parts = [tracker.push(pcm[a:b]) for a, b in itertools.pairwise(edges)]
    assert difference(whole, joined(parts)) < 1e-5
    assert whole.time_s.tolist() == [pytest.approx((k + 1) / 50) for k in range(75)]


@pytest.mark.parametrize("rate", [4000, 8000, 11_025, 16_000, 22_050, 44_100, 44_056, 96_000])
def test_no_row_depends_on_what_comes_after_it(metronome: bytes, rate: int) -> None:
    pcm = sound(1.2, rate)
    other = pcm.copy()
    # The first sample that is not before 0.62 s.
    at = -(-62 * rate // 100)
    other[at:] = 1 - sound(1.2, rate, seed=1)[at:] * 100
    first, second = (PhaseTracker(metronome, 0.1, rate).push(x) for x in (pcm, other))
    same = first.time_s <= 0.62 + 1e-9
    assert same.sum() == 31
    assert np.array_equal(first.confidence[same], second.confidence[same])
    assert (first.confidence[~same] != second.confidence[~same]).all()
    # And the last row before it has heard up to it.
    third = pcm.copy()
    third[at - max(1, rate // 200) : at] += 0.9
    assert PhaseTracker(metronome, 0.1, rate).push(third).confidence[30] != first.confidence[30]


@pytest.mark.parametrize("rate", [8000, 44_100, 48_000])
def test_another_rate_is_the_resampled_sound_at_the_right_time(metronome: bytes, rate: int) -> None:
    pcm = sound(1.0, rate)
    resampler = Resampler(rate)
    rows = PhaseTracker(metronome, 0.2, rate).push(pcm)
    beforehand = PhaseTracker(metronome, 0.2 + resampler.delay_s).push(resampler.push(pcm))
    assert difference(rows, beforehand) < 1e-5
    # The metronome's clock counts what it was given; what is told is for the time asked for.
    expected = (rows.time_s + 0.2 + resampler.delay_s) / 2 % 1
    assert np.abs((rows.bar_phase - expected + 0.5) % 1 - 0.5).max() < 1e-4


@pytest.mark.parametrize("rate", [8000, 11_025, 22_050, 44_100, 48_000, 96_000, 44_056])
def test_the_resampler_is_late_by_what_it_says(rate: int) -> None:
    time = np.arange(rate) / rate
    resampler = Resampler(rate)
    heard = resampler.push(sum(np.sin(2 * np.pi * hz * time) for hz in (60, 997, 3000)))
    assert len(heard) == 16_000
    ours = np.arange(16_000) / 16_000 - resampler.delay_s
    expected = sum(np.sin(2 * np.pi * hz * ours) for hz in (60, 997, 3000))
    assert resampler.delay_s < 0.006
    assert np.abs(heard - expected)[500:].max() < 2e-3


@pytest.mark.parametrize("rate", [22_050, 44_100, 48_000])
def test_the_resampler_does_not_fold_what_it_cannot_hold(rate: int) -> None:
    tone = np.sin(2 * np.pi * 9000 * np.arange(rate) / rate).astype(np.float32)
    assert np.abs(Resampler(rate).push(tone)[500:]).max() < 1e-3


def test_stereo_and_integers_are_the_same_sound(metronome: bytes) -> None:
    pcm = np.rint(sound(0.5, 16_000) * 32_768).clip(-32_768, 32_767).astype(np.int16)
    floats = PhaseTracker(metronome).push(pcm / 32_768)
    assert difference(floats, PhaseTracker(metronome).push(pcm)) < 1e-6
    assert difference(floats, PhaseTracker(metronome).push(np.stack([pcm, pcm]))) < 1e-6
    assert mono(np.array([0, 128, 255], dtype=np.uint8)).tolist() == [-1.0, 0.0, 127 / 128]


@pytest.mark.parametrize(
    "pcm",
    [
        np.zeros(16_000),
        np.full(16_000, 0.7),
        np.full(16_000, np.nan),
        np.full(16_000, np.inf),
        np.full(16_000, -1e30),
        np.clip(sound(1, 16_000) * 100, -1, 1),
        np.where(np.arange(16_000) % 7 == 0, np.nan, 0.1),
        np.full((2, 16_000), 32_767, dtype=np.int16),
    ],
)
def test_bad_sound_gives_rows_all_the_same(metronome: bytes, pcm: np.ndarray) -> None:
    rows = PhaseTracker(metronome).push(pcm)
    assert len(rows) == 50
    assert all(np.isfinite(getattr(rows, field.name)).all() for field in fields(rows))
    assert ((rows.bar_phase >= 0) & (rows.bar_phase < 1)).all()
    assert ((rows.confidence >= 0) & (rows.confidence <= 1)).all()


def test_what_is_no_number_is_silence(metronome: bytes) -> None:
    rows = PhaseTracker(metronome).push(np.full(3200, np.nan))
    assert rows.confidence.max() == 0.0


@pytest.mark.parametrize("rate", [16_000, 44_100, 11_025])
def test_time_goes_on_in_a_gap(metronome: bytes, rate: int) -> None:
    pcm = sound(0.5, rate)
    gap = PhaseTracker(metronome, sample_rate=rate)
    heard = joined([gap.push(pcm), gap.dropout(0.25), gap.dropout(0.25), gap.push(pcm)])
    silence = np.zeros(round(rate * 0.5), dtype=np.float32)
    tracker = PhaseTracker(metronome, sample_rate=rate)
    filled = joined([tracker.push(pcm), tracker.push(silence), tracker.push(pcm)])
    assert difference(heard[: len(filled)], filled) < 1e-5


@pytest.mark.parametrize("rate", [16_000, 44_100, 11_025])
def test_a_long_gap_is_not_computed(metronome: bytes, rate: int) -> None:
    tracker = PhaseTracker(metronome, sample_rate=rate)
    before = tracker.push(sound(0.51, rate))
    rows = tracker.dropout(7200.005)
    after = tracker.push(sound(1.0, rate))
    times = joined([before, rows, after]).time_s
    assert times.tolist() == pytest.approx((np.arange(len(times)) + 1) / 50)
    assert len(times) == int((0.51 + 7200.005 + 1.0) * 50)
    assert rows.confidence[-1] == 0.0
    assert np.isfinite(rows.tempo_bpm).all()


def test_small_gaps_do_not_let_time_drift(metronome: bytes) -> None:
    tracker = PhaseTracker(metronome)
    rows = joined([tracker.dropout(0.00001) for _ in range(10_000)])
    assert len(rows) in (4, 5)


def test_reset_forgets(metronome: bytes) -> None:
    tracker = PhaseTracker(metronome, 0.0, 44_100)
    first = tracker.push(sound(0.333, 44_100))
    tracker.reset()
    assert tracker.time_s == 0.0
    assert difference(first, tracker.push(sound(0.333, 44_100))) == 0.0


def test_the_anticipation_may_change(metronome: bytes) -> None:
    tracker = PhaseTracker(metronome)
    tracker.push(np.zeros(320))
    tracker.anticipation_s = 0.5
    assert tracker.push(np.zeros(320)).bar_phase[0] == pytest.approx(0.27, abs=1e-5)


@pytest.mark.parametrize(
    ("settings_", "reason"),
    [
        ({"anticipation_s": 0.6}, "anticipation 0.6 s"),
        ({"anticipation_s": float("nan")}, "anticipation nan s"),
        ({"sample_rate": 100}, "sample rate 100 Hz"),
    ],
)
def test_settings_out_of_range(metronome: bytes, settings_: dict, reason: str) -> None:
    with pytest.raises(SignalError, match=reason):
        PhaseTracker(metronome, **settings_)


@pytest.mark.parametrize(
    "pcm", [np.zeros((2, 2, 2)), np.zeros((48_000, 2)), np.array(["a"]), np.array([1j])]
)
def test_what_is_no_sound(metronome: bytes, pcm: np.ndarray) -> None:
    with pytest.raises(SignalError):
        PhaseTracker(metronome).push(pcm)


@pytest.mark.parametrize("seconds", [-1, float("nan"), float("inf")])
def test_what_is_no_gap(metronome: bytes, seconds: float) -> None:
    with pytest.raises(SignalError):
        PhaseTracker(metronome).dropout(seconds)


def broken(metronome: bytes, change: str) -> bytes:
    model = onnx.load_model_from_string(metronome)
    if change == "card":
        del model.metadata_props[:]
    elif change == "other":
        model.metadata_props[0].value = '{"stage": "beat_rnn"}'
    elif change == "json":
        model.metadata_props[0].value = "{"
    elif change == "external":
        tensor = model.graph.initializer[0]
        tensor.ClearField("raw_data")
        tensor.data_location = TensorProto.EXTERNAL
        tensor.external_data.add(key="location", value="/etc/passwd")
    elif change == "state":
        model.graph.output[-1].name = "what"
        model.graph.node.append(helper.make_node("Identity", ["next_heard"], ["what"]))
    elif change == "width":
        output = next(one for one in model.graph.output if one.name == "meters")
        output.type.tensor_type.shape.dim[1].dim_value = 5
        held = json.loads(model.metadata_props[0].value) | {"meters": [2, 3, 4, 5, 6]}
        model.metadata_props[0].value = json.dumps(held)
    elif change == "frame":
        model.graph.input[0].type.tensor_type.shape.dim[1].dim_value = 160
    return bytes(model.SerializeToString())


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("card", "without the card"),
        ("other", "something else"),
        ("json", "not JSON"),
        ("external", "another file"),
        ("state", "next_heard"),
        ("frame", "input frame"),
        ("width", "5 meters"),
    ],
)
def test_a_file_that_is_not_ours(metronome: bytes, change: str, reason: str) -> None:
    with pytest.raises(ModelError, match=reason):
        PhaseTracker(broken(metronome, change))


HOSTILE: dict[str, Any] = {
    "meters_of_nothing": ({"meters": []}, "card's meters"),
    "meters_below_one": ({"meters": [-1, 2, 3, 4, 5, 6]}, "card's meters"),
    "meters_beyond_counting": ({"meters": [2, 3, 4, 5, 6, 2**62]}, "card's meters"),
    "meters_by_name": ({"meters": {}}, "card's meters"),
    "meters_true": ({"meters": [True] * 6}, "card's meters"),
    "meters_too_many": ({"meters": [2, 3, 4, 5, 6, 7, 8]}, "7 meters"),
    "delay_of_nothing": ({"delay_s": []}, "delay_s"),
    "delay_of_an_hour": ({"delay_s": 3600}, "delay_s"),
    "delay_no_number": ({"delay_s": float("nan")}, "delay_s"),
}


def with_card(metronome: bytes, changes: dict[str, Any]) -> bytes:
    model = onnx.load_model_from_string(metronome)
    held = json.loads(model.metadata_props[0].value) | changes
    model.metadata_props[0].value = json.dumps(held)
    return bytes(model.SerializeToString())


@pytest.mark.parametrize("case", HOSTILE)
def test_a_card_that_says_what_cannot_be(metronome: bytes, case: str) -> None:
    changes, reason = HOSTILE[case]
    with pytest.raises(ModelError, match=reason):
        PhaseTracker(with_card(metronome, changes))


def with_tempo(metronome: bytes, bpm: float) -> bytes:
    model = onnx.load_model_from_string(metronome)
    for node in model.graph.node:
        for place, name in enumerate(node.output):
            if name == "tempo_bpm":
                node.output[place] = "tempo_before"
    model.graph.initializer.append(
        helper.make_tensor("odd_tempo", TensorProto.FLOAT, [1], np.array([bpm], np.float32))
    )
    model.graph.node.append(helper.make_node("Identity", ["odd_tempo"], ["tempo_bpm"]))
    return bytes(model.SerializeToString())


@pytest.mark.parametrize("bpm", [0.0, -5.0, 1e38, 1e-30])
def test_a_tempo_that_is_none_is_refused(metronome: bytes, bpm: float) -> None:
    with pytest.raises(ModelError, match="within their ranges"):
        PhaseTracker(with_tempo(metronome, bpm)).push(np.zeros(3200))


def test_opposite_channels_leave_a_rest() -> None:
    tone = sound(0.2, 16_000).astype(np.float32)
    assert np.allclose(mono(np.stack([tone, -tone])), 0.2 * tone, atol=1e-6)
    assert np.allclose(mono(np.stack([tone] * 5)), tone, atol=1e-6)


def test_a_file_that_is_no_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for data in (b"", b"RIFF" * 100, b"\0" * 20_000_001):
        with pytest.raises(ModelError):
            PhaseTracker(data)
    path = tmp_path / "large.onnx"
    with path.open("wb") as file:
        file.truncate(30_000_000)
    monkeypatch.setenv("GROOVE_PHASE_MODEL", str(path))
    with pytest.raises(ModelError, match=r"large\.onnx: 30,000,000 bytes"):
        PhaseTracker()
    with pytest.raises(FileNotFoundError):
        PhaseTracker(tmp_path / "none.onnx")


def test_a_belief_that_breaks_is_given_up(metronome: bytes) -> None:
    model = onnx.load_model_from_string(metronome)
    # The square root of a negative number, from the first frame with a level over 0.5 on.
    model.graph.initializer.append(
        helper.make_tensor("quarter", TensorProto.FLOAT, [1], np.array([0.25], np.float32))
    )
    nodes = {node.output[0]: node for node in model.graph.node}
    nodes["level"].input[0] = "margin"
    model.graph.node.insert(2, helper.make_node("Sub", ["quarter", "power"], ["margin"]))
    tracker = PhaseTracker(bytes(model.SerializeToString()))
    rows = tracker.push(np.concatenate([np.zeros(640), np.ones(640), np.zeros(640)]))
    assert all(np.isfinite(getattr(rows, field.name)).all() for field in fields(rows))
    assert len(rows) == 6
