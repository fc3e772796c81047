"""Separation and onset strength against librosa; onsets and beats against known times."""

import librosa
import mir_eval
import numpy as np
import pytest

from groove.audio.percussive import analysis, beats, onsets_s, separate
from groove.midi.meter import bar_grid
from groove.midi.notes import song_from_notes
from groove.midi.synth import render

RATE = 22_050


def rendered(song, rate=RATE):
    return render(song, sample_rate=rate).mean(axis=0)


@pytest.fixture(scope="module")
def groove():
    """Sixteen bars of kick, snare and closed hat at 112 bpm over a sustained chord."""
    beat = np.arange(64)
    drums = np.concatenate([beat, np.arange(128) / 2])
    pitch = np.concatenate([np.where(beat % 2, 38, 36), np.full(128, 42)])
    start = np.concatenate([drums, np.repeat(np.arange(0, 64, 8), 3)])
    length = np.concatenate([np.full(192, 0.2), np.full(24, 8.0)])
    pitch = np.concatenate([pitch, np.tile([48, 55, 64], 8)])
    drum = np.arange(216) < 192
    return song_from_notes(start, length, pitch, 100, 48 * ~drum, drum, [(0, 112)], [(0, 4, 4)])


@pytest.fixture(scope="module")
def parts(groove):
    return analysis(rendered(groove), RATE)


@pytest.mark.parametrize("shape", [(513, 120), (40, 7), (5, 1)])
def test_separation_is_librosas(shape):
    magnitude = np.random.default_rng(0).gamma(1.0, 1.0, shape).astype(np.float32)
    harmonic, percussive = librosa.decompose.hpss(magnitude)
    ours = separate(magnitude)
    np.testing.assert_allclose(ours[0], harmonic, atol=1e-6)
    np.testing.assert_allclose(ours[1], percussive, atol=1e-6)
    np.testing.assert_allclose(ours[0] + ours[1], magnitude, rtol=1e-5)


def test_onset_strength_is_librosas(groove, parts):
    theirs = librosa.onset.onset_strength(y=rendered(groove), sr=RATE)
    np.testing.assert_allclose(parts.onset_strength, theirs, atol=1e-4)


def test_frames_agree_with_each_other(groove, parts):
    frames = 1 + len(rendered(groove)) // 512
    for name in ("times_s", "rms", "percussive_rms", "onset_strength", "log_mel"):
        assert len(getattr(parts, name)) == frames
    np.testing.assert_allclose(parts.harmonic + parts.percussive, parts.magnitude, rtol=1e-4)
    assert parts.times_s[1] == 512 / RATE


def test_level_is_that_of_the_signal():
    sine = 0.5 * np.sin(2 * np.pi * 1_000 * np.arange(RATE) / RATE).astype(np.float32)
    found = analysis(sine, RATE).rms[4:-4]
    np.testing.assert_allclose(found, 0.5 / np.sqrt(2), rtol=1e-3)


def test_tone_is_harmonic_and_click_is_percussive():
    time = np.arange(2 * RATE) / RATE
    tone = analysis(np.sin(2 * np.pi * 440 * time).astype(np.float32), RATE)
    assert (tone.harmonic_rms[20:-20] > 10 * tone.percussive_rms[20:-20]).all()
    clicks = np.zeros(2 * RATE, dtype=np.float32)
    clicks[RATE // 2 :: RATE // 2] = 1.0
    click = analysis(clicks, RATE)
    assert click.percussive_rms.sum() > 10 * click.harmonic_rms.sum()


@pytest.mark.parametrize(("rate", "n_fft", "hop"), [(22_050, 2048, 512), (44_100, 2048, 256)])
def test_onsets_are_found_without_delay(rate, n_fft, hop):
    rng = np.random.default_rng(3)
    start = np.cumsum(rng.uniform(0.3, 1.0, 60))
    song = song_from_notes(
        start, 0.2, rng.choice([36, 38, 42, 45], 60), 100, 0, True, [(0, 120)], [(0, 4, 4)]
    )
    found = onsets_s(analysis(rendered(song, rate), rate, n_fft, hop))
    f_measure, precision, _ = mir_eval.onset.f_measure(song.start_s, found, window=0.025)
    assert f_measure > 0.9
    assert precision > 0.95
    nearest = np.abs(found[:, None] - song.start_s).argmin(axis=1)
    assert abs(np.median(found - song.start_s[nearest])) < 0.010


def test_beats_of_a_steady_groove(groove, parts):
    tempo, times = beats(parts)
    assert tempo == pytest.approx(112, rel=0.005)
    truth = bar_grid(groove).beat_s
    assert mir_eval.beat.f_measure(truth, times) > 0.95
    nearest = np.abs(times[:, None] - truth).argmin(axis=1)
    assert abs(np.median(times - truth[nearest])) < 0.012


@pytest.mark.parametrize("n", [0, 1, 900, 40_000])
def test_silence_has_no_onsets_and_no_beats(n):
    parts = analysis(np.zeros(n, dtype=np.float32), RATE)
    assert len(parts.rms) == 1 + n // 512
    assert not onsets_s(parts).size
    tempo, times = beats(parts)
    assert (tempo, len(times)) == (0.0, 0)
