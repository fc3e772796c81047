"""Chunks: fixed-length cuts of renders, played faster or slower, labelled with bar phase.

Every song is cut at playback rate 1.0 and at random rates, one per equal part of the range, so
that few rates already cover it. Chunks overlap by the time a model needs to warm up, so that
every second of a song is scored in some chunk. The last chunk ends where the song's bars end:
it overlaps more; only a song shorter than one chunk is padded with silence.

What belongs here: where to cut and what a cut's labels are. What does not: what a frame's
label means (:mod:`groove.phase.labels`), features (:mod:`groove.phase.model.front`).

Conventions
-----------
* Times in a chunk are seconds from its first sample, at its own playback rate.
* Frame ``k`` of ``phase`` is at ``k / 50`` s; labels go on for a second after the audio, for
  predictions that look ahead.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from groove.core.digest import seed_of
from groove.core.store import Store
from groove.phase.labels import FRAME_RATE_HZ, SAMPLE_RATE, bar_phase, frame_times
from groove.phase.spec import ChunkSpec

VERSION = "2"

CARRIED = ("path", "sha256", "source", "license", "soundfont", "split_group", "split")


def playback_rates(spec: ChunkSpec, *identity: str) -> list[float]:
    """Return 1.0 and ``spec.rates`` random rates that depend on ``identity`` and the seed.

    The range is cut into equal parts in log-rate; each gives one rate. A draw that rounds to a
    rate already there is left out: no chunk is there twice.
    """
    random = np.random.default_rng(seed_of("playback rate", *identity, spec.seed))
    edges = np.linspace(np.log(spec.min_rate), np.log(spec.max_rate), spec.rates + 1)
    draws = np.exp(random.uniform(edges[:-1], edges[1:]))
    return list(dict.fromkeys([1.0, *np.round(draws, 4).tolist()]))


def played_at(samples: NDArray[np.float32], sample_rate: int, rate: float) -> NDArray[np.float32]:
    """Return mono samples played at ``rate``, at the model's sample rate.

    As a tape played faster: tempo and pitch change together.
    """
    import soxr

    return np.asarray(soxr.resample(samples, sample_rate * rate, SAMPLE_RATE), dtype=np.float32)


def chunk_starts(seconds: float, spec: ChunkSpec) -> list[float]:
    """Return where chunks start in ``seconds`` of audio; on frames, covering all of it.

    >>> chunk_starts(90.0, ChunkSpec(chunk_s=32, hop_s=24))
    [0.0, 24.0, 48.0, 58.0]
    """
    last = max(0.0, np.floor((seconds - spec.chunk_s) * FRAME_RATE_HZ) / FRAME_RATE_HZ)
    regular = np.arange(0.0, last, spec.hop_s)
    return [*regular.tolist(), float(last)]


def song_chunks(
    item: Mapping[str, Any], spec: ChunkSpec, store: Store
) -> Iterable[Mapping[str, Any]]:
    """Yield the chunks of one render, rate by rate.

    Parameters
    ----------
    item
        A row of ``song_renders``.
    """
    from groove.audio.waveform import Waveform, encode, read_audio

    source = read_audio(store.read(item["audio"]))
    mono = np.asarray(source.mono(), dtype=np.float32)
    bars = np.asarray(item["bar_start_s"], dtype=np.float64)
    beats = np.asarray(item["beat_s"], dtype=np.float64)
    per_bar = np.asarray(item["beats_per_bar"], dtype=np.int64)
    length = round(spec.chunk_s * SAMPLE_RATE)
    for rate in playback_rates(spec, item["sha256"], item["soundfont"]):
        played = played_at(mono, source.sample_rate, rate)
        total = len(played) / SAMPLE_RATE
        # After the last bar line nothing has a phase; what rings on there is not cut.
        usable = min(total, float(bars[-1]) / rate)
        for number, start in enumerate(chunk_starts(usable, spec)):
            cut = played[round(start * SAMPLE_RATE) :][:length]
            cut = cut[: max(1, round((usable - start) * SAMPLE_RATE))]
            end = start + len(cut) / SAMPLE_RATE
            audio = np.pad(cut, (0, length - len(cut)))[np.newaxis]
            flac = encode(Waveform(_peak_safe(audio), SAMPLE_RATE), "flac", "PCM_16")
            times = frame_times(round(spec.label_s * FRAME_RATE_HZ), start)
            yield {
                **{name: item[name] for name in CARRIED},
                "chunk": number,
                "rate": rate,
                "start_s": start,
                "end_s": end,
                "song_s": total,
                "seconds": spec.chunk_s,
                "sample_rate": SAMPLE_RATE,
                "meter": item["meter"],
                "beats_per_bar": _most(per_bar, bars / rate, start, end),
                "bar_start_s": _around(bars / rate - start, spec.label_s),
                "beat_s": _within(beats / rate - start, spec.label_s),
                "phase": _single(bar_phase(times, bars / rate)),
                "audio": store.write(flac, ".flac"),
            }


def _single(phase: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return phases in single precision, where rounding must not make 1.0 of 0.99999999."""
    return np.minimum(phase.astype(np.float32), np.nextafter(np.float32(1), np.float32(0)))


def _peak_safe(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the samples no louder than full scale: resampling overshoots at transients."""
    peak = float(np.max(np.abs(samples), initial=0.0))
    return samples if peak <= 1.0 else samples / np.float32(peak)


def _most(per_bar: NDArray[np.int64], bars: NDArray[np.float64], start: float, end: float) -> int:
    """Return the number of beats per bar that most of the span has."""
    inside = np.clip(np.minimum(bars[1:], end) - np.maximum(bars[:-1], start), 0, None)
    values, at = np.unique(per_bar, return_inverse=True)
    return int(values[np.argmax(np.bincount(at, weights=inside))])


def _within(times: NDArray[np.float64], limit: float) -> NDArray[np.float64]:
    return times[(times >= 0) & (times < limit)]


def _around(bars: NDArray[np.float64], limit: float) -> NDArray[np.float64]:
    """Return the bar starts from the last one at or before 0 to the first one after the end."""
    first = max(0, int(np.searchsorted(bars, 0.0, side="right")) - 1)
    last = int(np.searchsorted(bars, limit, side="left")) + 1
    return bars[first:last]
