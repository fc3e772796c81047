"""Looking back: exactly the filter, with the end known."""

import numpy as np
import pytest
import torch

from groove.core.models import ModelError
from groove.phase.labels import DELAY
from groove.phase.model.pointer import BarPointer
from groove.phase.play.beats import beats_of
from groove.phase.play.estimates import Estimates, empty
from groove.phase.play.smoothing import back, smoothed
from groove.phase.play.stepfile import StepFile
from groove.phase.spec import PointerSpec

SPEC = PointerSpec(
    fastest_bpm=220,
    slowest_bpm=70,
    tempo_step=0.06,
    meters=[3, 4],
    meter_shares=[0.4, 0.6],
    lost=0.01,
    # The filter's own confidence.
    reliability=1.0,
    steadiness=0.0,
)


class Named:
    """What is asked of a model's file."""

    name = "a model"

    def __init__(self, spec: PointerSpec = SPEC) -> None:
        self.info = {"spec": spec.model_dump()}


def heard(beat_s: np.ndarray, per_bar: int, seconds: float) -> Estimates:
    """Return rows whose activations speak of each beat's frame, ``DELAY`` frames later.

    Of the phase they say nothing.
    """
    count = round(seconds * 50)
    rows = empty(count)
    rows.time_s[:] = (np.arange(count) + 1) / 50
    rows.activations[:] = (0.004, 0.004, 0.0, 0.0)
    for place, time in enumerate(beat_s):
        frame = int(np.floor(time * 50 + 1e-9)) + DELAY
        for k, share in ((frame - 1, 0.3), (frame + 1, 0.3), (frame, 0.9)):
            if k < count:
                first = 0.8 * share if place % per_bar == 0 else 0.004
                rows.activations[k, :2] = (share, first)
    return rows


def test_back_is_the_adjoint_of_a_step() -> None:
    pointer = BarPointer(SPEC)
    generator = torch.Generator().manual_seed(0)
    shape = (1, pointer.beats, pointer.cells)
    evidence, silence = torch.tensor([[0.4, 0.1, 0.6, -0.8]]), torch.tensor([0.3])
    future = torch.rand(shape, generator=generator)
    before = back(pointer, future, evidence, silence)
    ratios = []
    for _ in range(3):
        belief = torch.rand(shape, generator=generator)
        belief /= belief.sum()
        # A step divides by its sum: all that is seen. It is put back by the same step's.
        after = pointer.step(evidence, silence, belief)
        total = (back(pointer, torch.ones(shape), evidence, silence) * belief).sum()
        ratios.append(float((after * future).sum() * total / (before * belief).sum()))
    assert ratios == pytest.approx([ratios[0]] * 3, rel=1e-4)


