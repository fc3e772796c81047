"""BS.1770-4 against its own table, its known values and closed forms."""

import numpy as np
import pytest
from scipy import signal

from groove.audio import loudness
from groove.audio.waveform import Waveform, loudness_lufs, rms_dbfs, true_peak_dbtp


def sine(level_dbfs, seconds=5.0, rate=48_000, hz=997.0, channels=2):
    wave = 10 ** (level_dbfs / 20) * np.sin(
        2 * np.pi * hz * np.arange(round(seconds * rate)) / rate
    )
    return np.tile(wave.astype(np.float32), (channels, 1))


def test_coefficients_at_48_khz_are_the_standards():
    sections = loudness.k_weighting(48_000)
    shelf = [1.53512485958697, -2.69169618940638, 1.19839281085285, 1, -1.69065929318241]
    np.testing.assert_allclose(sections[0], [*shelf, 0.73248077421585], atol=1e-9)
    high_pass = [1, -2, 1, 1, -1.99004745483398, 0.99007225036621]
    np.testing.assert_allclose(sections[1], high_pass, atol=1e-9)


@pytest.mark.parametrize("rate", [22_050, 44_100, 96_000])
def test_other_rates_have_the_same_response(rate):
    hz = np.geomspace(30, 8_000, 50)
    reference = np.abs(signal.freqz_sos(loudness.k_weighting(48_000), hz, fs=48_000)[1])
    other = np.abs(signal.freqz_sos(loudness.k_weighting(rate), hz, fs=rate)[1])
    # The bilinear transform bends frequencies near Nyquist; nowhere else.
    np.testing.assert_allclose(20 * np.log10(other / reference), 0, atol=0.35)


@pytest.mark.parametrize("rate", [22_050, 44_100, 48_000, 96_000])
@pytest.mark.parametrize("level", [-23.0, -33.0])
def test_stereo_sine_reads_its_level(rate, level):
    # EBU Tech 3341, cases 1 and 2: a stereo 997 Hz sine at -23 dBFS reads -23.0 ± 0.1 LUFS.
    assert loudness_lufs(Waveform(sine(level, rate=rate), rate)) == pytest.approx(level, abs=0.1)


def test_mono_reads_three_decibels_less():
    assert loudness_lufs(Waveform(sine(0.0, channels=1), 48_000)) == pytest.approx(-3.01, abs=0.05)


def test_relative_gate_leaves_quiet_parts_out():
    # EBU Tech 3341, case 3: 10 s at -36, 60 s at -23, 10 s at -36 reads -23.0.
    parts = [sine(-36.0, 10), sine(-23.0, 60), sine(-36.0, 10)]
    wave = Waveform(np.concatenate(parts, axis=1), 48_000)
    assert loudness_lufs(wave) == pytest.approx(-23.0, abs=0.1)


def test_absolute_gate_leaves_silence_out():
    # EBU Tech 3341, case 4, in short: -72 and -36 around -23.
    parts = [sine(-72.0, 10), sine(-36.0, 10), sine(-23.0, 60), sine(-36.0, 10), sine(-72.0, 10)]
    wave = Waveform(np.concatenate(parts, axis=1), 48_000)
    assert loudness_lufs(wave) == pytest.approx(-23.0, abs=0.1)


def test_silence_has_the_lowest_value_and_short_sounds_have_one():
    silence = Waveform(np.zeros((2, 48_000), dtype=np.float32), 48_000)
    assert loudness_lufs(silence) == loudness.SILENCE_DB
    assert rms_dbfs(silence) == loudness.SILENCE_DB
    assert true_peak_dbtp(silence) == loudness.SILENCE_DB
    assert loudness_lufs(Waveform(sine(-23.0, 0.2), 48_000)) == pytest.approx(-23.0, abs=0.3)


def test_true_peak_lies_between_samples():
    # A quarter of the rate, 45° off: samples reach 0.707 of the peak (BS.1770-4, Annex 2).
    wave = np.sin(np.pi / 2 * np.arange(4_800) + np.pi / 4).astype(np.float32)
    wave *= np.hanning(len(wave)).astype(np.float32)
    found = true_peak_dbtp(Waveform(wave[None], 48_000))
    assert 20 * np.log10(np.abs(wave).max()) == pytest.approx(-3.01, abs=0.01)
    assert found == pytest.approx(0.0, abs=0.2)


def test_rms_of_a_sine_and_a_square_wave():
    assert rms_dbfs(Waveform(sine(0.0), 48_000)) == pytest.approx(-3.0103, abs=1e-3)
    assert rms_dbfs(Waveform(np.ones((1, 10), dtype=np.float32), 48_000)) == 0.0
