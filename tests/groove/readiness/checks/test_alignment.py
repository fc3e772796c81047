"""Microphones: known delays, distances and drifts are found, and judged by where they stand."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.fft import next_fast_len

from groove.core.gates import Gate
from groove.readiness.checks.alignment import (
    Aligned,
    Microphone,
    Session,
    corrections,
    expected_delay,
    gates,
    measure,
    speed_of_sound,
)
from groove.readiness.checks.delays import common_delay, correlation, onsets
from groove.readiness.checks.spec import AlignmentSpec

Signal = NDArray[np.float64]
SPEC = AlignmentSpec()


def strokes(rate: int, seconds: float, seed: int = 0) -> tuple[Signal, list[float]]:
    """Return a drum played at irregular times, and when: bursts of noise with a decaying tone."""
    random = np.random.default_rng(seed)
    times = np.cumsum(random.uniform(0.35, 0.75, size=int(3 * seconds)))
    times = times[times < seconds - 0.7].tolist()
    course = np.arange(int(0.15 * rate)) / rate
    signal = np.zeros(int(seconds * rate))
    for time in times:
        burst = random.normal(size=len(course)) * np.exp(-course / 0.008)
        tone = np.sin(2 * np.pi * 190 * course) * np.exp(-course / 0.05)
        start = int(time * rate)
        signal[start : start + len(course)] += random.uniform(0.6, 1.0) * (0.4 * burst + 0.6 * tone)
    return 0.3 * signal, times


def later(signal: Signal, samples: float, seed: int = 1, noise: float = 1e-3) -> Signal:
    """Return a signal delayed by any number of samples, exactly, with noise of its own."""
    size = next_fast_len(len(signal) + 20_000, real=True)
    turn = np.exp(-2j * np.pi * np.fft.rfftfreq(size) * samples)
    moved = np.fft.irfft(np.fft.rfft(signal, size) * turn, size)[: len(signal)]
    return moved + noise * np.random.default_rng(seed).normal(size=len(signal))


def drifting(signal: Signal, times: list[float], rate: int, per_minute: float) -> Signal:
    """Return a signal whose strokes come later and later, by so many samples a minute."""
    moved = np.zeros(len(signal))
    for time in times:
        part = slice(int((time - 0.02) * rate), int((time + 0.2) * rate))
        moved[part] = later(signal[part], time / 60 * per_minute)
    return moved


def session(*others: Microphone, anchor_m: tuple[float, float] = (0.0, 0.0)) -> Session:
    close = Microphone(name="snare", path="snare.wav", distance_m=anchor_m)
    return Session(session_id="s1", anchor="snare", microphones=[close, *others])


def overhead(low: float, high: float) -> Microphone:
    return Microphone(name="over", path="over.wav", role="overhead", distance_m=(low, high))


def verdicts(found: Aligned) -> dict[str, Gate]:
    return {gate.name: gate for gate in gates([found], SPEC)}


@pytest.fixture(scope="module")
def drum() -> Signal:
    return strokes(48_000, 16.0)[0]


def test_onsets_are_where_the_strokes_are() -> None:
    signal, times = strokes(48_000, 16.0)
    found = onsets(signal, 48_000, 500) / 48_000
    assert len(found) == len(times)
    assert np.abs(found - times).max() < 0.004
    chosen = onsets(signal, 48_000, 20)
    assert len(chosen) == 20
    assert set(chosen) <= set(np.round(found * 48_000).astype(int))
    assert not len(onsets(np.zeros(48_000), 48_000, 20))
    assert not len(onsets(np.zeros(3), 48_000, 20))


def test_correlation_is_that_of_numpy(drum: Signal) -> None:
    places = onsets(drum, 48_000, 3)
    other = later(drum, 3.0)
    table = correlation(drum, other, places, places, 48_000, (-8, 8))
    lead, size = round(0.004 * 48_000), round(0.064 * 48_000)
    for row, place in zip(table, places, strict=True):
        stroke = drum[place - lead : place - lead + size]
        for column, lag in enumerate(range(-8, 9)):
            there = other[place - lead + lag : place - lead + lag + size]
            expected = stroke @ there / np.sqrt((stroke @ stroke) * (there @ there))
            assert row[column] == pytest.approx(expected, abs=1e-9)


def test_a_correct_overhead_at_1_2_m_passes(drum: Signal) -> None:
    delay = 1.2 / speed_of_sound(20.0) * 48_000
    assert delay == pytest.approx(167.8, abs=0.1)
    found = measure(
        session(overhead(1.1, 1.3)), {"snare": drum, "over": later(drum, delay)}, 48_000, SPEC
    )
    assert found.pairs[0].delay_samples == pytest.approx(delay, abs=0.05)
    assert all(gate.passed for gate in verdicts(found).values())
    assert corrections(found)["microphones"]["over"]["shift_samples"] == 0.0


def test_an_overhead_as_near_as_a_close_microphone_is_wrong(drum: Signal) -> None:
    found = measure(session(overhead(1.1, 1.3)), {"snare": drum, "over": drum}, 48_000, SPEC)
    gate = verdicts(found)["median_delay"]
    assert not gate.passed
    assert gate.value == pytest.approx(1.1 / speed_of_sound(20.0) * 1000, abs=0.01)


@pytest.mark.parametrize("extra", [6.0, 6.4, -6.0])
def test_six_samples_of_delay_are_found_and_corrected(drum: Signal, extra: float) -> None:
    right = expected_delay(*session(overhead(1.2, 1.2)).microphones, 48_000, 20.0)[0]
    signals = {"snare": drum, "over": later(drum, right + extra)}
    found = measure(session(overhead(1.2, 1.2)), signals, 48_000, SPEC)
    correction = corrections(found)["microphones"]["over"]
    assert correction["delay_samples"] == pytest.approx(right + extra, abs=0.05)
    assert correction["shift_samples"] == pytest.approx(-extra, abs=0.05)
    assert verdicts(found)["median_delay"].value == pytest.approx(abs(extra) / 48, abs=0.002)


def test_six_samples_are_too_late_where_they_are_more_than_the_tolerance() -> None:
    signal, _ = strokes(16_000, 16.0)
    found = measure(
        session(overhead(0.0, 0.0)), {"snare": signal, "over": later(signal, 6.0)}, 16_000, SPEC
    )
    gate = verdicts(found)["median_delay"]
    assert not gate.passed
    assert gate.value == pytest.approx(6 / 16, abs=0.01)
    assert "snare and over in s1" in gate.note


@pytest.mark.parametrize(("per_minute", "passes"), [(0.0, True), (0.7, True), (2.0, False)])
def test_two_samples_a_minute_of_drift_are_found(per_minute: float, passes: bool) -> None:
    rate = 48_000
    signal, times = strokes(rate, 60.0)
    signals = {"snare": signal, "over": drifting(signal, times, rate, per_minute)}
    found = measure(session(overhead(0.0, 0.05)), signals, rate, SPEC)
    gate = verdicts(found)["drift"]
    assert gate.passed == passes
    assert gate.value == pytest.approx(per_minute, abs=0.1)
    assert gate.low is not None
    assert gate.high is not None
    assert gate.low - 0.05 <= per_minute <= gate.high + 0.05
    ppm = corrections(found)["microphones"]["over"]["drift_ppm"]
    assert ppm == pytest.approx(per_minute / 60 / rate * 1e6, abs=0.05)


def test_a_microphone_half_a_second_late_or_upside_down_is_found(drum: Signal) -> None:
    late = 0.4 * 48_000
    found = measure(
        session(overhead(0.0, 0.05)), {"snare": drum, "over": -later(drum, late)}, 48_000, SPEC
    )
    assert found.pairs[0].delay_samples == pytest.approx(late, abs=0.1)
    assert found.pairs[0].polarity == -1
    assert not verdicts(found)["median_delay"].passed


def test_all_pairs_are_measured_and_the_worst_is_named(drum: Signal) -> None:
    room = Microphone(name="room", path="room.wav", distance_m=(2.0, 2.2))
    one, two = (metres / speed_of_sound(20.0) * 48_000 for metres in (1.2, 2.1))
    signals = {"snare": drum, "over": later(drum, one), "room": later(drum, two + 30, seed=2)}
    found = measure(session(overhead(1.15, 1.25), room), signals, 48_000, SPEC)
    assert [(pair.first, pair.second) for pair in found.pairs] == [
        ("snare", "over"),
        ("snare", "room"),
        ("over", "room"),
    ]
    assert found.pairs[2].delay_samples == pytest.approx(two + 30 - one, abs=0.1)
    gate = verdicts(found)["median_delay"]
    assert not gate.passed
    assert "room" in gate.note


def test_delays_that_jump_are_not_constant(drum: Signal) -> None:
    # From the middle on, a buffer was lost: 40 samples, within what the distances allow.
    half = len(drum) // 2
    jumped = np.concatenate([later(drum, 100)[:half], later(drum, 140)[half:]])
    found = measure(session(overhead(0.5, 1.2)), {"snare": drum, "over": jumped}, 48_000, SPEC)
    judged = verdicts(found)
    assert judged["median_delay"].passed
    assert not (judged["constancy"].passed and judged["drift"].passed)


def test_repeated_strokes_are_not_taken_for_each_other() -> None:
    rate = 8_000
    random = np.random.default_rng(3)
    stroke = random.normal(size=400) * np.exp(-np.arange(400) / 80)
    signal = np.zeros(rate * 20)
    for start in range(800, len(signal) - 400, rate // 5):
        signal[start : start + 400] += stroke
    places = onsets(signal, rate, 256)
    other = np.roll(signal, 12)
    search = (round(-0.12 * rate), round(0.5 * rate))
    assert common_delay(signal, other, places, rate, search, (0.0, 20.0)) == 12


def test_what_nobody_heard_is_red(drum: Signal) -> None:
    noise = np.random.default_rng(0).normal(size=len(drum)) * 0.01
    for silent in (np.zeros(len(drum)), noise):
        found = measure(session(overhead(1.0, 1.4)), {"snare": drum, "over": silent}, 48_000, SPEC)
        assert not verdicts(found)["onsets"].passed
    silence = {"snare": np.zeros(48_000), "over": np.zeros(48_000)}
    nothing = measure(session(overhead(1.0, 1.4)), silence, 48_000, SPEC)
    assert not any(gate.passed for gate in verdicts(nothing).values())
    missing = gates(None, SPEC, "no session")
    assert len(missing) == 5
    assert not any(gate.passed for gate in missing)
    assert {gate.note for gate in missing} == {"no session"}


def test_sessions_that_make_no_sense_are_refused() -> None:
    close = Microphone(name="a", path="a.wav")
    with pytest.raises(ValueError, match="none of"):
        Session(session_id="s", anchor="b", microphones=[close, Microphone(name="c", path="c")])
    with pytest.raises(ValueError, match="one name"):
        Session(session_id="s", anchor="a", microphones=[close, close])
    with pytest.raises(ValueError, match="distance_m"):
        Microphone(name="a", path="a.wav", distance_m=(2.0, 1.0))
    with pytest.raises(ValueError, match="no distances"):
        Microphone(name="a", path="a.wav", role="corridor")