def test_it_is_what_matrices_say() -> None:
    """All states of all frames at once, in double precision, with no recursion of ours."""
    spec = PointerSpec(
        **SPEC.model_dump()
        | {"fastest_bpm": 220, "slowest_bpm": 180, "tempo_step": 0.1, "meters": [2, 3]}
        | {"lost_in_silence": SPEC.lost}
    )
    pointer = BarPointer(spec)
    rows = heard(0.1 + np.arange(5) * 0.3, 2, 1.3)
    turn = 2 * np.pi * (rows.time_s - 0.1) / 0.6
    rows.activations[:, 2:] = np.stack([np.sin(turn), np.cos(turn)], axis=1)
    count, states = len(rows), pointer.beats * pointer.cells
    each = torch.eye(states).reshape(states, pointer.beats, pointer.cells)
    moves = pointer._moved(each).reshape(states, states).double()
    prior = pointer.prior.flatten().double()
    moves = (1 - spec.lost) * moves + spec.lost * prior
    rows.silence[count // 2 :] = 0.25
    quiet = torch.from_numpy(rows.silence.astype(np.float32))
    seen = pointer.likelihood(torch.from_numpy(rows.activations), quiet)
    seen = seen.reshape(count, -1).double()
    past = [prior]
    for k in range(count):
        past.append(past[-1] @ moves * seen[k])
    future = [torch.ones(states).double()]
    for k in range(count - 1, 0, -1):
        future.insert(0, moves @ (seen[k] * future[0]))
    both = torch.stack(past[1:]) * torch.stack(future)
    both /= both.sum(dim=1, keepdim=True)
    beliefs = both.float().reshape(count, pointer.beats, pointer.cells)
    # Read where they speak of: DELAY frames before.
    told = pointer.read(beliefs, torch.full((count,), -DELAY / 50))
    ours = smoothed(rows, Named(spec))
    spoken = count - DELAY
    angle = 2 * np.pi * ours.bar_phase[:spoken]
    expected = torch.nn.functional.normalize(told[0], dim=1)[DELAY:].numpy()
    assert np.abs(np.stack([np.sin(angle), np.cos(angle)], axis=1) - expected).max() < 1e-3
    # The tempo is that of the beats, which the filter's own is near.
    assert np.abs(np.log(ours.tempo_bpm[:spoken] / told[2][DELAY:].numpy())).max() < 0.05
    assert np.abs(ours.confidence[:spoken] - told[4][DELAY:].numpy()).max() < 1e-4


def test_looking_back_finds_the_beats_from_the_first_one_on() -> None:
    beat_s = 0.31 + np.arange(40) * 0.5
    rows = smoothed(heard(beat_s, 3, 20.0), Named())
    beats = beats_of(rows)
    assert len(beats) == np.sum(beat_s < 20.0)
    assert np.abs(beats.time_s - beat_s[: len(beats)]).max() < 0.02
    assert beats.number.tolist() == [k % 3 + 1 for k in range(len(beats))]
    assert set(rows.beats_per_bar.tolist()) == {3}
    assert np.abs(rows.tempo_bpm - 120).max() < 3


def test_it_looks_ahead_and_a_change_of_tempo_is_known_before() -> None:
    beat_s = np.concatenate([0.3 + np.arange(16) * 0.6, 9.9 + np.arange(20) * 0.4])
    rows = smoothed(heard(beat_s, 4, 17.0), Named())
    beats = beats_of(rows)
    nearest = np.abs(beats.time_s[:, None] - beat_s).min(axis=1)
    assert len(beats) == np.sum(beat_s < 17.0)
    assert nearest.max() < 0.03


@pytest.mark.parametrize("ahead_s", [0.1, 0.24, 0.5])
def test_ahead_is_later(ahead_s: float) -> None:
    rows = heard(0.31 + np.arange(40) * 0.5, 4, 20.0)
    now, ahead = smoothed(rows, Named()), smoothed(rows, Named(), ahead_s)
    shift = round(ahead_s * 50)
    error = (ahead.bar_phase[:-shift] - now.bar_phase[shift:] + 0.5) % 1 - 0.5
    # But for the last frames, which are turned on by tempo.
    assert np.abs(error[:-10]).max() < 1e-5
    assert np.abs(error).max() < 0.02
    assert np.array_equal(ahead.time_s, rows.time_s)


def test_blocks_of_the_forward_pass_do_not_matter() -> None:
    rows = heard(0.31 + np.arange(10) * 0.5, 4, 5.0)
    short, long = smoothed(rows[:143], Named()), smoothed(rows[:144], Named())
    # 143 frames are 11 of 13, or 13 of 11 frames; what they know differs by one frame only.
    assert np.abs((short.bar_phase - long.bar_phase[:143] + 0.5)[:100] % 1 - 0.5).max() < 0.01


def test_silence_leaves_nothing_known() -> None:
    rows = heard(np.array([]), 4, 10.0)
    rows.silence[:] = 1.0
    assert smoothed(rows, Named()).confidence.max() < 0.2


def test_one_row_and_none() -> None:
    rows = heard(np.array([0.1]), 4, 0.5)
    assert len(smoothed(rows[:1], Named())) == 1
    assert len(smoothed(rows[:0], Named())) == 0


def test_it_needs_what_was_heard_and_the_filter(metronome: bytes) -> None:
    rows = heard(np.array([0.1]), 4, 0.5)
    assert len(smoothed(rows, StepFile(metronome))) == 25
    rows.activations[3] = np.nan
    with pytest.raises(ModelError, match="no --offline"):
        smoothed(rows, Named())
    rows = heard(np.array([0.1]), 4, 0.5)
    other = Named()
    del other.info["spec"]["lost"]
    with pytest.raises(ModelError, match="another filter"):
        smoothed(rows, other)
    other.info = {}
    with pytest.raises(ModelError, match="which filter"):
        smoothed(rows, other)
