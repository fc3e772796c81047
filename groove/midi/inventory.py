"""Per-file statistics of songs and loops: the rows of ``song_index`` and ``loop_index``.

What belongs here: measuring one file, and what is found only by comparing all of them
(duplicates, split groups). What does not: reading the format (:mod:`groove.midi.notes`), tempo
policy and bars (:mod:`groove.midi.meter`), audio (:mod:`groove.audio.inventory`).

A file is refused, with the reason, when it cannot be read or has no notes. A song that states no
time signature is refused too: bars would be a guess, and a guess must not look like a label. A
loop may have its meter from its tags (``meter``, ``time_signature``) or from the settings; the
column ``meter_source`` says which.
"""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Iterator, Mapping
from typing import Any, Literal

import numpy as np
import pandas as pd

from groove.core.inputs import InputError, with_splits
from groove.core.store import Store
from groove.core.tables import enforce
from groove.midi import versions
from groove.midi.content import content_hash
from groove.midi.meter import (
    bar_grid,
    in_meter,
    main_meter,
    main_tempo,
    meter_of,
    resolve_tempo,
)
from groove.midi.notes import MidiLimits, read_midi
from groove.midi.song import Song
from groove.midi.spec import LoopIndexSpec, SongIndexSpec
from groove.midi.tables import LOOP_INDEX, SONG_INDEX

VERSION = "3"

_NO_METER = (
    "states no time signature before its first note, so its bars are unknown: add the event in a "
    "MIDI editor, say it in a side-car (time_signature: 4/4), or set default_meter (--beats-per-bar)"
)

#: Bins of the vocals' heat, and the words for intensity.
MAX_HEAT = 15
INTENSITIES = ("low", "mid", "high")

#: How far ahead of its beat a note may be played and still belong to it, in beats.
EARLY_BEATS = 1 / 8


def index_song(
    item: Mapping[str, Any], spec: SongIndexSpec, store: Store
) -> Iterator[dict[str, Any]]:
    """Yield the ``song_index`` row of one MIDI file, without duplicates and split.

    Raises
    ------
    InputError
        An audio file, or no time signature.
    MidiError
        As :func:`groove.midi.notes.read_midi`.
    """
    if item["format"] != "midi":
        raise InputError("a song is a MIDI file; give audio as kind tracks")
    song = _read(
        item, store, MidiLimits(max_notes=spec.max_notes, max_duration_s=spec.max_duration_s)
    )
    yield {
        **_provenance(item),
        "duration_s": song.duration_s,
        "tempo_bpm": main_tempo(song),
        "tempo_changes": int(np.count_nonzero(np.diff(song.tempo_bpm))),
        "meter": main_meter(song),
        "meter_changes": _meter_changes(song),
        "explicit_meter": song.explicit_meter,
        "bars": bar_grid(song).bars,
        "notes": song.n,
        "drum_notes": int(song.drum.sum()),
        "uniq_pitches": _unique_pitches(song),
        "content_hash": content_hash(song),
        "melody": versions.signature(song),
    }


def index_loop(
    item: Mapping[str, Any], spec: LoopIndexSpec, store: Store
) -> Iterator[dict[str, Any]]:
    """Yield the ``loop_index`` row of one loop, MIDI or audio, without duplicates and split.

    Raises
    ------
    InputError
        As :func:`loop_song`.
    MidiError, AudioError
        As :func:`groove.midi.notes.read_midi` and :func:`groove.audio.waveform.read_audio`.
    """
    measured = _audio_loop(item, spec, store) if item["format"] == "audio" else None
    if measured is None:
        measured = _midi_loop(item, spec, store)
    usable = (
        measured["bars"] >= spec.min_bars
        and measured["tempo_source"] != "skipped"
        and not (spec.exclude_fills and item["is_fill"])
    )
    drum_notes, pitched_notes = measured.pop("drum_notes"), measured.pop("pitched_notes")
    drums_wanted = spec.drum_only or not spec.pitched_only
    pitches_wanted = spec.pitched_only or not spec.drum_only
    yield {
        **_provenance(item),
        **{name: item[name] for name in ("format", "bytes", "is_fill", "style", "feel", "section")},
        **condition_tags(item),
        **measured,
        "tempo_injected": measured["tempo_source"] in ("fallback", "injected"),
        "notes": drum_notes + pitched_notes,
        "drum": drum_notes > 0,
        "keep_drum": usable and drums_wanted and drum_notes >= max(spec.min_notes, 1),
        "keep_pitched": usable and pitches_wanted and pitched_notes >= max(spec.min_notes, 1),
    }


def condition_tags(item: Mapping[str, Any]) -> dict[str, str | None]:
    """Return heat, intensity and density of a ``raw_files`` row, from its tags.

    ``heat_bin`` is another word for heat. A heat outside 0..15 and an intensity that is none of
    low, mid and high say nothing.
    """
    about = json.loads(item["tags_json"]) if item.get("tags_json") else {}
    heat = str(about.get("heat", about.get("heat_bin", ""))).strip()
    intensity = str(about.get("intensity", "")).strip().lower()
    density = str(about.get("density", "")).strip().lower()
    known_heat = heat.isascii() and heat.isdigit() and len(heat) <= 2 and int(heat) <= MAX_HEAT
    return {
        "heat": str(int(heat)) if known_heat else None,
        "intensity": intensity if intensity in INTENSITIES else None,
        "density": density or None,
    }


