"""Batches: what is drawn, made ahead, moved and stretched, against closed forms."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch

from groove.phase.labels import bar_phase, phase_distance
from groove.phase.learn.dataset import ahead, drawn, sampling_shares, stretched, transposed
from groove.phase.learn.loss import struck_target
from groove.phase.learn.objective import struck_targets


def test_rare_meters_and_tempos_are_drawn_more_often():
    table = pd.DataFrame(
        {"beats_per_bar": [4] * 90 + [7] * 10, "tempo_bpm": [120.0] * 100, "place": 0}
    )
    assert sampling_shares(table, 0.0) == pytest.approx(np.full(100, 0.01))
    assert sampling_shares(table, 1.0)[90:].sum() == pytest.approx(0.5)
    random = np.random.default_rng(0)
    counts = np.bincount(drawn(sampling_shares(table, 1.0), 40, random), minlength=100)
    assert counts.sum() == 40
    assert counts[90:].sum() == 20
    assert set(counts[90:]) == {2}
    even = drawn(sampling_shares(table, 0.0), 100, random)
    assert sorted(even) == list(range(100))


def test_batches_are_made_ahead_in_order_and_errors_arrive():
    assert list(ahead(iter([1, 2, 3]))) == [1, 2, 3]

    def broken():
        yield 1
        raise InterruptedError

    made = ahead(broken())
    assert next(made) == 1
    with pytest.raises(InterruptedError):
        next(made)


def test_struck_targets_are_those_of_the_exact_times():
    bars = np.array([-0.4, 1.303, 2.907, 4.609, 6.0])
    beats = np.sort(np.concatenate([bars, bars[:-1] + np.diff(bars) / 3]))
    times = np.arange(300) / 50
    phases = np.stack([bar_phase(times, bars), bar_phase(times, beats)], axis=1)
    target, known = struck_targets(torch.from_numpy(phases).float()[None], 280, 4)
    for kind, events in enumerate((beats, bars)):
        exact = struck_target(torch.from_numpy(events[events >= 0]), 280, 4)
        assert torch.equal(target[0, :, kind], exact)
    assert known[0].tolist() == [0.0] * 4 + [1.0] * 276
    unknown = torch.full((1, 300, 2), torch.nan)
    assert not struck_targets(unknown, 280, 4)[1].any()


def test_transposition_moves_bands_inside_their_group():
    levels = torch.arange(14.0).expand(5, 3, 14)
    moved = transposed(levels, torch.arange(-2, 3), 6)
    assert moved[:, 0, 3].tolist() == [5.0, 4.0, 3.0, 2.0, 1.0]
    assert moved[:, :, :6].max() == 5
    assert moved[:, :, 6:].min() == 6


@pytest.mark.parametrize("rate", [0.8, 1.0, 1.25])
def test_stretching_moves_levels_and_labels_alike(rate):
    bars = np.arange(0, 60, 1.7)
    frames, labels = np.arange(1, 501) / 50, np.arange(550) / 50
    levels = torch.tensor(frames, dtype=torch.float32)[None, :, None].expand(2, -1, -1)
    phase = torch.tensor(bar_phase(labels, bars), dtype=torch.float32)[None, :, None]
    rates = torch.tensor([rate, 1.0], dtype=torch.float64)
    heard, label = stretched(levels, phase.expand(2, -1, -1), rates, 380, 420)
    # Levels that tell the time tell the time that is heard; labels are that time's phase.
    assert heard[0, 1:, 0].numpy() == pytest.approx(frames[1:380] * rate, abs=1e-4)
    exact = bar_phase(labels[:420] * rate, bars)
    assert phase_distance(label[0, :, 0].double().numpy(), exact).max() < 1e-4
    assert torch.equal(heard[1, :, 0], levels[1, :380, 0])
    assert torch.equal(label[1], phase[0, :420])
    _, far = stretched(levels, phase.expand(2, -1, -1), rates, 380, 600)
    assert far[0, :, 0].isnan().sum() == max(0, 600 - int(549 / rate) - 1)
