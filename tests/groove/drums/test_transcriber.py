"""The transcriber: exact targets and peaks, one result however it is run, and that it learns."""

import itertools
from collections.abc import Callable

import mir_eval
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from groove.audio.waveform import Waveform
from groove.core.models import ModelError
from groove.core.resuming import Checkpoint
from groove.drums.kitplayer.player import DrumTrack, play
from groove.drums.kitplayer.synthesised import synthesised_kit
from groove.drums.transcribe import decode, excerpts, learn, levels, model, recordings
from groove.drums.transcribe.graph import TranscriberGraph
from groove.drums.transcribe.spec import LevelSpec, TranscriberSpec
from groove.midi.taxonomy import CLASSES

LEVEL = LevelSpec()
RATE = LEVEL.sample_rate_hz
SMALL = TranscriberSpec(
    channels=[8, 12, 16],
    width=32,
    layers=4,
    frames=192,
    epochs=6,
    epoch_excerpts=96,
    batch_size=8,
    threads=1,
    learning_rate=6e-3,
    mix=0.0,
)


def noise(seconds: float, seed: int = 0) -> Waveform:
    samples = np.random.default_rng(seed).normal(0, 0.1, round(seconds * RATE)).astype(np.float32)
    return Waveform(samples[None], RATE)


def untrained(spec: TranscriberSpec = SMALL) -> model.Transcriber:
    torch.manual_seed(0)
    network = learn.build(spec, LEVEL).eval()
    shape = {"channels": list(spec.channels), "width": spec.width, "layers": spec.layers}
    return model.Transcriber(network, CLASSES, LEVEL, spec, (0.3,) * len(CLASSES), shape)


@pytest.fixture(scope="module")
def pieces() -> Callable[[int, range], list[recordings.Recording]]:
    kits = [synthesised_kit(seed) for seed in range(6)]

    def played(kit: int, seeds: range) -> list[recordings.Recording]:
        made = []
        for seed in seeds:
            random = np.random.default_rng(seed)
            step = random.uniform(0.11, 0.16)
            at = np.arange(48) * step + 0.2
            label = np.where(
                np.arange(48) % 8 == 0,
                "kick",
                np.where(np.arange(48) % 8 == 4, "snare", "hihat_closed"),
            )
            kept = random.random(48) < 0.8
            track = DrumTrack(at[kept], label[kept].tolist(), random.uniform(0.5, 1, kept.sum()))
            sound = play(track, kits[kit], seed=seed)
            seen = levels.levels(Waveform(sound, RATE), LEVEL).astype(np.float16)
            places = [CLASSES.index(name) for name in track.label]
            made.append(
                recordings.Recording(
                    seen, track.time_s, np.array(places, dtype=np.int64), track.velocity
                )
            )
        return made

    return played


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.floats(0.0, 3.0), min_size=1, max_size=20),
    st.integers(0, 3),
)
def test_targets_decode_to_the_hits_that_they_are_of(times: list[float], klass: int) -> None:
    # Hits of one class that lie closer than peaks are told apart are one peak.
    apart = [at for i, at in enumerate(sorted(times)) if i == 0 or at - sorted(times)[i - 1] > 0.1]
    at = np.array(apart)
    target = levels.targets(at, np.full(len(at), klass), 330, 4, LEVEL)
    found = decode.peaks(target, target, LEVEL.frames_per_s, [0.4] * 4, 0.03)
    assert (found.klass == klass).all()
    close = [at[0], *(b for a, b in itertools.pairwise(at) if b - a > 0.06)]
    matched = mir_eval.util.match_events(np.array(close), found.time_s, 0.0055)
    assert len(matched) >= len(close)


def test_level_does_not_depend_on_how_loud_a_file_is() -> None:
    wave = noise(1.0)
    loud = levels.levels(wave, LEVEL)
    soft = levels.levels(Waveform(wave.samples * np.float32(0.003), RATE), LEVEL)
    assert np.abs(loud - soft).max() < 2e-3
    silent = levels.levels(Waveform(np.zeros((2, RATE), dtype=np.float32), RATE), LEVEL)
    assert silent.shape == (101, LEVEL.n_mels)
    assert silent.max() == 0.0


