"""Contracts of the MIDI index tables.

What belongs here: what a row of ``song_index`` and ``loop_index`` promises. What does not:
how it is measured (:mod:`groove.midi.inventory`).
"""

from __future__ import annotations

from groove.core.columns import DUPLICATE, KEY, PROVENANCE, SPLIT
from groove.core.inputs import FORMATS
from groove.core.tables import Column, Table

#: Where a loop's tempo comes from; see :func:`groove.midi.meter.resolve_tempo` for MIDI and
#: :mod:`groove.audio.tempo` for audio.
TEMPO_SOURCES = (
    "file",
    "folded",
    "fallback",
    "accepted",
    "skipped",
    "injected",
    "manifest",
    "duration",
)
#: Where a loop's meter comes from: its events, its tags or manifest, or the default.
METER_SOURCES = ("file", "manifest", "default")

SONG_INDEX = Table(
    "song_index",
    "One row per readable MIDI song.",
    (
        KEY,
        *PROVENANCE,
        Column("duration_s", "float", "Seconds from the start to the last note's end", at_least=0),
        Column("tempo_bpm", "float", "Tempo that most of the time is played at", at_least=0),
        Column("tempo_changes", "int", "How often the tempo changes", at_least=0),
        Column("meter", "string", "Meter that most of the song is in, such as 6/8"),
        Column("meter_changes", "int", "How often the meter changes", at_least=0),
        Column("explicit_meter", "bool", "Whether the file states its meter"),
        Column("bars", "int", "Bars of its bar grid", at_least=1),
        Column("notes", "int", "Notes of all parts", at_least=1),
        Column("drum_notes", "int", "Notes on the drum channel", at_least=0),
        Column("uniq_pitches", "int", "Different pitches and drum keys", at_least=1),
        Column("content_hash", "string", "Hash of onsets and pitches from the first onset on"),
        Column("melody", "ints", "MinHash of the melodies; empty: too little melody to tell"),
        DUPLICATE,
        *SPLIT,
    ),
    unique=("path",),
)

LOOP_INDEX = Table(
    "loop_index",
    "The loop inventory: one row per readable loop, MIDI or audio.",
    (
        KEY,
        *PROVENANCE,
        Column("format", "string", "What the file is", one_of=FORMATS),
        Column("duration_s", "float", "Length as the file plays, seconds", at_least=0),
        Column("bytes", "int", "File size in bytes", at_least=0),
        Column("tempo_bpm", "float", "Tempo to use it at", at_least=0),
        Column("tempo_source", "string", "Where that tempo comes from", one_of=TEMPO_SOURCES),
        Column("tempo_injected", "bool", "Whether the settings say it, which the file never did"),
        Column("meter", "string", "Meter that most of it is in, such as 6/8"),
        Column("meter_source", "string", "Where that meter comes from", one_of=METER_SOURCES),
        Column("bars", "float", "Length in bars, up to the last beat that is played", at_least=0),
        Column("notes", "int", "Notes; in audio, onsets", at_least=0),
        Column("uniq_pitches", "int", "Different pitches and drum keys; in audio 0", at_least=0),
        Column("drum", "bool", "Whether it has drums"),
        Column("is_fill", "bool", "Whether it is a fill"),
        Column("keep_drum", "bool", "Whether its drums pass the filters"),
        Column("keep_pitched", "bool", "Whether its pitched part passes the filters"),
        Column("style", "string", "Musical style", nullable=True),
        Column("feel", "string", "Feel of the performance", nullable=True),
        Column("section", "string", "Part of a song that it is meant for", nullable=True),
        Column("heat", "string", "Bin of the vocals' heat, 0 to 15", nullable=True),
        Column("intensity", "string", "Intensity: low, mid or high", nullable=True),
        Column("density", "string", "Density as the tags say", nullable=True),
        Column("content_hash", "string", "Hash of onsets and pitches, or of the samples"),
        Column("signature", "float32s", "Fingerprint of an audio loop", nullable=True),
        DUPLICATE,
        *SPLIT,
    ),
    unique=("path",),
)

TABLES = (SONG_INDEX, LOOP_INDEX)
