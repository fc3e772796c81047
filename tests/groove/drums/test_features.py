"""Pictures: level-free, aligned, the same by NumPy and in the graph."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from groove.audio.waveform import Waveform, resample
from groove.drums.classify import augment, features
from groove.drums.classify.calibration import Calibration
from groove.drums.classify.graph import DrumGraph
from groove.drums.classify.network import build
from groove.drums.corpus import clips
from groove.drums.spec import AugmentSpec, ClipSpec

SPEC = ClipSpec()


def _clips(count: int, samples: int = SPEC.clip_samples) -> np.ndarray:
    chance = np.random.default_rng(0)
    decay = np.exp(-np.arange(samples) / (2_000 * chance.uniform(0.3, 2.0, (count, 1))))
    return (chance.normal(size=(count, samples)) * decay * 0.3).astype(np.float32)


def test_a_picture_has_its_size_and_range() -> None:
    seen = features.pictures(_clips(3), SPEC)
    assert seen.shape == (3, SPEC.frames, SPEC.n_mels)
    assert seen.dtype == np.float32
    assert seen.min() >= 0
    assert seen.max(axis=(1, 2)) == pytest.approx(np.ones(3))


@pytest.mark.parametrize("gain", [1e-3, 0.1, 3.0])
def test_level_does_not_matter(gain: float) -> None:
    sound = _clips(2)
    louder = features.pictures(sound * np.float32(gain), SPEC)
    np.testing.assert_allclose(louder, features.pictures(sound, SPEC), atol=6e-4)


def test_twenty_decibels_are_a_quarter_of_eighty() -> None:
    time = np.arange(SPEC.clip_samples) / SPEC.sample_rate_hz
    tone = np.sin(2 * np.pi * 1000 * time).astype(np.float32)
    half = SPEC.clip_samples // 2
    tone[half:] *= np.float32(0.1)
    seen = features.pictures(tone[None], SPEC)[0].max(axis=1)
    assert seen[2] == pytest.approx(1.0, abs=0.01)
    assert seen[-2] == pytest.approx(0.75, abs=0.01)


def test_silence_is_black() -> None:
    quiet = np.zeros((1, SPEC.clip_samples), dtype=np.float32)
    assert features.pictures(quiet, SPEC).max() == 0.0


def test_clips_start_before_the_onset_and_are_padded() -> None:
    samples = np.zeros(SPEC.sample_rate_hz, dtype=np.float32)
    samples[:2] = 1.0
    samples[30_000] = 0.5
    wave = Waveform(samples[None], SPEC.sample_rate_hz)
    found = features.cut(wave, np.array([0.0, 30_000 / SPEC.sample_rate_hz, 5.0]), SPEC)
    assert found.shape == (3, SPEC.clip_samples)
    assert np.flatnonzero(found[0]).tolist()[:2] == [SPEC.pre_samples, SPEC.pre_samples + 1]
    assert found[1, SPEC.pre_samples] == 0.5
    assert not found[2].any()


def test_a_low_sample_rate_only_empties_the_top() -> None:
    high = Waveform(_clips(1, 44_100)[:1], 44_100)
    low = resample(high, 22_050)
    onset_s = np.array([0.1])
    full, cut = (features.pictures(features.cut(w, onset_s, SPEC), SPEC)[0] for w in (high, low))
    lower = slice(0, SPEC.n_mels * 3 // 4)
    # Peak and loudest band move a little with the top gone; the picture below stays.
    assert np.abs(full[:, lower] - cut[:, lower]).mean() < 0.02
    assert cut[:, -3:].max() == 0.0
    assert full[:, -3:].max() > 0.5


def test_the_graph_sees_what_numpy_sees() -> None:
    network = build("edge", SPEC.frames, SPEC.n_mels, 12, [4, 4]).eval()
    graph = DrumGraph(network, SPEC, Calibration(0.7, -0.2)).eval()
    sound = _clips(4)
    sound[3] = 0.0
    with torch.no_grad():
        seen = graph.pictures(torch.from_numpy(sound)).numpy()
    # The graph does not round to half precision: half a step of it, and the transform's error.
    np.testing.assert_allclose(seen, features.pictures(sound, SPEC), atol=3.5e-4)


def test_a_stored_picture_is_the_live_one_to_the_last_digit() -> None:
    seen = features.pictures(_clips(2), SPEC)
    back = clips.from_bytes(clips.to_bytes(seen))
    assert np.array_equal(back.astype(np.float32), seen)


@pytest.mark.parametrize("data", [b"", b"RIFF....", clips.to_bytes(np.zeros((2, 3)))])
def test_what_is_no_picture_file_is_refused(data: bytes) -> None:
    with pytest.raises(clips.ClipError):
        clips.from_bytes(data)


def test_one_row_per_file_with_all_its_events(kits: Any) -> None:
    events, made = kits.drum_events, kits.drum_clips
    assert made["clips"].sum() == len(events)
    ids = [name for names in made["sample_ids"] for name in names]
    assert sorted(ids) == sorted(events["sample_id"])
    assert len(made) == events["path"].nunique()


def _augmented(spec: AugmentSpec, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    seen = torch.from_numpy(features.pictures(_clips(8), SPEC))
    generator = torch.Generator().manual_seed(seed)
    return augment.augment(seen, torch.eye(12)[:8], spec, SPEC, generator)


def test_no_variation_changes_nothing() -> None:
    still = AugmentSpec(
        stretch=0, shift_mels=0, shift_frames=0, tilt_db=0, noise_db=80, mix=0, band_limit=0
    )
    seen, targets = _augmented(still)
    np.testing.assert_allclose(seen, features.pictures(_clips(8), SPEC), atol=1e-5)
    assert torch.equal(targets, torch.eye(12)[:8])


def test_variations_repeat_by_seed_and_stay_pictures() -> None:
    first, targets = _augmented(AugmentSpec())
    again, _ = _augmented(AugmentSpec())
    other, _ = _augmented(AugmentSpec(), seed=1)
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert first.shape == (8, SPEC.frames, SPEC.n_mels)
    assert float(first.min()) >= 0
    assert first.amax(dim=(1, 2)).numpy() == pytest.approx(np.ones(8))
    assert set(targets.unique().tolist()) <= {0.0, 1.0}


def test_mixing_has_both_hits_labels() -> None:
    _, targets = _augmented(AugmentSpec(mix=1.0))
    assert targets.sum(dim=1).max() == 2
    assert (targets >= torch.eye(12)[:8]).all()
