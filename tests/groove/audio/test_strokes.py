"""Strokes in rendered drum loops: where they are, and what is struck."""

import mir_eval
import numpy as np
import pytest

from groove.audio.strokes import BandLabeller, Strokes, strokes
from groove.midi.song import song_from_notes
from groove.midi.synth import render

RATE = 22_050
GROOVE = [[36, 42], [42], [38, 42], [42], [36, 42], [36], [38, 42], [46]]


def rendered(bars: int = 4, bpm: float = 96) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (samples, onset of each note in seconds, its key) of a rock beat, without its tail."""
    beats, keys = [], []
    for number, struck in enumerate(GROOVE * bars):
        beats += [number / 2] * len(struck)
        keys += struck
    song = song_from_notes(beats, 0.1, keys, 100, 0, True, [(0, bpm)], [(0, 4, 4)])
    audio = render(song, sample_rate=RATE, tail_s=0.5).mean(axis=0)
    return audio[: round(bars * 4 * 60 / bpm * RATE)], song.start_s, song.pitch


def f_measure(wanted: np.ndarray, found: np.ndarray) -> float:
    score, _, _ = mir_eval.onset.f_measure(np.unique(wanted), np.unique(found), window=0.05)
    return float(score)


def test_onsets_and_labels_of_a_rendered_beat() -> None:
    samples, start, key = rendered()
    found = strokes(samples, RATE, BandLabeller())
    label = np.array(found.label)
    assert f_measure(start, found.onset_s) > 0.95
    assert f_measure(start[key == 36], found.onset_s[label == "kick"]) > 0.8
    assert f_measure(start[key == 38], found.onset_s[label == "snare"]) > 0.8
    hats = np.isin(label, ["hihat_closed", "hihat_open"])
    assert f_measure(start[np.isin(key, [42, 46])], found.onset_s[hats]) > 0.6
    assert found.onset_s[0] == pytest.approx(0, abs=0.02)
    assert (np.diff(found.onset_s) >= 0).all()
    assert found.velocity.min() >= 1
    assert found.velocity.max() <= 127


def test_several_drums_may_be_struck_at_once() -> None:
    samples, _, _ = rendered()
    found = strokes(samples, RATE, BandLabeller())
    first = {label for at, label in zip(found.onset_s, found.label, strict=True) if at < 0.05}
    assert "kick" in first
    assert len(found.label) > len(np.unique(found.onset_s))


def test_another_sample_rate_gives_the_same_strokes() -> None:
    from groove.audio.waveform import Waveform, resample

    samples, _, _ = rendered(2)
    double = resample(Waveform(samples[None], RATE), 2 * RATE).mono()
    one, two = strokes(samples, RATE, BandLabeller()), strokes(double, 2 * RATE, BandLabeller())
    assert f_measure(one.onset_s, two.onset_s) > 0.95


def test_any_labeller_fits() -> None:
    def all_claps(samples: np.ndarray, sample_rate: int, onsets_s: np.ndarray) -> Strokes:
        assert sample_rate == RATE
        assert len(samples)
        count = len(onsets_s)
        return Strokes(onsets_s, ("aux_percussion",) * count, np.full(count, 90))

    samples, _, _ = rendered(1)
    found = strokes(samples, RATE, all_claps)
    assert set(found.label) == {"aux_percussion"}


@pytest.mark.parametrize("samples", [np.zeros(RATE, np.float32), np.zeros(10, np.float32)])
def test_silence_has_no_strokes(samples: np.ndarray) -> None:
    found = strokes(samples, RATE, BandLabeller())
    assert (len(found.onset_s), found.label, len(found.velocity)) == (0, (), 0)
