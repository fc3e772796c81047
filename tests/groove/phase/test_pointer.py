"""The bar-pointer filter against a dense hidden Markov model, and on activations whose answer is known."""

import numpy as np
import pytest
import torch

from groove.phase.labels import DELAY, FRAME_RATE_HZ, phase_distance
from groove.phase.model.pointer import BarPointer, states
from groove.phase.spec import PointerSpec

# Steps this small are slower on two threads than on one.
torch.set_num_threads(1)

TINY = PointerSpec(
    fastest_bpm=400, slowest_bpm=200, tempo_step=0.1, usual_bpm=300, meters=[2, 3],
    meter_shares=[0.4, 0.6], meter_change=0.1,
)  # fmt: skip


def _dense(spec: PointerSpec) -> np.ndarray:
    """Return the transition matrix, state by state: from (beat, cell) to (beat, cell)."""
    space = states(spec)
    beats, cells = len(space.meter), len(space.tempo)
    matrix = np.zeros((beats, cells, beats, cells))
    for beat in range(beats):
        for cell in range(cells):
            tempo = space.tempo[cell]
            length = space.last[tempo] - space.first[tempo] + 1
            extra = length / space.interval[tempo] - 1
            moves = {1: 1 - abs(extra), (2 if extra > 0 else 0): abs(extra)}
            for by, share in moves.items():
                if cell + by <= space.last[tempo]:
                    matrix[beat, cell, beat, cell + by] += share
                    continue
                for next_beat, beat_share in enumerate(space.beat_change[beat]):
                    for to, tempo_share in enumerate(space.tempo_change[tempo]):
                        matrix[beat, cell, next_beat, space.first[to]] += (
                            share * beat_share * tempo_share
                        )
    return matrix.reshape(beats * cells, beats * cells)


def test_dense_model_is_a_probability() -> None:
    np.testing.assert_allclose(_dense(TINY).sum(axis=1), 1.0, atol=1e-12)
    space = states(PointerSpec())
    assert space.prior.sum() == pytest.approx(1.0)
    np.testing.assert_allclose(space.tempo_change.sum(axis=1), 1.0)
    np.testing.assert_allclose(space.beat_change.sum(axis=1), 1.0)


def test_filter_is_the_forward_algorithm() -> None:
    space = states(TINY)
    matrix = _dense(TINY)
    pointer = BarPointer(TINY).double()
    random = np.random.default_rng(0)
    belief = pointer.start(1).double()
    expected = np.broadcast_to(space.prior, (len(space.meter), len(space.tempo))).ravel()
    start = space.prior.ravel()
    for _ in range(40):
        beat = random.uniform(0.05, 0.9)
        downbeat = beat * random.uniform(0.1, 0.9)
        silence = random.choice([0.0, 1.0])
        angle = random.uniform(0, 2 * np.pi)
        belief = pointer.step(
            torch.tensor([[beat, downbeat, np.sin(angle), np.cos(angle)]], dtype=torch.float64),
            torch.tensor([silence], dtype=torch.float64),
            belief,
        )
        lost = TINY.lost_in_silence if silence else TINY.lost
        expected = (expected @ matrix) * (1 - lost) + start * lost
        likely = np.ones((len(space.meter), len(space.tempo)))
        for row in range(len(space.meter)):
            for cell in range(len(space.tempo)):
                tempo = space.tempo[cell]
                struck = {space.first[tempo]: 1.0, space.first[tempo] + 1: 0.5}.get(cell, 0.0)
                first = struck * (space.beat[row] == 0)
                if cell == space.last[tempo]:
                    struck, first = 0.5, 0.5 * (space.beat[row] == space.meter[row] - 1)
                rest = np.log((1 - beat) / (1 - TINY.beat_share))
                gain = np.log(max(downbeat, 1e-3) / TINY.downbeat_share) - rest
                if first < struck:
                    gain = (
                        np.log(max(beat - downbeat, 1e-3) / (TINY.beat_share - TINY.downbeat_share))
                        - rest
                    )
                place = space.beat[row] + space.place[cell] + DELAY / space.interval[tempo]
                turn = angle - 2 * np.pi * place / space.meter[row]
                # What is said of silence weighs nothing.
                likely[row, cell] = np.exp(
                    (1 - silence) * (TINY.trust * struck * gain + TINY.phase_trust * np.cos(turn))
                )
        expected = expected * likely.ravel()
        expected = expected / expected.sum()
        np.testing.assert_allclose(belief.numpy().ravel(), expected, atol=1e-7)


