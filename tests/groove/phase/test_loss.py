"""Loss and targets on tensors, held against the numpy definitions."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from groove.phase.labels import bar_phase, frame_times, phase_distance
from groove.phase.learn.loss import circular_loss, target_phase


def on_circle(phase):
    return torch.stack([torch.sin(2 * math.pi * phase), torch.cos(2 * math.pi * phase)], dim=-1)


def test_equal_phases_cost_nothing_and_opposite_ones_two():
    phase = torch.rand(3, 50)
    assert float(circular_loss(on_circle(phase), phase, 0)) == pytest.approx(0, abs=1e-6)
    assert float(circular_loss(on_circle(phase + 0.5), phase, 0)) == pytest.approx(2, abs=1e-6)


def test_chance_is_one():
    random = torch.Generator().manual_seed(0)
    guess, label = torch.rand(2, 400, 500, generator=random)
    # The standard error of 200,000 draws is 0.0016.
    assert float(circular_loss(on_circle(guess), label, 0)) == pytest.approx(1, abs=0.008)


def test_warm_up_and_unknown_frames_do_not_count():
    label = torch.full((1, 10), 0.25)
    guess = on_circle(label).clone()
    guess[:, :4] = -guess[:, :4]
    label[:, 7:] = torch.nan
    guess[:, 7:] = -guess[:, 7:]
    assert float(circular_loss(guess, label, 4)) == pytest.approx(0, abs=1e-6)
    assert float(circular_loss(guess, label, 0)) == pytest.approx(2 * 4 / 7, abs=1e-6)
    assert float(circular_loss(guess, torch.full((1, 10), torch.nan), 0)) == 0


@settings(deadline=None)
@given(st.floats(0, 0.5), st.lists(st.floats(0.6, 3.0), min_size=4, max_size=8))
def test_targets_are_labels_at_the_predicted_time(look, lengths):
    bars = np.concatenate([[0.0], np.cumsum(lengths)])
    label = torch.tensor(bar_phase(frame_times(150), bars), dtype=torch.float32)[None]
    target = target_phase(label, torch.tensor([look], dtype=torch.float64), 100)[0].numpy()
    times = (np.arange(100) + 1) / 50 + look
    exact = bar_phase(times, bars)
    both = np.isfinite(exact) & np.isfinite(target)
    off = phase_distance(target[both].astype(float), exact[both])
    # Exact within a bar; across a bar line two tempos meet between two labels.
    inside = np.array([np.abs(bars - time).min() > 0.02 for time in times[both]])
    assert off[inside].max(initial=0) < 1e-4
    assert off.max(initial=0) < 0.04


def test_nothing_is_known_past_the_labels():
    label = torch.linspace(0, 0.9, 60)[None]
    target = target_phase(label, torch.tensor([0.5]), 60)
    assert torch.isfinite(target[0, :34]).all()
    assert torch.isnan(target[0, 35:]).all()
