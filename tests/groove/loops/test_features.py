"""Candidates, features and seams: against direct computation on each candidate."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from groove.loops import candidates, features
from groove.loops.frames import TrackFrames, frames_of
from groove.loops.seam import PARTS, seam_scores

RATE = 22_050


@given(st.integers(0, 60), st.sets(st.integers(1, 16), min_size=1))
def test_every_whole_stretch_is_a_candidate_once(bars: int, lengths: set[int]) -> None:
    first, size = candidates.stretches(bars, sorted(lengths), 10**6)
    expected = {(s, n) for s in range(bars) for n in lengths if s + n <= bars}
    assert set(zip(first.tolist(), size.tolist(), strict=True)) == expected
    assert len(first) == len(expected)


def test_too_many_candidates_are_thinned_evenly() -> None:
    first, size = candidates.stretches(1_000, [1, 2, 4], 100)
    assert len(first) == 100
    assert first[0] == 0
    assert first[-1] >= 995
    assert set(size) == {1, 2, 4}


def test_grouping_keeps_rows_and_builds_matrices() -> None:
    rows = pd.DataFrame(
        {
            "path": ["b", "a", "b"],
            "start_bar": [0, 5, 1],
            "bars": [1, 1, 2],
            "features": [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]],
        }
    )
    tracks = pd.DataFrame({"key": ["k"] * 3, "path": ["a", "b", "c"], "blob": ["x", "y", "z"]})
    items = candidates.by_track(rows, tracks, ("start_bar", "bars", "features"))
    assert items["path"].tolist() == ["a", "b"]
    assert "key" not in items
    assert items["start_bar"][1].tolist() == [0, 1]
    assert items["features"][1].tolist() == [[1.0, 2.0], [5.0, 6.0]]
    assert items["features"][0].dtype == float


def noise_frames(count: int = 400) -> TrackFrames:
    rng = np.random.default_rng(3)
    scalars = [rng.random(count).astype(np.float32) for _ in range(5)]
    mel = rng.normal(-4, 2, (count, 128)).astype(np.float32)
    return TrackFrames(RATE / 512, *scalars, mel=mel, chroma=rng.random((count, 12)))


def test_prefix_sums_equal_a_loop_over_candidates() -> None:
    frames = noise_frames()
    start = np.array([0.0, 1.0, 2.5, 7.0])
    end = np.array([2.0, 1.6, 9.0, 9.28])
    values = features.features(frames, start, end, 0.2)
    assert values.shape == (4, 269)
    assert len(features.NAMES) == len(set(features.NAMES)) == 269
    for row, (begin, stop) in enumerate(zip(start, end, strict=True)):
        part = slice(round(begin * frames.rate_hz), round(stop * frames.rate_hz))
        edge = round(0.2 * frames.rate_hz)
        perc, onset = frames.percussive_rms[part], frames.percussive_onset[part] / 10
        rms = float(np.sqrt(np.mean(frames.rms[part].astype(float) ** 2)))
        perc_rms = float(np.sqrt(np.mean(perc.astype(float) ** 2)))
        heads = [np.sqrt(np.mean(side.astype(float) ** 2)) for side in (perc[:edge], perc[-edge:])]
        rises = [onset[:edge].mean(), onset[-edge:].mean()]
        named = dict(zip(features.NAMES, values[row], strict=True))
        expected = {
            "rms": rms,
            "perc_rms": perc_rms,
            "perc_to_total_rms": perc_rms / rms,
            "perc_onset_std": onset.std(),
            "boundary_perc_rms_start": heads[0],
            "boundary_perc_onset_end": rises[1],
            "boundary_quiet_score": 0.5 * sum(rises) + 0.5 * sum(heads),
            "mel_mean_017": frames.mel[part, 17].mean(),
            "mel_std_101": frames.mel[part, 101].std(),
        }
        for name, value in expected.items():
            np.testing.assert_allclose(named[name], value, rtol=1e-5, err_msg=name)


def test_a_drumless_stretch_has_quiet_boundaries_and_a_small_percussive_share(rendered) -> None:
    samples, _ = rendered
    time = np.arange(10 * RATE) / RATE
    hum = (0.3 * np.sin(2 * np.pi * 220 * time)).astype(np.float32)
    both = frames_of(np.concatenate([samples[: 10 * RATE], hum]), RATE)
    drums, tone = features.features(both, np.array([1.0, 11.0]), np.array([9.0, 19.0]), 0.2)
    named = features.NAMES.index
    assert tone[named("perc_to_total_rms")] < 0.5 * drums[named("perc_to_total_rms")]
    assert tone[named("boundary_quiet_score")] < 0.5 * drums[named("boundary_quiet_score")]


def scores(samples: np.ndarray, lines: np.ndarray, start: int, bars: int) -> dict[str, float]:
    found = seam_scores(samples, RATE, lines, np.array([start]), np.array([bars]), window_s=0.1)
    return {name: float(values[0]) for name, values in found.items()}


def test_an_exactly_repeating_track_loops_without_a_seam() -> None:
    rng = np.random.default_rng(1)
    bar = (0.2 * rng.standard_normal(RATE)).astype(np.float32)
    lines = np.arange(7, dtype=float)
    found = scores(np.tile(bar, 6), lines, 1, 2)
    assert all(found[part] > 0.99 for part in PARTS)
    assert found["seam"] > 0.99


def test_each_fault_lowers_its_own_part() -> None:
    time = np.arange(6 * RATE) / RATE
    lines = np.arange(7, dtype=float)
    tone = (0.3 * np.sin(2 * np.pi * 110 * time)).astype(np.float32)
    clean = scores(tone, lines, 1, 2)
    louder = tone.copy()
    louder[round(2.5 * RATE) :] *= 3
    assert scores(louder, lines, 1, 2)["level"] < 0.5 < clean["level"]
    other = tone.copy()
    other[round(2.5 * RATE) :] = 0.3 * np.sin(2 * np.pi * 1760 * time[round(2.5 * RATE) :])
    assert scores(other, lines, 1, 2)["spectrum"] < 0.6 * clean["spectrum"]
    # 110.5 Hz is half a turn away after one second: the joint jumps.
    turned = (0.3 * np.sin(2 * np.pi * 110.5 * time)).astype(np.float32)
    assert scores(turned, lines, 1, 1)["phase"] < 0.5 < scores(turned, lines, 1, 2)["phase"]
    slower = np.array([0, 1, 2, 3.2, 4.4, 5.6])
    assert scores(tone, slower, 1, 2)["tempo"] < 0.01 < clean["tempo"]


def test_seams_are_shares_even_at_the_edges_of_the_file() -> None:
    rng = np.random.default_rng(2)
    samples = rng.standard_normal(4 * RATE).astype(np.float32)
    lines = np.arange(5, dtype=float)
    found = seam_scores(samples, RATE, lines, np.array([0, 0, 3]), np.array([4, 1, 1]), 0.1)
    for values in found.values():
        assert ((values >= 0) & (values <= 1)).all()
