"""From the filter's own confidence to one that holds: the mapping, and how its numbers are chosen."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from groove.phase.judge.calibration import calibration_error, overconfidence
from groove.phase.judge.trust import BEATLESS_SHARE, Known, chosen
from groove.phase.model.certainty import Certainty
from groove.phase.spec import PointerSpec


def test_confidence_is_earned_and_lost_by_the_frame() -> None:
    mapping = Certainty(PointerSpec(reliability=0.8, steadiness=0.5, steady_s=1.0))
    bar, own, quiet = torch.tensor([[0.6, 0.8]]), torch.tensor([1.0]), torch.zeros(1)
    steady, told = mapping.start(1), []
    for _ in range(300):
        turned, confidence, steady = mapping.step(bar, own, quiet, steady)
        told.append(float(confidence))
        # The direction stays; the length is the confidence.
        assert torch.allclose(turned, bar * confidence)
    # The closed form of an exponential mean.
    kept = np.exp(-np.arange(1, 301) / 50)
    assert told == pytest.approx((0.8 * np.sqrt(1 - kept)).tolist(), abs=1e-5)
    # Where nothing sounds the filter's own confidence counts for nothing, so it fades.
    for _ in range(100):
        _, confidence, steady = mapping.step(bar, own, torch.ones(1), steady)
    assert float(confidence) == pytest.approx(told[-1] * np.exp(-1), rel=1e-3)


def test_without_either_setting_it_is_the_filters_own() -> None:
    mapping = Certainty(PointerSpec(reliability=1.0, steadiness=0.0))
    own = torch.tensor([0.3, 0.9])
    _, confidence, _ = mapping.step(torch.zeros(2, 2), own, torch.zeros(2), mapping.start(2))
    assert torch.equal(confidence, own)


def known(own: float, right: float, count: int = 400) -> Known:
    """Frames of which a share is right and the others are anywhere."""
    cosine = np.zeros(count)
    cosine[: round(right * count)] = 1.0
    return Known(np.full(count, own), np.full(count, own), cosine)


def test_reliability_is_how_often_what_is_sure_is_right() -> None:
    music = [known(0.9, 1.0), known(0.9, 0.2), known(0.9, 0.0)]
    found = chosen(music, [])
    said = found.reliability * 0.9 * 0.9**found.steadiness
    assert said == pytest.approx(0.4, abs=0.01)
    assert found.score < found.score_before
    assert 0 < BEATLESS_SHARE < 1


def test_noise_that_is_taken_for_a_beat_now_and_then_makes_steadiness_count() -> None:
    fleeting = Known(np.full(400, 0.6), np.full(400, 0.1), np.zeros(400))
    assert (
        chosen([known(0.9, 0.9)], [fleeting]).steadiness
        > chosen([known(0.9, 0.9)], [known(0.05, 0.0)]).steadiness
    )


def test_nothing_to_choose_by_is_said() -> None:
    with pytest.raises(ValueError, match="no recording"):
        chosen([], [known(0.1, 0.0)])


def test_calibration_error_is_zero_of_the_honest_and_one_sided_of_the_modest() -> None:
    # A quarter of a bar off half of the time: the cosine is 0.5 in the mean.
    error = np.tile([0.0, 0.25], 200)
    assert calibration_error(np.full(400, 0.5), error) == pytest.approx(0.0, abs=1e-9)
    assert overconfidence(np.full(400, 0.9), error) == pytest.approx(0.4)
    assert overconfidence(np.full(400, 0.2), error) == 0.0
    assert calibration_error(np.full(400, 0.2), error) == pytest.approx(0.3)
    assert calibration_error(np.empty(0), np.empty(0)) == 0.0
