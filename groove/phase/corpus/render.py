"""Songs as audio with exact bars, beats and drum hits.

What belongs here: one song in, its render's row out. What does not: which songs are usable
(:mod:`groove.phase.corpus.usable`), synthesis (:mod:`groove.midi.synth`), cutting
(:mod:`groove.phase.corpus.chop`).

Conventions
-----------
* Times are seconds from the render's first sample, at playback rate 1.0.
* The last bar start closes the last bar.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from groove.core.digest import sha256
from groove.core.store import Store
from groove.midi.meter import bar_grid, main_meter, main_tempo
from groove.midi.notes import read_midi
from groove.phase.corpus.usable import UnusableSongError, check_usable
from groove.phase.spec import RenderSpec

if TYPE_CHECKING:
    from groove.audio.waveform import Waveform

VERSION = "2"

DEFAULT_SOUNDFONT = "TimGM6mb"
DEFAULT_SOUNDFONT_LICENSE = "GPL-2.0"
CARRIED = ("path", "sha256", "source", "license", "split_group", "split")


def first_of_each(song_index: pd.DataFrame, spec: RenderSpec) -> pd.DataFrame:
    """Return the songs that repeat no other song's content, each with its soundfont's hash.

    The soundfont's content decides the render as much as the song's does.

    Raises
    ------
    ValueError
        If there is no such soundfont: nothing could be rendered.
    """
    songs = song_index[song_index["duplicate_of"].isna()].reset_index(drop=True)
    return songs.assign(soundfont_sha256=sha256(soundfont_path(spec.soundfont).read_bytes()))


def soundfont_path(name: str) -> Path:
    """Return the file of a soundfont given as its name or its path.

    Raises
    ------
    ValueError
        If there is no such file.
    """
    from groove.midi.synth import default_soundfont

    if name == DEFAULT_SOUNDFONT:
        return Path(default_soundfont())
    path = Path(name)
    if not path.is_file():
        raise ValueError(
            f"soundfont {name!r} is neither {DEFAULT_SOUNDFONT} nor a file: give an .sf2 file"
        )
    return path


def song_render(
    item: Mapping[str, Any], spec: RenderSpec, store: Store
) -> Iterable[Mapping[str, Any]]:
    """Yield the one row of a song's render.

    Parameters
    ----------
    item
        A row of ``song_index``.

    Raises
    ------
    UnusableSongError
        If a rule excludes the song, or it renders to silence.
    MidiError
        If the file is no MIDI.
    """
    from groove.audio.waveform import Waveform, encode
    from groove.midi.synth import render

    song = read_midi(store.read_raw(item["path"]))
    grid = bar_grid(song)
    check_usable(song, grid, spec)
    soundfont = soundfont_path(spec.soundfont)
    stereo = render(song, soundfont, sample_rate=spec.sample_rate, tail_s=spec.tail_s)
    mono = np.asarray(stereo, dtype=np.float32).mean(axis=0, keepdims=True)
    levelled, loudness = level(Waveform(mono, spec.sample_rate), spec)
    hits = np.flatnonzero(song.drum)
    yield {
        **{name: item[name] for name in CARRIED},
        "license": licenses_of(str(item["license"]), spec),
        "soundfont": soundfont.stem,
        "seconds": levelled.duration_s,
        "sample_rate": spec.sample_rate,
        "loudness_lufs": loudness,
        "tempo_bpm": main_tempo(song),
        "meter": main_meter(song),
        "bar_start_s": grid.bar_start_s,
        "beats_per_bar": grid.numerator.astype(np.int64),
        "beat_s": grid.beat_s,
        "beat_in_bar": grid.beat_in_bar.astype(np.int64),
        "hit_s": song.start_s[hits],
        "hit_note": song.pitch[hits].astype(np.int64),
        "hit_velocity": song.velocity[hits].astype(np.int64),
        "audio": store.write(encode(levelled, "flac", "PCM_16"), ".flac"),
    }


def licenses_of(song: str, spec: RenderSpec) -> str:
    """Return the licences of a render: the song's, and that of the sounds it is made of."""
    if spec.soundfont == DEFAULT_SOUNDFONT:
        sounds = DEFAULT_SOUNDFONT_LICENSE
    else:
        sounds = spec.soundfont_license or "unknown"
    return song if song == sounds else f"{song} AND {sounds}"


def level(waveform: Waveform, spec: RenderSpec) -> tuple[Waveform, float]:
    """Return the waveform at the wanted loudness, and the loudness it has then, in LUFS.

    One gain for the whole song, never a limiter: transients are what the model listens for.
    The gain is smaller where the peak would pass ``spec.peak_dbfs``.

    Raises
    ------
    UnusableSongError
        If the render is silent.
    """
    from groove.audio.waveform import SILENCE_DBFS, loudness_lufs

    peak = float(np.max(np.abs(waveform.samples), initial=0.0))
    found = float(loudness_lufs(waveform))
    if peak <= 0 or found <= SILENCE_DBFS:
        raise UnusableSongError("renders to silence: its programs are not in the soundfont")
    gain_db = min(spec.loudness_lufs - found, spec.peak_dbfs - 20 * np.log10(peak))
    gain = np.float32(10 ** (gain_db / 20))
    return dataclasses.replace(waveform, samples=waveform.samples * gain), found + float(gain_db)
