"""The bar grid: against known beats, by the field's own F-measure."""

from __future__ import annotations

import itertools

import mir_eval
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groove.audio.waveform import Waveform, encode, read_audio
from groove.core.store import MemoryStore
from groove.loops import beats, grid
from groove.loops.frames import TrackFrames, frames_from, frames_of
from groove.loops.onsets import onsets_of
from groove.loops.spec import BarSpec

RATE = 22_050


def found(samples: np.ndarray) -> grid.TrackGrid:
    frames = frames_of(samples, RATE).rounded()
    return grid.grid_of(onsets_of(samples, RATE), frames, len(samples) / RATE, BarSpec())


def f_measure(reference: np.ndarray, estimate: np.ndarray, window_s: float = 0.07) -> float:
    return float(mir_eval.beat.f_measure(reference, estimate, f_measure_threshold=window_s))


def test_a_steady_track_is_found_to_the_millisecond(rendered) -> None:
    samples, reference = rendered
    result = found(samples)
    assert result.tempo_bpm == pytest.approx(123.4, rel=2e-4)
    assert result.beats_per_bar == 4
    inner = result.beat_s[(result.beat_s > 1) & (result.beat_s < 47)]
    errors = inner - reference[np.abs(inner[:, None] - reference).argmin(axis=1)]
    assert np.abs(errors).max() < 0.010
    assert f_measure(reference, result.beat_s, 0.015) > 0.97
    assert f_measure(reference[::4], result.bar_start_s, 0.015) > 0.9
    assert result.confidence > 0.5


def test_three_beats_a_bar(band_of) -> None:
    reference = np.arange(0.2, 44.9, 0.6)
    result = found(band_of(reference, 3, 45.0))
    assert result.beats_per_bar == 3
    assert f_measure(reference[::3], result.bar_start_s) > 0.9


def test_a_tempo_change_gives_two_segments(band_of) -> None:
    first = np.arange(0.2, 24.0, 60 / 110)
    second = np.arange(first[-1] + 60 / 132, 47.0, 60 / 132)
    reference = np.concatenate([first, second])
    samples = band_of(reference, 4, 48.0)
    onsets = onsets_of(samples, RATE)
    times, segments = beats.beats_of(onsets, BarSpec(), 48.0)
    assert f_measure(reference, times) > 0.9
    tempi = sorted(60 / segment.period_s for segment in segments if segment.beats >= 16)
    assert tempi[0] == pytest.approx(110, rel=0.01)
    assert tempi[-1] == pytest.approx(132, rel=0.01)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(st.integers(16, 40), st.floats(0.3, 0.9)), min_size=1, max_size=3),
    st.integers(0, 2**31),
)
def test_segments_cover_all_beats_and_split_where_the_tempo_does(parts, seed) -> None:
    steps = np.concatenate([np.full(count, period) for count, period in parts])
    times = np.cumsum(steps) + np.random.default_rng(seed).normal(0, 1e-3, len(steps))
    cuts = beats.segments_of(times, 0.02)
    assert cuts[0][0] == 0
    assert cuts[-1][1] == len(times)
    assert all(left[1] == right[0] for left, right in itertools.pairwise(cuts))
    for first, stop in cuts:
        line = np.polyval(
            np.polyfit(np.arange(first, stop), times[first:stop], 1), np.arange(first, stop)
        )
        assert np.abs(times[first:stop] - line).max() < 0.35


def test_silence_and_a_single_click_have_no_grid() -> None:
    for samples in (np.zeros(5 * RATE, np.float32), np.eye(1, 3 * RATE, 99, dtype=np.float32)[0]):
        with pytest.raises(grid.GridError, match=r"beats found|whole bar"):
            found(samples)


def test_the_row_holds_a_grid_inside_the_track_and_frames_that_read_back(rendered) -> None:
    samples, _ = rendered
    data = encode(Waveform(samples[None], RATE), "flac")
    store = MemoryStore(raw={"tracks/a.flac": data})
    names = ("sha256", "source", "license", "split_group", "split")
    item = {"path": "tracks/a.flac", **dict.fromkeys(names, "x")}
    [row] = grid.bars_of(item, BarSpec(), store)
    lines = np.array(row["bar_start_s"])
    assert (np.diff(lines) > 0).all()
    assert lines[0] >= 0
    assert lines[-1] <= row["duration_s"]
    assert len(row["bar_beats"]) == len(lines) - 1
    frames = frames_from(store.read(row["blob"]), row["frame_rate_hz"])
    assert len(frames) == row["frames"]
    direct = frames_of(read_audio(data).mono(), RATE)
    np.testing.assert_allclose(frames.mel, direct.mel, atol=0.02)
    np.testing.assert_allclose(frames.rms, direct.rms, rtol=0.02, atol=2e-4)
    again = list(grid.bars_of(item, BarSpec(), store))
    assert again == [row]


def test_damaged_frames_are_refused() -> None:
    with pytest.raises(ValueError, match="whole number"):
        frames_from(b"abc", 43.0)
    empty = frames_from(b"", 43.0)
    assert isinstance(empty, TrackFrames)
    assert len(empty) == 0
