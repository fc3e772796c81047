"""Cutting a loop out of a track: zero crossings, a cross-faded seam, level.

What belongs here: samples of a track in, samples of a loop out. What does not: which loop
(:mod:`groove.loops.select`) and the file around it (:mod:`groove.loops.wav`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from groove.audio.waveform import Waveform, normalise_rms
from groove.loops.spec import ExportSpec


def zero_crossing(mono: NDArray[np.float32], target: int, reach: int) -> int:
    """Return the rising zero crossing nearest to ``target``, at most ``reach`` samples away.

    The sample returned is the first one that is not negative. Where the signal does not cross
    zero upwards, the sample nearest to zero is returned, the nearest to the target of equals.
    """
    low, high = max(target - reach, 0), min(target + reach, len(mono) - 1)
    if high <= low:
        return int(np.clip(target, 0, max(len(mono) - 1, 0)))
    places = np.arange(low, high + 1)
    here = mono[places]
    previous = mono[np.maximum(places - 1, 0)]
    rising = places[(previous < 0) & (here >= 0)]
    if len(rising):
        return int(rising[np.abs(rising - target).argmin()])
    order = np.lexsort((np.abs(places - target), np.abs(here)))
    return int(places[order[0]])


def cut_points(
    mono: NDArray[np.float32], sample_rate: int, start_s: float, end_s: float, spec: ExportSpec
) -> tuple[int, int]:
    """Return (first sample, sample after the last) of a loop.

    The first cut lies ``preroll_s`` before the downbeat, so that its attack is whole, moved to
    a zero crossing at most ``snap_s`` away. The length is that of the grid, to the sample: the
    loop keeps its tempo, and the cross-fade of :func:`cut_loop` ends it on the same crossing.
    """
    reach = int(spec.snap_s * sample_rate)
    length = min(round((end_s - start_s) * sample_rate), len(mono))
    first = zero_crossing(mono, max(round((start_s - spec.preroll_s) * sample_rate), 0), reach)
    first = min(first, len(mono) - length)
    return first, first + length


def cut_loop(
    waveform: Waveform, start_s: float, end_s: float, spec: ExportSpec
) -> tuple[Waveform, int]:
    """Return (the loop, its first sample in the track), all channels, at the source's rate.

    The last ``fade_s`` of the loop fade, at equal power (cos and sin), into what precedes its
    start in the track: played again, the loop goes on as the track did into that downbeat.
    Where nothing precedes it the end fades out. Then the level is set to ``rms_dbfs``, or as
    near as ``peak_dbtp`` allows.
    """
    first, stop = cut_points(waveform.mono(), waveform.sample_rate, start_s, end_s, spec)
    samples = waveform.samples[:, first:stop].copy()
    size = min(round(spec.fade_s * waveform.sample_rate), samples.shape[1] // 4)
    if size:
        angle = (np.arange(size, dtype=np.float32) + 1) / (size + 1) * np.float32(np.pi / 2)
        into = np.zeros((samples.shape[0], size), dtype=np.float32)
        known = min(size, first)
        if known:
            into[:, size - known :] = waveform.samples[:, first - known : first]
        samples[:, -size:] = samples[:, -size:] * np.cos(angle) + into * np.sin(angle)
    # The limit leaves room for the rounding of the file's integers.
    level = normalise_rms(
        Waveform(samples, waveform.sample_rate), spec.rms_dbfs, spec.peak_dbtp - 0.01
    )
    return level, first