def _told(
    bpm: float, meter: int, seconds: float = 16.0, ahead: float = 0.0
) -> dict[str, np.ndarray]:
    """Feed clean activations of a steady meter and return what is told of each frame."""
    pointer = BarPointer(PointerSpec())
    frames = round(seconds * FRAME_RATE_HZ)
    times = np.arange(0, seconds, 60 / bpm)
    evidence = np.tile([0.02, 0.005, 0.0, 0.0], (frames, 1))
    for number, time in enumerate(times):
        at = int(time * FRAME_RATE_HZ) + DELAY
        for place, heard in ((at - 1, 0.5), (at, 0.9), (at + 1, 0.5)):
            if place < frames:
                evidence[place, :2] = heard, heard if number % meter == 0 else 0.05 * heard
    evidence[:, 1] = np.minimum(evidence[:, 1], evidence[:, 0])
    belief, rows = pointer.start(1), []
    for row in torch.from_numpy(evidence).float():
        belief = pointer.step(row[None], torch.zeros(1), belief)
        rows.append([part[0].numpy() for part in pointer.read(belief, torch.tensor([ahead]))])
    bar, beat, tempo, meters, confidence = (np.stack(part) for part in zip(*rows, strict=True))
    now = (np.arange(frames) + 1) / FRAME_RATE_HZ
    return {
        "now": now, "bar": bar, "beat": beat, "tempo": tempo, "meters": meters,
        "confidence": confidence,
    }  # fmt: skip


def _phase(vector: np.ndarray) -> np.ndarray:
    return np.arctan2(vector[:, 0], vector[:, 1]) / (2 * np.pi) % 1.0


@pytest.mark.parametrize(
    ("bpm", "meter", "ahead"),
    [
        (120, 4, 0.0), (120, 4, 0.5), (97.3, 3, 0.5), (76.9, 4, 0.0), (171.7, 4, 0.5),
        (143, 5, 0.0), (251, 7, 0.5), (88, 2, 0.0),
    ],
)  # fmt: skip
def test_steady_meters_are_followed(bpm: float, meter: int, ahead: float) -> None:
    told = _told(bpm, meter, ahead=ahead)
    late = told["now"] > 10
    bar_s = 60 / bpm * meter
    error = phase_distance(_phase(told["bar"]), (told["now"] + ahead) / bar_s % 1.0) * bar_s
    beat_error = phase_distance(_phase(told["beat"]), (told["now"] + ahead) * bpm / 60 % 1.0)
    assert np.quantile(error[late], 0.95) < 0.03
    assert np.quantile(beat_error[late] * 60 / bpm, 0.95) < 0.03
    assert np.abs(np.log(told["tempo"][late] / bpm)).max() < 0.03
    assert (np.array([2, 3, 4, 5, 6, 7])[told["meters"][late].argmax(axis=1)] == meter).all()
    # The further ahead, the more the tempo has to be known.
    assert told["confidence"][late].min() > 0.8 - 0.5 * ahead


def test_without_evidence_confidence_is_lost() -> None:
    pointer = BarPointer(PointerSpec())
    belief = pointer.start(1)
    for frame in range(1000):
        struck = 0.9 if frame % 25 == DELAY else 0.02
        first = 0.8 if frame % 100 == DELAY else 0.01
        belief = pointer.step(torch.tensor([[struck, first, 0.0, 0.0]]), torch.zeros(1), belief)
    sure = float(pointer.read(belief, torch.zeros(1))[4])
    for _ in range(400):
        belief = pointer.step(torch.tensor([[0.02, 0.005, 0.0, 0.0]]), torch.ones(1), belief)
    lost = float(pointer.read(belief, torch.zeros(1))[4])
    assert sure > 0.8
    assert lost < 0.1


def test_meters_and_shares_must_belong_together() -> None:
    with pytest.raises(ValueError, match="meter_shares"):
        states(PointerSpec(meters=[3, 4]))
    with pytest.raises(ValueError, match="slowest"):
        states(PointerSpec(fastest_bpm=60, slowest_bpm=70))
