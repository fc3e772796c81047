"""What rooms, microphones, wires and coders do to sound; seeded, vectorised, never too loud.

What belongs here: changes of a signal that leave every event where it is, and sounds that can be
added below it. What does not: changes of time or pitch, and which effect is chosen when (the
subject that needs it).

Conventions
-----------
* Samples are ``float32``, time is the last axis; the shape stays. Nothing is mutated.
* Filters are causal and of minimum phase, as in the world: what they delay is under 2 ms.
* ``random`` is a numpy generator: the same state gives the same sound.
* An effect may leave ±1.0; :func:`peak_safe` brings a signal back.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]
Colour = Literal["white", "pink", "brown", "blue"]

#: Exponent of the frequency in each colour's power spectrum.
COLOURS: dict[Colour, float] = {"white": 0.0, "pink": -1.0, "brown": -2.0, "blue": 1.0}

_RT60_NEPERS = np.log(1000.0)
_BLOCK_S = 0.01
_CODER_FRAME_S = 0.064
_CODER_BANDS = 24
_MU = 255.0


def decibels(db: float) -> np.float32:
    """Return the amplitude factor of a gain in dB."""
    return np.float32(10.0 ** (db / 20.0))


def rms(samples: Samples) -> float:
    """Return the root mean square over all samples."""
    return float(np.sqrt(np.mean(np.square(samples, dtype=np.float64)))) if samples.size else 0.0


def peak_safe(samples: Samples, peak: float = 1.0) -> Samples:
    """Return the samples no louder than ``peak``; what is softer is left as it is."""
    found = float(np.max(np.abs(samples), initial=0.0))
    return samples if found <= peak else np.asarray(samples * np.float32(peak / found))


def impulse_response(
    random: np.random.Generator,
    sample_rate: int,
    rt60_s: float,
    wet_db: float,
    channels: int = 1,
    distance_s: float = 0.004,
) -> Samples:
    """Return the impulse response of a synthetic room, ``(channels, n)``.

    The direct sound is 1 at sample 0, so that nothing moves; after ``distance_s`` comes Gaussian
    noise whose level falls by 60 dB in ``rt60_s`` (the statistical model of a diffuse field:
    Schroeder 1962, Polack 1988), the treble faster than the bass, independent in each channel.

    Parameters
    ----------
    rt60_s
        Reverberation time, above 0.
    wet_db
        Energy of the reverberation against that of the direct sound.
    """
    from scipy import signal

    n = max(2, round((distance_s + rt60_s) * sample_rate))
    time = np.arange(n) / sample_rate
    tail = random.standard_normal((2, channels, n))
    treble = signal.butter(1, 2_000.0, "highpass", fs=sample_rate, output="sos")
    tail[1] = signal.sosfilt(treble, tail[1], axis=-1)
    decay = np.exp(-_RT60_NEPERS * time / rt60_s)
    # Air and walls take the treble in about half the time.
    field = (tail[0] - tail[1]) * decay + tail[1] * decay**2
    field[:, : max(1, round(distance_s * sample_rate))] = 0.0
    energy = np.sum(np.square(field), axis=-1, keepdims=True)
    response = field * np.sqrt(10.0 ** (wet_db / 10.0) / np.maximum(energy, 1e-20))
    response[:, 0] = 1.0
    return np.asarray(response, dtype=np.float32)


def in_room(samples: Samples, response: Samples) -> Samples:
    """Return the samples convolved with an impulse response, as long as before.

    The level is kept: the energy of the result is that of the samples. Mono samples in a stereo
    room become stereo.
    """
    from scipy import signal

    dry = np.atleast_2d(samples)
    wet = signal.oaconvolve(dry, response.astype(np.float32), axes=-1)[:, : dry.shape[-1]]
    level = rms(wet)
    wet = np.asarray(wet * np.float32(rms(dry) / level if level else 1.0), dtype=np.float32)
    return wet[0] if samples.ndim == 1 and len(wet) == 1 else wet


def noise(random: np.random.Generator, n: int, colour: Colour) -> Samples:
    """Return ``n`` samples of Gaussian noise of unit power; bass below 20 / 16,000 is level.

    The spectrum is shaped at once by a Fourier transform: power goes with frequency to the
    exponent in :data:`COLOURS`.
    """
    from scipy import fft

    size = fft.next_fast_len(max(n, 2), real=True)
    if colour == "white":
        return random.standard_normal(n, dtype=np.float32)
    spectrum = fft.rfft(random.standard_normal(size, dtype=np.float32))
    place = np.maximum(np.arange(len(spectrum)) / size, 20.0 / 16_000.0)
    shape = place ** (COLOURS[colour] / 2.0)
    shape /= np.sqrt(np.mean(np.square(shape)))
    shaped = fft.irfft(spectrum * shape.astype(np.float32), n=size)[:n]
    return np.asarray(shaped, dtype=np.float32)


def ambience(random: np.random.Generator, n: int, sample_rate: int) -> Samples:
    """Return noise like that of a place: coloured, of a moving level, of unit power.

    The level wanders over seconds, too slowly for a beat.
    """
    colour: Colour = ("pink", "brown")[int(random.integers(2))]
    sound = noise(random, n, colour) * (0.3 + _slow(random, n, sample_rate, 3.0))
    return _unit(sound)


def pad(random: np.random.Generator, n: int, sample_rate: int, partials: int = 8) -> Samples:
    """Return a held, slowly swelling chord of unit power, in which nothing begins or ends.

    Tones of a few harmonics each swell and fade over seconds at times of their own: it has pitch
    and timbre, and no beat.
    """
    time = np.arange(n, dtype=np.float32) / np.float32(sample_rate)
    root = 82.4 * 2.0 ** random.uniform(0, 1.5)
    # Fifths and octaves: seconds and thirds would beat against each other like a pulse.
    steps = random.choice([0, 7, 12, 19, 24], size=partials)
    harmonics = random.integers(1, 4, size=partials)
    hertz = root * 2.0 ** (steps / 12.0 + random.normal(0, 0.003, partials)) * harmonics
    sound = np.zeros(n, dtype=np.float32)
    for tone, harmonic, start in zip(hertz, harmonics, random.uniform(0, 1, partials), strict=True):
        if tone < 0.45 * sample_rate:
            # The phase in turns, reduced in double precision: single would wobble after seconds.
            turns = (float(tone) * np.arange(n) / sample_rate + start) % 1.0
            voice = np.sin(turns.astype(np.float32) * np.float32(2 * np.pi))
            sound += voice * _slow(random, n, sample_rate, 4.0) / np.float32(harmonic)
    return _unit(sound) if time.size else sound


def under(samples: Samples, other: Samples, ratio_db: float) -> Samples:
    """Return the sum of the samples and of ``other``, ``ratio_db`` softer in power.

    Silence stays silent: it has no level to be under.
    """
    have, add = rms(samples), rms(other)
    if have == 0.0 or add == 0.0:
        return samples
    return np.asarray(samples + other * (decibels(-ratio_db) * np.float32(have / add)))


def band_limited(
    samples: Samples, sample_rate: int, low_hz: float = 0.0, high_hz: float = 0.0, order: int = 4
) -> Samples:
    """Return what a Butterworth filter leaves between two frequencies; 0 leaves an end open."""
    from scipy import signal

    nyquist = sample_rate / 2.0
    out = samples
    if low_hz > 0:
        sections = signal.butter(order, low_hz, "highpass", fs=sample_rate, output="sos")
        out = signal.sosfilt(sections, out, axis=-1)
    if 0 < high_hz < nyquist:
        sections = signal.butter(order, high_hz, "lowpass", fs=sample_rate, output="sos")
        out = signal.sosfilt(sections, out, axis=-1)
    return np.asarray(out, dtype=np.float32)


def equalised(
    samples: Samples, sample_rate: int, centres_hz: list[float], gains_db: list[float]
) -> Samples:
    """Return the samples through peaking equalisers an octave and a half wide.

    Coefficients are those of Bristow-Johnson, "Cookbook formulae for audio equalizer biquad
    filter coefficients", with Q = 0.9.
    """
    from scipy import signal

    sections = []
    for centre, gain in zip(centres_hz, gains_db, strict=True):
        a = 10.0 ** (gain / 40.0)
        w = 2 * np.pi * min(centre, 0.45 * sample_rate) / sample_rate
        alpha = np.sin(w) / (2 * 0.9)
        b = np.array([1 + alpha * a, -2 * np.cos(w), 1 - alpha * a])
        c = np.array([1 + alpha / a, -2 * np.cos(w), 1 - alpha / a])
        sections.append(np.concatenate([b, c]) / c[0])
    if not sections:
        return samples
    return np.asarray(signal.sosfilt(np.array(sections), samples, axis=-1), dtype=np.float32)


def compressed(
    samples: Samples,
    sample_rate: int,
    threshold_db: float = -24.0,
    ratio: float = 4.0,
    release_s: float = 0.2,
) -> Samples:
    """Return the samples with what is above a threshold pressed down, made up to the old level.

    The level is that of 10 ms blocks over all channels; it rises at once and falls with
    ``release_s``. ``threshold_db`` is against the signal's own power.
    """
    from scipy import signal

    level = rms(samples)
    if level == 0.0:
        return samples
    n = samples.shape[-1]
    block = max(1, round(_BLOCK_S * sample_rate))
    blocks = -(-n // block)
    power = np.square(np.atleast_2d(samples), dtype=np.float64).mean(axis=0)
    power = np.pad(power, (0, blocks * block - n)).reshape(blocks, block).mean(axis=1)
    db = 10.0 * np.log10(np.maximum(power, 1e-12) / level**2)
    over = np.maximum(db - threshold_db, 0.0)
    keep = np.exp(-_BLOCK_S / release_s)
    held = np.maximum(over, signal.lfilter([1 - keep], [1, -keep], over))
    middles = (np.arange(blocks) + 0.5) * block
    gain = np.interp(np.arange(n), middles, -held * (1.0 - 1.0 / ratio))
    out = samples * (10.0 ** (gain / 20.0)).astype(np.float32)
    return np.asarray(out * np.float32(level / max(rms(out), 1e-12)))


def soft_clipped(samples: Samples, drive_db: float) -> Samples:
    """Return the samples driven into a hyperbolic tangent, ``drive_db`` over their peak."""
    peak = float(np.max(np.abs(samples), initial=0.0))
    if peak == 0.0:
        return samples
    drive = decibels(drive_db)
    bent = np.tanh(samples * (drive / np.float32(peak)))
    return np.asarray(bent * (np.float32(peak) / np.tanh(drive)), dtype=np.float32)


def telephone(samples: Samples, sample_rate: int) -> Samples:
    """Return the samples through 300 to 3,400 Hz and the 8 bits of the mu law (ITU-T G.711)."""
    narrow = band_limited(samples, sample_rate, 300.0, min(3_400.0, 0.45 * sample_rate))
    peak = float(np.max(np.abs(narrow), initial=0.0))
    if peak == 0.0:
        return narrow
    scaled = narrow / np.float32(peak)
    code = np.rint(np.sign(scaled) * np.log1p(_MU * np.abs(scaled)) / np.log1p(_MU) * 127) / 127
    back = np.sign(code) * np.expm1(np.abs(code) * np.log1p(_MU)) / _MU
    return np.asarray(back * np.float32(peak), dtype=np.float32)


def coded(samples: Samples, sample_rate: int, depth_db: float, high_hz: float) -> Samples:
    """Return the samples as a lossy coder of few bits leaves them.

    As MP3 does, in short: a lapped transform, coefficients much softer than their band's loudest
    left out, the others rounded with a step that goes with the band. Noise spreads over a frame,
    before an attack, too. Frames lap by half with sine windows on both sides (Princen & Bradley
    1986), so that nothing else changes.

    Parameters
    ----------
    samples
        Mono, ``(n,)``.
    depth_db
        How far below its band's loudest coefficient one survives: 30 is good, 12 is bad.
    high_hz
        Nothing is coded above.
    """
    from scipy import fft

    hop = max(16, round(_CODER_FRAME_S * sample_rate / 2))
    n = len(samples)
    frames = -(-n // hop) + 1
    padded = np.pad(samples, (hop, frames * hop - n)).astype(np.float32)
    window = np.sin(np.pi * (np.arange(2 * hop) + 0.5) / (2 * hop)).astype(np.float32)
    pieces = np.lib.stride_tricks.sliding_window_view(padded, 2 * hop)[::hop]
    spectrum = fft.rfft(pieces * window, axis=1)
    bins = spectrum.shape[1]
    edges = np.unique(np.geomspace(4, bins, _CODER_BANDS).astype(int))
    starts = np.concatenate([[0], edges[:-1]])
    band = np.repeat(np.arange(len(starts)), np.diff([*starts, bins]))
    size = np.abs(spectrum)
    loudest = np.maximum.reduceat(size, starts, axis=1)[:, band]
    step = np.maximum(loudest * decibels(-depth_db), np.float32(1e-9))
    size_then = np.rint(size / step) * step
    if high_hz < sample_rate / 2:
        size_then[:, round(high_hz / sample_rate * 2 * hop) :] = 0.0
    spectrum *= size_then / np.maximum(size, np.float32(1e-9))
    back = fft.irfft(spectrum, n=2 * hop, axis=1) * window
    out = np.zeros((len(back) + 1, hop), dtype=np.float32)
    out[:-1] += back[:, :hop]
    out[1:] += back[:, hop:]
    return np.asarray(out.ravel()[hop : hop + n])


def _slow(random: np.random.Generator, n: int, sample_rate: int, every_s: float) -> Samples:
    """Return a level in 0..1 that wanders smoothly between random values ``every_s`` apart."""
    count = int(n / sample_rate / every_s) + 3
    values = random.uniform(0, 1, count)
    # Computed 50 times a second and joined by straight lines: no cosine per sample.
    coarse = np.arange(int(50 * n / sample_rate) + 2) / (50 * every_s)
    place = coarse + random.uniform(0, 1)
    at = place.astype(np.int64)
    share = 0.5 - 0.5 * np.cos(np.pi * (place - at))
    level = values[at] * (1 - share) + values[at + 1] * share
    steps = np.arange(n, dtype=np.float32) * np.float32(50 / sample_rate)
    return np.asarray(np.interp(steps, np.arange(len(level)), level), dtype=np.float32)


def _unit(samples: Samples) -> Samples:
    level = rms(samples)
    return np.asarray(samples / np.float32(level)) if level else samples
