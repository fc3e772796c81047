"""Chunks: fixed-length cuts of songs, played faster, slower and unsteadily, labelled exactly.

Every render is played at random rates, and at rates that jump and ramp; the one that is as
written is played as written, too (:mod:`groove.phase.corpus.playing`). Chunks overlap by the time a model needs to warm up, so
that every second of a song is scored in some chunk. The last chunk ends where the song's bars
end: it overlaps more; only a song shorter than one chunk is padded with silence. What is as
written stays clean, and is what models are judged on; most other chunks are damaged (:mod:`groove.phase.corpus.damage`).

By default a song is rendered and cut in one go and nothing but chunks is written. Renders that
are there already (``song_renders``) are cut by the same function: the chunks are the same.

What belongs here: where to cut and what a cut's labels are. What does not: what a frame's
label means (:mod:`groove.phase.labels`), features (:mod:`groove.phase.model.front`).

Conventions
-----------
* Times in a chunk are seconds from its first sample, as it is played.
* Frame ``k`` of ``phase`` is at ``k / 50`` s; labels go on for a second after the audio, for
  predictions that look ahead. Where the rate changes within a bar, ``phase`` is exact and
  straight lines between ``bar_start_s`` are not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from groove.audio.effects import peak_safe
from groove.core.store import Store
from groove.phase.corpus import render
from groove.phase.corpus.damage import damaged
from groove.phase.corpus.playing import Playing, played, playings
from groove.phase.corpus.storage import stored
from groove.phase.labels import FRAME_RATE_HZ, SAMPLE_RATE, bar_phase, frame_times
from groove.phase.spec import ChunkSpec

if TYPE_CHECKING:
    from groove.audio.waveform import Waveform

VERSION = f"3+{render.VERSION}"

_CARRIED = ("path", "sha256", "source", "license", "soundfont", "split_group", "split", "meter")


def items(song_index: pd.DataFrame, song_renders: pd.DataFrame, spec: ChunkSpec) -> pd.DataFrame:
    """Return what is cut, one row per render: renders still to be made, or those that are there.

    Raises
    ------
    ValueError
        As :func:`groove.phase.corpus.render.items`.
    """
    return song_renders if spec.from_renders else render.items(song_index, spec)


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
    """Yield the chunks of one render, playing by playing.

    Parameters
    ----------
    item
        A row of :func:`items`: with ``audio`` it is cut, without it is rendered first.

    Raises
    ------
    UnusableSongError, MidiError
        As :func:`groove.phase.corpus.render.song_render`.
    """
    row, sound = _sound(item, spec, store)
    mono = np.asarray(sound.mono(), dtype=np.float32)
    # A render that names no version is the song as written.
    version = int(row.get("version", 0))
    names = (row["sha256"], row["soundfont"])
    seconds = float(row["bar_start_s"][-1])
    for number, playing in enumerate(playings(seconds, spec, *names, version=version)):
        heard = played(mono, sound.sample_rate, playing)
        clean = playing.is_steady and playing.rates[0, 0] == 1.0
        for chunk, cut, labels in _cuts(heard, playing, row, spec):
            audio, done = (cut, []) if clean else damaged(cut, spec, *names, version, number, chunk)
            padded = np.pad(peak_safe(audio), (0, round(spec.chunk_s * SAMPLE_RATE) - len(audio)))
            data = stored(padded, SAMPLE_RATE, spec.storage)
            yield {
                **{name: row[name] for name in _CARRIED},
                **labels,
                "version": version,
                "playing": number,
                "chunk": chunk,
                "tempo_plan": "steady" if playing.is_steady else "wandering",
                "effects": [*row.get("mix", []), *done],
                "seconds": spec.chunk_s,
                "sample_rate": SAMPLE_RATE,
                "audio": store.write(data, f".{spec.storage}"),
                "audio_bytes": len(data),
            }


def _sound(
    item: Mapping[str, Any], spec: ChunkSpec, store: Store
) -> tuple[Mapping[str, Any], Waveform]:
    """Return the render's row and its audio, read or made."""
    from groove.audio.waveform import read_audio

    if "audio" in item:
        return item, read_audio(store.read(item["audio"]))
    return render.rendered(item, spec, store)


def _cuts(
    heard: NDArray[np.float32], playing: Playing, row: Mapping[str, Any], spec: ChunkSpec
) -> Iterable[tuple[int, NDArray[np.float32], dict[str, Any]]]:
    """Yield number, audio and labels of each chunk of a playing."""
    written = np.asarray(row["bar_start_s"], dtype=np.float64)
    per_bar = np.asarray(row["beats_per_bar"], dtype=np.int64)
    bars = playing.time_of(written)
    beats = playing.time_of(np.asarray(row["beat_s"], dtype=np.float64))
    total = len(heard) / SAMPLE_RATE
    # After the last bar line nothing has a phase; what rings on there is not cut.
    usable = min(total, float(bars[-1]))
    rate = float(playing.song_time(np.array([usable]))[0]) / usable
    rate = float(playing.rates[0, 0]) if playing.is_steady else rate
    length = round(spec.chunk_s * SAMPLE_RATE)
    for number, start in enumerate(chunk_starts(usable, spec)):
        left = max(1, round((usable - start) * SAMPLE_RATE))
        cut = heard[round(start * SAMPLE_RATE) :][: min(length, left)]
        end = start + len(cut) / SAMPLE_RATE
        times = frame_times(round(spec.label_s * FRAME_RATE_HZ), start)
        labels = {
            "rate": rate,
            "start_s": start,
            "end_s": end,
            "song_s": total,
            "beats_per_bar": _most(per_bar, bars, start, end),
            "bar_start_s": _around(bars - start, spec.label_s),
            "beat_s": _within(beats - start, spec.label_s),
            "phase": _single(bar_phase(playing.song_time(times), written)),
        }
        yield number, cut, labels


def _single(phase: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return phases in single precision, where rounding must not make 1.0 of 0.99999999."""
    return np.minimum(phase.astype(np.float32), np.nextafter(np.float32(1), np.float32(0)))


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
