"""Effects: finite, of the right level, seeded; events stay where they are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal

from groove.audio import effects
from groove.audio.effects import COLOURS

RATE = 16_000


def music(seconds=4.0, seed=0):
    """Decaying bursts twice a second over a chord."""
    random = np.random.default_rng(seed)
    time = np.arange(int(seconds * RATE)) / RATE
    bursts = random.standard_normal(len(time)) * np.exp(-(time % 0.5) * 40)
    chord = sum(np.sin(2 * np.pi * hertz * time) for hertz in (110.0, 277.2, 659.3, 3_000.0))
    return (0.2 * bursts + 0.05 * chord).astype(np.float32)


MUSIC = music()

#: Every effect with a setting of its own, as a function of samples and a generator.
EFFECTS = {
    "room": lambda x, r: effects.in_room(x, effects.impulse_response(r, RATE, 0.6, -3.0)),
    "noise": lambda x, r: effects.under(x, effects.noise(r, len(x), "pink"), 10.0),
    "ambience": lambda x, r: effects.under(x, effects.ambience(r, len(x), RATE), 10.0),
    "pad": lambda x, r: effects.under(x, effects.pad(r, len(x), RATE), 10.0),
    "band": lambda x, _: effects.band_limited(x, RATE, 200.0, 3_000.0),
    "equaliser": lambda x, _: effects.equalised(x, RATE, [100.0, 2_000.0], [9.0, -9.0]),
    "compressor": lambda x, _: effects.compressed(x, RATE, -12.0, 6.0),
    "clipping": lambda x, _: effects.soft_clipped(x, 15.0),
    "telephone": lambda x, _: effects.telephone(x, RATE),
    "coder": lambda x, _: effects.coded(x, RATE, 18.0, 5_000.0),
}


@pytest.mark.parametrize("name", sorted(EFFECTS))
def test_an_effect_is_finite_seeded_and_leaves_its_input(name):
    before = MUSIC.copy()
    done = EFFECTS[name](MUSIC, np.random.default_rng(1))
    again = EFFECTS[name](MUSIC, np.random.default_rng(1))
    assert done.dtype == np.float32
    assert done.shape == MUSIC.shape
    assert np.isfinite(done).all()
    assert (done == again).all()
    assert (before == MUSIC).all()
    assert not np.allclose(done, MUSIC, atol=1e-4)
    assert 0.05 < effects.rms(done) / effects.rms(MUSIC) < 6.0


@pytest.mark.parametrize("name", sorted(EFFECTS))
@pytest.mark.parametrize("n", [1, 37, 5_000])
def test_silence_stays_silent_and_short_sounds_are_no_trouble(name, n):
    random = np.random.default_rng(0)
    silent = np.zeros(n, dtype=np.float32)
    assert (EFFECTS[name](silent, random) == 0).all()
    short = EFFECTS[name](MUSIC[:n], random)
    assert short.shape == (n,)
    assert np.isfinite(short).all()


@pytest.mark.parametrize("name", sorted(EFFECTS))
def test_onsets_stay_where_they_are(name):
    """The envelope of what changed lies over that of the music, to a millisecond or two."""

    def rise(samples):
        sections = signal.butter(2, 100.0, fs=RATE, output="sos")
        level = np.sqrt(np.maximum(signal.sosfiltfilt(sections, samples.astype(float) ** 2), 0))
        return np.maximum(np.diff(level[:: RATE // 2000]), 0)

    done = rise(EFFECTS[name](MUSIC, np.random.default_rng(2)))
    fits = signal.correlate(done, rise(MUSIC))
    lag_s = (int(np.argmax(fits)) - (len(done) - 1)) / 2000
    assert abs(lag_s) <= 0.002


def test_a_room_decays_by_60_db_in_its_time_and_keeps_the_level():
    response = effects.impulse_response(np.random.default_rng(0), RATE, 0.8, 0.0, channels=2)
    assert response.shape[0] == 2
    assert (response[:, 0] == 1).all()
    assert np.sum(response[:, 1:] ** 2, axis=1) == pytest.approx([1.0, 1.0], rel=1e-3)
    # Schroeder's backward integration, fitted from -5 to -25 dB, of the bass: -60 dB at rt60.
    bass = signal.sosfilt(signal.butter(2, 800, fs=RATE, output="sos"), response[0, 1:])
    left = np.cumsum(bass[::-1] ** 2)[::-1]
    db = 10 * np.log10(left / left[0])
    fit = (db < -5) & (db > -25)
    slope = np.polyfit(np.flatnonzero(fit) / RATE, db[fit], 1)[0]
    assert -60 / slope == pytest.approx(0.8, rel=0.2)
    wet = effects.in_room(MUSIC, response)
    assert wet.shape == (2, len(MUSIC))
    assert effects.rms(wet) == pytest.approx(effects.rms(MUSIC), rel=1e-3)


@pytest.mark.parametrize("colour", sorted(COLOURS))
def test_noise_has_unit_power_and_its_colours_slope(colour):
    sound = effects.noise(np.random.default_rng(3), 1 << 18, colour)
    assert effects.rms(sound) == pytest.approx(1.0, rel=0.15)
    hertz, power = signal.welch(sound, RATE, nperseg=4096)
    band = (hertz > 60) & (hertz < 6_000)
    slope = np.polyfit(np.log(hertz[band]), np.log(power[band]), 1)[0]
    assert slope == pytest.approx(COLOURS[colour], abs=0.1)


def test_a_pad_has_no_onset():
    """Its level over 20 ms never rises as fast as the music's beats do."""

    def steepest(samples):
        level = np.sqrt(
            np.mean(np.square(samples[: len(samples) // 320 * 320].reshape(-1, 320)), 1)
        )
        smooth = np.convolve(level, np.ones(5) / 5, "valid")
        return np.max(np.diff(smooth)) / np.mean(smooth)

    for seed in range(4):
        sound = effects.pad(np.random.default_rng(seed), 20 * RATE, RATE)
        assert effects.rms(sound) == pytest.approx(1.0, rel=1e-3)
        assert steepest(sound) < 0.5 * steepest(MUSIC)


@given(ratio=st.floats(-20, 40), seed=st.integers(0, 1000))
@settings(max_examples=20, deadline=None)
def test_what_is_added_is_softer_by_its_ratio(ratio, seed):
    other = effects.noise(np.random.default_rng(seed), len(MUSIC), "white") * np.float32(7)
    added = effects.under(MUSIC, other, ratio).astype(np.float64) - MUSIC
    found = 20 * np.log10(effects.rms(MUSIC) / np.sqrt(np.mean(added**2)))
    assert found == pytest.approx(ratio, abs=0.05)


def test_filters_pass_their_band_and_stop_the_rest():
    time = np.arange(RATE) / RATE
    kept = {}
    for hertz in (50.0, 1_000.0, 6_000.0):
        tone = np.sin(2 * np.pi * hertz * time).astype(np.float32)
        done = effects.band_limited(tone, RATE, 300.0, 3_400.0)
        kept[hertz] = 20 * np.log10(effects.rms(done[4_000:]) / effects.rms(tone[4_000:]))
    assert kept[1_000.0] == pytest.approx(0.0, abs=0.2)
    assert kept[50.0] < -50
    assert kept[6_000.0] < -20
    tone = np.sin(2 * np.pi * 1_000.0 * time).astype(np.float32)
    lifted = effects.equalised(tone, RATE, [1_000.0], [6.0])
    gain = 20 * np.log10(effects.rms(lifted[4_000:]) / effects.rms(tone[4_000:]))
    assert gain == pytest.approx(6.0, abs=0.1)


def test_compression_makes_loud_and_soft_more_alike():
    steps = np.repeat([0.05, 0.8, 0.05], RATE).astype(np.float32)
    tone = steps * np.sin(np.arange(3 * RATE) * 0.3).astype(np.float32)
    done = effects.compressed(tone, RATE, -12.0, 4.0)
    loud, soft = effects.rms(done[RATE : 2 * RATE]), effects.rms(done[: RATE // 2])
    assert 20 * np.log10(loud / soft) < 0.6 * 20 * np.log10(0.8 / 0.05)


def test_soft_clipping_keeps_the_peak_and_bends_what_is_under_it():
    done = effects.soft_clipped(MUSIC, 18.0)
    assert np.max(np.abs(done)) == pytest.approx(np.max(np.abs(MUSIC)), rel=1e-5)
    assert effects.rms(done) > 1.5 * effects.rms(MUSIC)


def test_a_coder_of_many_bits_changes_next_to_nothing_and_stops_at_its_band():
    fine = effects.coded(MUSIC, RATE, 90.0, 8_000.0)
    assert effects.rms(fine - MUSIC) < 0.002 * effects.rms(MUSIC)
    rough = effects.coded(MUSIC, RATE, 15.0, 4_000.0)
    hertz, power = signal.welch(rough, RATE)
    assert power[hertz > 4_500].max() < 1e-4 * power.max()


def test_peaks_are_brought_back_and_nothing_else_is():
    assert effects.peak_safe(MUSIC) is MUSIC
    assert np.max(np.abs(effects.peak_safe(MUSIC * np.float32(9)))) == pytest.approx(1.0)
