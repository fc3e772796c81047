"""Drums under music, and what a master does to both.

What belongs here: relative level, master tone, limiting, lossy coding. What does not: playing
drums (:mod:`~groove.drums.kitplayer.player`).
"""

from __future__ import annotations

import numpy as np

from groove.audio import effects, loudness
from groove.drums.kitplayer.kit import RATE, KitError, Samples
from groove.drums.kitplayer.spec import MixSpec

#: Loudest sample of any mix.
PEAK = 0.99
_LOOKAHEAD_S = 0.0025


def mixed(
    drums: Samples,
    backing: Samples | None = None,
    level_db: float = 0.0,
    spec: MixSpec | None = None,
    seed: int = 0,
) -> Samples:
    """Return drums and music as a finished mix, float32 ``(2, samples)``, peak below 1.

    Events stay where they are. Without music, or with silence for it, the drums are alone.

    Parameters
    ----------
    drums
        ``(2, samples)``, 44,100 Hz; gives the length.
    backing
        ``(2, any)`` at 44,100 Hz: cut, or followed by silence.
    level_db
        Loudness of the drums (ITU-R BS.1770) above the music's; -9: under it.
    spec
        How much a mix varies.
    seed
        Of the draws.

    Raises
    ------
    KitError
        If samples are not finite.
    """
    spec = spec or MixSpec()
    random = np.random.default_rng([seed & 0xFFFFFFFF, 0x6D69])
    out = _balanced(drums, backing, level_db)
    if not np.isfinite(out).all():
        raise KitError("the mix has samples that are infinite or not a number")
    out = effects.peak_safe(out / np.float32(max(float(np.abs(out).max(initial=0.0)), 1e-9)), 1.0)
    if spec.eq_db > 0:
        centres = np.exp(
            random.uniform(np.log([60, 250, 1_500, 6_000]), np.log([200, 1_000, 5_000, 14_000]))
        )
        out = effects.equalised(
            out, RATE, centres.tolist(), random.uniform(-spec.eq_db, spec.eq_db, 4).tolist()
        )
    if random.random() < spec.limited:
        out = limited(out, random.uniform(0, spec.limit_db))
    if random.random() < spec.band_limited:
        top = np.exp(random.uniform(np.log(spec.lowest_top_hz), np.log(16_000)))
        out = effects.band_limited(out, RATE, 0.0, float(top), order=int(random.integers(2, 7)))
    if random.random() < spec.lossy:
        depth, top = random.uniform(14, 32), random.uniform(11_000, 19_000)
        out = np.stack([effects.coded(channel, RATE, depth, top) for channel in out])
    if random.random() < spec.mono:
        out = np.repeat(out.mean(axis=0, keepdims=True), 2, axis=0)
    peak = float(np.abs(out).max(initial=0.0))
    target = min(PEAK, 10.0 ** (random.uniform(spec.quietest_dbfs, -0.1) / 20.0))
    return np.ascontiguousarray(out * np.float32(target / max(peak, 1e-9)), dtype=np.float32)


def limited(samples: Samples, depth_db: float) -> Samples:
    """Return samples whose peaks are pressed down by ``depth_db``, looking 2.5 ms ahead.

    The gain is the least that any sample nearby needs, smoothed over as many samples, so that it
    never asks for more than the peak in their middle allows.
    """
    from scipy import ndimage

    peak = float(np.abs(samples).max(initial=0.0))
    if peak == 0.0 or depth_db <= 0:
        return samples
    ceiling = peak * 10.0 ** (-depth_db / 20.0)
    need = np.minimum(1.0, ceiling / np.maximum(np.abs(samples).max(axis=0), 1e-9))
    window = 2 * round(_LOOKAHEAD_S * RATE) + 1
    held = ndimage.minimum_filter1d(need, window, mode="nearest")
    gain = ndimage.uniform_filter1d(held, window, mode="nearest").astype(np.float32)
    return np.asarray(np.clip(samples * gain, -ceiling, ceiling), dtype=np.float32)


def _balanced(drums: Samples, backing: Samples | None, level_db: float) -> Samples:
    n = drums.shape[-1]
    if backing is None:
        return np.asarray(drums, dtype=np.float32)
    music = np.zeros((2, n), dtype=np.float32)
    kept = min(n, backing.shape[-1])
    music[:, :kept] = backing[:, :kept]
    loud, quiet = loudness.SILENCE_DB, loudness.SILENCE_DB
    if np.isfinite(drums).all() and np.isfinite(music).all():
        loud = loudness.integrated_lufs(drums, RATE)
        quiet = loudness.integrated_lufs(music, RATE)
    if min(loud, quiet) <= loudness.SILENCE_DB:
        return np.asarray(drums + music, dtype=np.float32)
    return np.asarray(drums + music * effects.decibels(loud - quiet - level_db), dtype=np.float32)
