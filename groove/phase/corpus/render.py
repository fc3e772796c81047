"""Songs as audio with exact bars, beats and drum hits.

What belongs here: which songs are played by which soundfonts, and one version of one song in,
its render out. What does not: which songs are usable (:mod:`groove.phase.corpus.usable`), what
differs between versions (:mod:`groove.phase.corpus.mixes`), synthesis (:mod:`groove.midi.synth`),
cutting (:mod:`groove.phase.corpus.chop`).

Conventions
-----------
* Times are seconds from the render's first sample, at playback rate 1.0.
* The last bar start closes the last bar. Beats are those that listeners move to
  (:func:`groove.phase.labels.tactus`). Drum hits are where the humanised notes sound.
* A song is only played by soundfonts of its side of the split: what is tested is an unseen song
  through an unseen soundfont. Where a side has no soundfont of its own it uses training's.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from groove.audio import effects
from groove.core.columns import PROVENANCE, SPLIT
from groove.core.digest import seed_of, sha256
from groove.core.inputs import originals
from groove.core.splits import SPLITS, TEST, TRAIN, VALIDATION
from groove.core.store import Store
from groove.midi.meter import bar_grid, main_meter, main_tempo
from groove.midi.notes import read_midi
from groove.midi.song import Song
from groove.phase.corpus.mixes import Mix, as_written, drawn, groups_of
from groove.phase.corpus.pump import gain
from groove.phase.corpus.usable import UnusableSongError, check_usable
from groove.phase.labels import tactus
from groove.phase.spec import RenderSpec

if TYPE_CHECKING:
    from groove.audio.waveform import Waveform

VERSION = "4"

Settings = TypeVar("Settings", bound=RenderSpec)

DEFAULT_SOUNDFONT = "TimGM6mb"
DEFAULT_SOUNDFONT_LICENSE = "GPL-2.0"
CARRIED = ("path", "sha256", "source", "license", "soundfont", "version", "split_group", "split")
_PROVENANCE = [column.name for column in PROVENANCE]
_SPLIT = [column.name for column in SPLIT]
#: Below full scale by so much, that no sum of voices reaches the synthesizer's own limiter.
_HEADROOM_DB = -30.0


def items(song_index: pd.DataFrame, spec: RenderSpec) -> pd.DataFrame:
    """Return one row per render: songs that repeat no other's content × soundfonts × versions.

    Each song meets the soundfonts of its side only. The soundfont's content is in each row: it
    decides the render as much as the song does.

    Raises
    ------
    ValueError
        If a soundfont is no file, is on two sides, or shares its name with another.
    """
    fonts = soundfonts(spec)
    versions = pd.DataFrame({"version": range(spec.versions)})
    songs = originals(song_index)[[*_PROVENANCE, *_SPLIT]]
    # Soundfonts outside: a worker that keeps one loaded plays all its songs.
    parts = [songs.merge(fonts[fonts["split"] == side], on="split") for side in SPLITS]
    rows = pd.concat(parts, ignore_index=True).sort_values(["soundfont", "path"], kind="stable")
    rows = rows.merge(versions, how="cross").reset_index(drop=True)
    return _some_soundfonts(rows, spec) if spec.soundfonts_per_version else rows


def _some_soundfonts(rows: pd.DataFrame, spec: RenderSpec) -> pd.DataFrame:
    """Return the rows of so many soundfonts per version of a song, drawn by the song's content."""
    drawn_at = [
        seed_of("soundfont", content, font, int(version), spec.seed)
        for content, font, version in zip(
            rows["sha256"], rows["soundfont"], rows["version"], strict=True
        )
    ]
    place = pd.Series(drawn_at, rows.index).groupby([rows["path"], rows["version"]]).rank()
    return rows[place <= spec.soundfonts_per_version].reset_index(drop=True)


def soundfonts(spec: RenderSpec) -> pd.DataFrame:
    """Return ``split``, ``soundfont`` (its name), its file and its content's hash, by side.

    Raises
    ------
    ValueError
        As :func:`items`.
    """
    sides = {
        TRAIN: spec.soundfonts,
        VALIDATION: spec.validation_soundfonts,
        TEST: spec.test_soundfonts,
    }
    given = [(name, side) for side, names in sides.items() for name in names]
    names = [soundfont_path(name).stem for name, _ in given]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(
            f"soundfont {twice[0]!r} is given twice: each is on one side of the split, under a "
            "name of its own"
        )
    rows = [
        (side, soundfont_path(name).stem, name)
        for side in SPLITS
        for name in (sides[side] or spec.soundfonts)
    ]
    table = pd.DataFrame(rows, columns=["split", "soundfont", "soundfont_file"])
    hashes = {name: sha256(soundfont_path(name).read_bytes()) for name, _ in given}
    return table.assign(soundfont_sha256=table["soundfont_file"].map(hashes))


def held_out(spec: RenderSpec) -> bool:
    """Return whether the test hears soundfonts that training never heard."""
    return bool(spec.test_soundfonts)