def test_blocks_are_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    listening = untrained()
    seen = levels.levels(noise(6.0), LEVEL)
    whole = listening.heard(seen)
    monkeypatch.setattr(model, "_BLOCK", 150)
    parts = listening.heard(seen)
    for one, other in zip(whole, parts, strict=True):
        assert one.shape == (len(seen), len(CLASSES))
        assert np.abs(one - other).max() < 1e-5


def test_the_graph_hears_what_the_model_hears() -> None:
    listening = untrained()
    wave = noise(1.5)
    heard = listening.activations(wave)
    loudest = levels.reference(levels.log_levels(wave.mono(), LEVEL))
    graph = TranscriberGraph(listening.network, LEVEL).eval()
    with torch.no_grad():
        onset, velocity = graph(
            torch.from_numpy(wave.mono())[None], torch.tensor([loudest], dtype=torch.float32)
        )
    assert np.abs(onset[0].numpy() - heard.onset).max() < 1e-4
    assert np.abs(velocity[0].numpy() - heard.velocity).max() < 1e-4


def test_a_file_holds_all_and_another_file_is_refused() -> None:
    listening = untrained()
    wave = noise(1.0)
    again = model.Transcriber.from_bytes(listening.to_bytes())
    assert again.transcribe(wave) == listening.transcribe(wave)
    assert again.thresholds == listening.thresholds
    for damaged in (b"", b"no model", listening.to_bytes()[:-100]):
        with pytest.raises(ModelError):
            model.Transcriber.from_bytes(damaged)


def test_empty_and_very_short_sound_has_no_hits_or_few() -> None:
    listening = untrained()
    for samples in (0, 1, 100, 2_000):
        wave = Waveform(np.zeros((1, samples), dtype=np.float32), RATE)
        assert len(listening.transcribe(wave, threshold=0.9).hits) == 0


def test_velocities_are_where_hits_are() -> None:
    recording = recordings.Recording(
        np.zeros((400, LEVEL.n_mels), dtype=np.float16),
        np.array([1.0, 2.0]),
        np.array([0, 1]),
        np.array([0.5, np.nan]),
    )
    _, onset, velocity = excerpts.excerpt(recording, 50, 200, 1.0, len(CLASSES), LEVEL)
    assert onset[50, 0] == pytest.approx(1.0, abs=1e-6)
    assert velocity[50, 0] == pytest.approx(0.5)
    assert velocity.sum() == pytest.approx(0.5)
    assert onset[150, 1] == pytest.approx(1.0, abs=1e-6)
    _, faster, _ = excerpts.excerpt(recording, 50, 200, 1.25, len(CLASSES), LEVEL)
    assert faster[:, 0].argmax() == 40


def test_it_learns_what_rises_alone_do_not_tell(pieces, tmp_path) -> None:
    learnt = [one for kit in range(4) for one in pieces(kit, range(10 * kit, 10 * kit + 3))]
    watched, test = pieces(4, range(50, 52)), pieces(5, range(60, 63))
    trained, fitted = learn.learn(learnt, watched, SMALL, LEVEL)
    told = learn.figures(trained, test, "test", learn.majority_of(learnt))
    assert told["test_micro_f1"] > told["test_rise_micro_f1"] + 0.1
    assert fitted.history[-1]["train_loss"] < 0.7 * fitted.history[0]["train_loss"]
    # Killed after the second epoch and taken up again, it ends where it would have.
    brief = SMALL.model_copy(update={"epochs": 3, "epoch_excerpts": 16, "schedule": "constant"})
    straight, _ = learn.learn(learnt, watched, brief, LEVEL)
    kept = Checkpoint(tmp_path / "state.safetensors", "same")
    learn.learn(learnt, watched, brief.model_copy(update={"epochs": 2}), LEVEL, checkpoint=kept)
    resumed, _ = learn.learn(learnt, watched, brief, LEVEL, checkpoint=kept)
    for name, value in straight.network.state_dict().items():
        assert torch.equal(value, resumed.network.state_dict()[name]), name