def loop_bars(song: Song) -> float:
    """Return how many bars a loop fills, counted in whole beats from tick 0.

    A beat is filled when a note starts in it (up to an eighth of a beat early) or a pitched note
    still sounds in it: the length of a drum note means nothing.

    >>> from groove.midi.song import song_from_notes
    >>> loop_bars(song_from_notes([0, 1, 2, 2.95], 0.1, 36, 90, 0, True, [(0, 120)], [(0, 4, 4)]))
    1.0
    """
    grid = bar_grid(song)
    numbers = np.arange(grid.bars + 1)

    def beats_at(tick: float) -> tuple[int, float, int]:
        bars = float(np.interp(tick, grid.bar_start_tick, numbers))
        whole = min(int(bars), grid.bars - 1)
        numerator = int(grid.numerator[whole])
        return whole, (bars - whole) * numerator, numerator

    whole, beats, numerator = beats_at(float(song.start_tick[-1]))
    filled = whole + (math.floor(beats + EARLY_BEATS) + 1) / numerator
    if not song.drum.all():
        whole, beats, numerator = beats_at(float(song.end_tick[~song.drum].max()))
        filled = max(filled, whole + math.ceil(beats - EARLY_BEATS) / numerator)
    return round(filled, 6)


def finish_songs(index: pd.DataFrame, raw_files: pd.DataFrame, spec: SongIndexSpec) -> pd.DataFrame:
    """Return ``song_index`` with duplicates by content, split groups and splits.

    Versions of a song (:mod:`groove.midi.versions`) are in one split group.
    """
    if not len(index):
        return SONG_INDEX.empty()
    content = index["content_hash"].tolist()
    related = versions.families([np.asarray(melody) for melody in index["melody"]])
    table = with_splits(index, raw_files, content, spec.validation, spec.test, spec.salt, related)
    return enforce(table, SONG_INDEX)


def finish_loops(index: pd.DataFrame, raw_files: pd.DataFrame, spec: LoopIndexSpec) -> pd.DataFrame:
    """Return ``loop_index`` with duplicates by content, split groups and splits.

    MIDI loops are compared by content hash, audio loops by signature: the same take as WAV and
    as MP3 is one loop.
    """
    from groove.audio.signature import same_content

    if not len(index):
        return LOOP_INDEX.empty()
    audio = (index["format"] == "audio").to_numpy()
    content = index["content_hash"].to_numpy(dtype=object, copy=True)
    if audio.any():
        clusters = same_content([np.asarray(s) for s in index.loc[audio, "signature"]])
        content[audio] = [f"audio {cluster}" for cluster in clusters]
    table = with_splits(index, raw_files, content.tolist(), spec.validation, spec.test, spec.salt)
    return enforce(table, LOOP_INDEX)


def _midi_loop(item: Mapping[str, Any], spec: LoopIndexSpec, store: Store) -> dict[str, Any]:
    song, meter_source = loop_song(item, spec, store)
    tempo_bpm, tempo_source = resolve_tempo(
        song,
        spec.tempo_policy,
        low_bpm=spec.min_bpm,
        high_bpm=spec.max_bpm,
        fallback_bpm=spec.fallback_bpm,
        fold=spec.fold_halves,
        inject_bpm=spec.inject_default_tempo,
    )
    drum_notes = int(song.drum.sum())
    return {
        "duration_s": song.duration_s,
        "tempo_bpm": main_tempo(song) if tempo_bpm is None else tempo_bpm,
        "tempo_source": tempo_source,
        "meter": main_meter(song),
        "meter_source": meter_source,
        "bars": loop_bars(song),
        "drum_notes": drum_notes,
        "pitched_notes": song.n - drum_notes,
        "uniq_pitches": _unique_pitches(song),
        "content_hash": content_hash(song),
        "signature": None,
    }


def loop_song(
    item: Mapping[str, Any], spec: LoopIndexSpec, store: Store
) -> tuple[Song, Literal["file", "manifest", "default"]]:
    """Return the notes of a MIDI loop in its meter, and where that meter comes from.

    Raises
    ------
    InputError
        If it states no meter, nor do its tags, and the settings have no default.
    MidiError
        As :func:`groove.midi.notes.read_midi`.
    """
    limits = MidiLimits(max_duration_s=spec.max_duration_s)
    song = read_midi(store.read_raw(item["path"]), limits)
    if song.explicit_meter:
        return song, "file"
    about = json.loads(item["tags_json"]) if item.get("tags_json") else {}
    for name in ("meter", "time_signature"):
        if meter_of(about.get(name)) is not None:
            return in_meter(song, about[name]), "manifest"
    if not spec.default_meter:
        raise InputError(_NO_METER)
    return in_meter(song, spec.default_meter), "default"


def _audio_loop(item: Mapping[str, Any], spec: LoopIndexSpec, store: Store) -> dict[str, Any]:
    from groove.audio.inventory import measure_loop

    return measure_loop(
        item,
        store,
        low_bpm=spec.audio_min_bpm,
        high_bpm=spec.audio_max_bpm,
        max_duration_s=spec.max_duration_s,
    )


def _read(item: Mapping[str, Any], store: Store, limits: MidiLimits) -> Song:
    song = read_midi(store.read_raw(item["path"]), limits)
    if not song.explicit_meter:
        raise InputError(_NO_METER)
    return song


def _provenance(item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: item[name] for name in ("path", "sha256", "source", "license")}


def _meter_changes(song: Song) -> int:
    meters = zip(song.meter_numerator, song.meter_denominator, strict=True)
    return sum(a != b for a, b in itertools.pairwise(meters))


def _unique_pitches(song: Song) -> int:
    return len(np.unique(song.pitch.astype(np.int64) + 128 * song.drum))
