"""Sounds without a beat: heard as the front end hears them, and keeping no time."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from groove.phase.learn import beatless as beatless_module
from groove.phase.learn.beatless import KINDS, beatless, beatless_sound
from groove.phase.spec import PhaseModelSpec


def test_noise_is_heard_as_the_front_end_hears_it():
    """A band's level is log(1 + power over its mean), and that share is 1 on average."""
    random = np.random.default_rng(1)
    levels = beatless(PhaseModelSpec(), 1000, random, 6)
    assert levels.shape == (6, 1000, 64)
    assert levels.isfinite().all()
    noise = beatless_module._bank(32, 32, 4.0, 0)[: KINDS["noise"] * 50]
    share = torch.expm1(noise.float()).mean(dim=0)
    assert share.median() == pytest.approx(1.0, abs=0.05)
    assert (share > 0.75).all()
    assert (share < 1.25).all()
    again = beatless(PhaseModelSpec(), 1000, np.random.default_rng(1), 6)
    assert torch.equal(levels, again)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_beatless_sounds_sound_and_keep_no_time(kind):
    count = 20 * 16_000
    sound = beatless_sound(kind, count, np.random.default_rng(2))
    assert sound.shape == (count,)
    assert np.isfinite(sound).all()
    assert np.array_equal(sound, beatless_sound(kind, count, np.random.default_rng(2)))
    if kind == "silence":
        assert not sound.any()
        return
    assert sound.std() == pytest.approx(0.1, rel=1e-3)
    if kind == "drone":  # it rises and falls over many seconds
        return
    # No period between a quarter of a second and two: nothing to tap along to.
    envelope = np.abs(sound).reshape(-1, 320).mean(axis=1)
    rise = np.maximum(np.diff(envelope), 0)
    rise = rise - rise.mean()
    alike = np.correlate(rise, rise, "full")[len(rise) - 1 :]
    assert (alike[13:100] / alike[0]).max() < 0.4
