"""The tables of bar phase.

What belongs here: contracts. What does not: how rows come about.
"""

from __future__ import annotations

from groove.core.columns import KEY, MODEL, PROVENANCE, SPLIT
from groove.core.tables import Column, Table

SONG_RENDERS = Table(
    "song_renders",
    "A song played by a soundfont, with its exact bars, beats and drum hits",
    (
        KEY,
        *PROVENANCE,
        Column("soundfont", "string", "Name of the soundfont"),
        Column("seconds", "float", "Length of the audio, s", at_least=0),
        Column("sample_rate", "int", "Of the audio, Hz", at_least=1),
        Column("loudness_lufs", "float", "Integrated loudness (ITU-R BS.1770-4), LUFS"),
        Column("tempo_bpm", "float", "Tempo of most of the song, quarters per minute", at_least=0),
        Column("meter", "string", "Meter of most of the song"),
        Column("bar_start_s", "floats", "Bar starts, s; the last one closes the last bar"),
        Column("beats_per_bar", "ints", "Numerator of each bar's meter", at_least=1),
        Column("beat_s", "floats", "Beats (denominator units), s", at_least=0),
        Column("beat_in_bar", "ints", "Number of each beat in its bar; 1 = downbeat", at_least=1),
        Column("hit_s", "floats", "Drum hits at playback rate 1.0, s", at_least=0),
        Column("hit_note", "ints", "MIDI note of each drum hit", at_least=0, at_most=127),
        Column("hit_velocity", "ints", "Velocity of each drum hit", at_least=1, at_most=127),
        *SPLIT,
        Column("audio", "string", "FLAC, mono, in the blob store"),
    ),
    unique=("path", "soundfont"),
)

PHASE_CHUNKS = Table(
    "phase_chunks",
    "A cut of a render at a playback rate, with the bar phase of each frame",
    (
        KEY,
        *PROVENANCE,
        Column("soundfont", "string", "Name of the soundfont"),
        Column("chunk", "int", "Number of the chunk in its song and rate", at_least=0),
        Column("rate", "float", "Playback rate; 1.0 is as written", at_least=0.1, at_most=10),
        Column("start_s", "float", "Start in the song as played at the rate, s", at_least=0),
        Column("end_s", "float", "End of the song's audio in the chunk, likewise, s", at_least=0),
        Column("song_s", "float", "Length of the song as played at the rate, s", at_least=0),
        Column("seconds", "float", "Length of the chunk, silence at its end included, s"),
        Column("sample_rate", "int", "Of the audio, Hz", at_least=1),
        Column("meter", "string", "Meter of most of the song"),
        Column("beats_per_bar", "int", "Numerator of most of the chunk", at_least=1),
        Column("bar_start_s", "floats", "Bar starts around the chunk, s from its start"),
        Column("beat_s", "floats", "Beats in the chunk, s from its start", at_least=0),
        Column(
            "phase",
            "float32s",
            "Bar phase at 50 frames a second; null outside every bar",
            at_least=0,
            at_most=1,
        ),
        *SPLIT,
        Column("audio", "string", "FLAC, mono, in the blob store"),
    ),
    unique=("path", "soundfont", "rate", "chunk"),
)

PHASE_TCN = Table("phase_tcn", "A trained bar-phase network", MODEL)

TABLES = (SONG_RENDERS, PHASE_CHUNKS, PHASE_TCN)