def one_at_a_time(spec: Settings) -> Settings:
    """Return the spec without what only says which renders there are.

    It is part of each render's key: one more soundfont or version costs those renders alone.
    """
    return spec.model_copy(
        update={
            "soundfonts": [DEFAULT_SOUNDFONT],
            "validation_soundfonts": [],
            "test_soundfonts": [],
            "versions": 1,
            "soundfonts_per_version": 0,
        }
    )


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
    """Yield the one row of a render, its audio written to the store.

    Parameters
    ----------
    item
        A row of :func:`items`.

    Raises
    ------
    UnusableSongError
        If a rule excludes the song, or it renders to silence.
    MidiError
        If the file is no MIDI.
    """
    from groove.audio.waveform import encode

    row, sound = rendered(item, spec, store)
    yield {**row, "audio": store.write(encode(sound, "flac", "PCM_16"), ".flac")}


def rendered(
    item: Mapping[str, Any], spec: RenderSpec, store: Store
) -> tuple[dict[str, Any], Waveform]:
    """Return the row of a render without its audio, and the audio, mono.

    The audio is in steps of 16 bits: as it is when written to a file and read back.

    Parameters
    ----------
    item
        A row of :func:`items`.

    Raises
    ------
    UnusableSongError, MidiError
        As :func:`song_render`.
    """
    song = read_midi(store.read_raw(item["path"]))
    grid = bar_grid(song)
    check_usable(song, grid, spec)
    beat_s, beat_in_bar, beats_per_bar = tactus(grid)
    font = soundfont_path(str(item["soundfont_file"]))
    mix = _mix(song, item, spec, font)
    sound, loudness = level(sound_of(mix, font, spec), spec)
    hits = np.flatnonzero(mix.song.drum)
    row = {
        **{name: item[name] for name in CARRIED},
        "license": licenses_of(str(item["license"]), str(item["soundfont"]), spec),
        "mix": mix.said,
        "seconds": sound.duration_s,
        "sample_rate": spec.sample_rate,
        "loudness_lufs": loudness,
        "tempo_bpm": main_tempo(song),
        "meter": main_meter(song),
        "bar_start_s": grid.bar_start_s,
        "beats_per_bar": beats_per_bar,
        "beat_s": beat_s,
        "beat_in_bar": beat_in_bar,
        "hit_s": mix.song.start_s[hits],
        "hit_note": mix.song.pitch[hits].astype(np.int64),
        "hit_velocity": mix.song.velocity[hits].astype(np.int64),
    }
    return row, dataclasses.replace(sound, samples=_in_steps(sound.samples))


def sound_of(mix: Mix, soundfont: Path, spec: RenderSpec) -> Waveform:
    """Return a mix as mono audio, at no level in particular."""
    from groove.audio.waveform import Waveform
    from groove.midi.synth import render

    # With one gain for all there is nothing to mix: the synthesizer is run once.
    alike = len(set(mix.gains_db.values())) == 1 and mix.pump is None
    parts = [("", mix.song)] if alike else list(groups_of(mix.song))
    mono: NDArray[np.float32] | None = None
    for name, part in parts:
        stereo = render(part, soundfont, spec.sample_rate, _HEADROOM_DB, spec.tail_s)
        heard = stereo.mean(axis=0) * effects.decibels(mix.gains_db[name] if name else 0.0)
        if mix.pump is not None and name != "drums":
            heard = heard * gain(mix.pump, len(heard), spec.sample_rate)
        mono = heard if mono is None else mono + heard
    assert mono is not None  # noqa: S101  # a usable song has notes
    if mix.room is not None:
        seconds, wet_db = mix.room
        random = np.random.default_rng(mix.seed)
        response = effects.impulse_response(random, spec.sample_rate, seconds, wet_db)
        mono = effects.in_room(mono, response)
    return Waveform(mono[np.newaxis], spec.sample_rate)


def licenses_of(song: str, soundfont: str, spec: RenderSpec) -> str:
    """Return the licences of a render: the song's, and that of the sounds it is made of."""
    default = DEFAULT_SOUNDFONT_LICENSE if soundfont == DEFAULT_SOUNDFONT else "unknown"
    sounds = spec.soundfont_licenses.get(soundfont, default)
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
    # Measured near full scale: a soft render's gate would take its quiet bars for silence.
    near = np.float32(1.0 / peak if peak > 0 else 1.0)
    found = float(loudness_lufs(dataclasses.replace(waveform, samples=waveform.samples * near)))
    if peak <= 0 or found <= SILENCE_DBFS:
        raise UnusableSongError("renders to silence: its programs are not in the soundfont")
    gain_db = min(spec.loudness_lufs - found, spec.peak_dbfs)
    gain = near * effects.decibels(gain_db)
    return dataclasses.replace(waveform, samples=waveform.samples * gain), found + gain_db


def _mix(song: Song, item: Mapping[str, Any], spec: RenderSpec, font: Path) -> Mix:
    from groove.midi.synth import drum_kits

    if item["version"] == 0:
        return as_written(song)
    kits = [program for program, _ in drum_kits(font)]
    return drawn(song, spec, kits, item["sha256"], item["soundfont"], int(item["version"]))


def _in_steps(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return samples within ±1.0 as libsndfile writes them in 16 bits and reads them again."""
    steps = np.rint(samples * np.float32(32_767.0))
    return np.asarray(steps * np.float32(1.0 / 32_768.0), dtype=np.float32)
