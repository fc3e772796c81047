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
        Column("version", "int", "Number of the render of the song; 0 is as written", at_least=0),
        Column("mix", "strings", "What is not as written: gains, programs, room"),
        Column("seconds", "float", "Length of the audio, s", at_least=0),
        Column("sample_rate", "int", "Of the audio, Hz", at_least=1),
        Column("loudness_lufs", "float", "Integrated loudness (ITU-R BS.1770-4), LUFS"),
        Column("tempo_bpm", "float", "Tempo of most of the song, quarters per minute", at_least=0),
        Column("meter", "string", "Meter of most of the song"),
        Column("bar_start_s", "floats", "Bar starts, s; the last one closes the last bar"),
        Column("beats_per_bar", "ints", "Beats of each bar, if it is a whole one", at_least=1),
        Column("beat_s", "floats", "Beats that listeners move to, s", at_least=0),
        Column("beat_in_bar", "ints", "Number of each beat in its bar; 1 = downbeat", at_least=1),
        Column("hit_s", "floats", "Drum hits at playback rate 1.0, s", at_least=0),
        Column("hit_note", "ints", "MIDI note of each drum hit", at_least=0, at_most=127),
        Column("hit_velocity", "ints", "Velocity of each drum hit", at_least=1, at_most=127),
        *SPLIT,
        Column("audio", "string", "FLAC, mono, in the blob store"),
    ),
    unique=("path", "soundfont", "version"),
)

PHASE_CHUNKS = Table(
    "phase_chunks",
    "A cut of a render at a playback rate, with the bar phase of each frame",
    (
        KEY,
        *PROVENANCE,
        Column("soundfont", "string", "Name of the soundfont"),
        Column("version", "int", "Number of the render of the song; 0 is as written", at_least=0),
        Column(
            "playing", "int", "Number of the playing of the render; 0 is as written", at_least=0
        ),
        Column("chunk", "int", "Number of the chunk in its playing", at_least=0),
        Column(
            "tempo_plan",
            "string",
            "Whether the playback rate stays, or jumps and ramps",
            one_of=("steady", "wandering"),
        ),
        Column(
            "rate",
            "float",
            "Playback rate, 1.0 is as written; the mean of the playing where it wanders",
            at_least=0.1,
            at_most=10,
        ),
        Column("effects", "strings", "What was done to the sound, in order; empty: nothing"),
        Column("start_s", "float", "Start in the song as played, s", at_least=0),
        Column("end_s", "float", "End of the song's audio in the chunk, likewise, s", at_least=0),
        Column("song_s", "float", "Length of the song as played, s", at_least=0),
        Column("seconds", "float", "Length of the chunk, silence at its end included, s"),
        Column("sample_rate", "int", "Of the audio, Hz", at_least=1),
        Column("meter", "string", "Meter of most of the song"),
        Column("beats_per_bar", "int", "Beats per bar of most of the chunk", at_least=1),
        Column("bar_start_s", "floats", "Bar starts around the chunk, s from its start"),
        Column(
            "beat_s",
            "floats",
            "Beats that listeners move to, in the chunk, s from its start",
            at_least=0,
        ),
        Column(
            "phase",
            "float32s",
            "Bar phase at 50 frames a second; null outside every bar",
            at_least=0,
            at_most=1,
        ),
        *SPLIT,
        Column("audio", "string", "FLAC or Ogg Vorbis, mono, in the blob store"),
        Column("audio_bytes", "int", "Size of the audio", at_least=1),
    ),
    unique=("path", "soundfont", "version", "playing", "chunk"),
)

PHASE_FEATURES = Table(
    "phase_features",
    "Band levels and phases of a chunk, as a row of arrays that training maps into memory",
    (
        KEY,
        *PROVENANCE,
        Column("soundfont", "string", "Name of the soundfont"),
        Column("chunk", "int", "Number of the chunk in its song and rate", at_least=0),
        Column("rate", "float", "Playback rate; 1.0 is as written", at_least=0.1, at_most=10),
        Column("seconds", "float", "Length of the chunk, s", at_least=0),
        Column("meter", "string", "Meter of most of the song"),
        Column("beats_per_bar", "int", "Beats in most bars of the chunk", at_least=1),
        Column("tempo_bpm", "float", "Median of the beats in the chunk, per minute", nullable=True),
        Column("low_bands", "int", "Bands of the long window", at_least=1),
        Column("high_bands", "int", "Bands of the short window", at_least=1),
        Column("memory_s", "float", "Time constant of the mean level, s", at_least=0),
        *SPLIT,
        Column("levels", "string", "npy, float16 (chunks, frames, bands), in the blob store"),
        Column("phases", "string", "npy, float32 (chunks, labels, 2): in the bar, in the beat"),
        Column("place", "int", "Row of the chunk in both arrays", at_least=0),
    ),
    unique=("path", "soundfont", "rate", "chunk"),
)

PHASE_MODEL = Table(
    "phase_model",
    "A trained bar-phase network",
    (
        *MODEL,
        Column("network", "string", "Its kind", one_of=("bar_pointer", "phase_tcn")),
        Column("released", "bool", "Whether it is to be used, not only compared with"),
    ),
    unique=("network",),
)

PHASE_EVALUATION = Table(
    "phase_evaluation",
    "What one tracker made of one test chunk at one anticipation; the worst first",
    (
        KEY,
        *PROVENANCE,
        Column("soundfont", "string", "Name of the soundfont"),
        Column("chunk", "int", "Number of the chunk in its song and rate", at_least=0),
        Column("rate", "float", "Playback rate", at_least=0.1, at_most=10),
        Column("start_s", "float", "Start of the chunk in the song, s", at_least=0),
        *SPLIT,
        Column("audio", "string", "The chunk's FLAC, in the blob store"),
        Column("meter", "string", "Meter as written, or changes if it does within the chunk"),
        Column("tempo_bpm", "float", "Beats per minute", nullable=True, at_least=0),
        Column("tracker", "string", "Network, or librosa_counted: its beats, every fourth a bar"),
        Column("model_id", "string", "Of the network; empty for other trackers"),
        Column("anticipation_s", "float", "How far ahead was asked, s", at_least=0, at_most=0.5),
        Column("phase_loss", "float", "Mean of 1 - cos of the error; chance is 1", at_least=0),
        Column("phase_error_ms_median", "float", "Median phase error, ms", at_least=0),
        Column("phase_error_ms_p90", "float", "90th percentile of it, ms", at_least=0),
        Column("phase_error_bars_median", "float", "Median, bars", at_least=0, at_most=0.5),
        Column("phase_error_bars_p90", "float", "90th percentile, bars", at_least=0, at_most=0.5),
        Column(
            "downbeat_f",
            "float",
            "F-measure of downbeats within 70 ms; null if there is none to find",
            nullable=True,
            at_least=0,
            at_most=1,
        ),
        Column("beat_f", "float", "The same of beats", nullable=True, at_least=0, at_most=1),
        Column(
            "confidence",
            "float",
            "Mean of what the tracker thinks of itself; null if it does not",
            nullable=True,
            at_least=0,
            at_most=1,
        ),
        Column("scored_frames", "int", "Frames behind loss and error", at_least=1),
        Column("unscored_s", "float", "Start of the chunk that is not scored, s", at_least=0),
        Column("bar_start_s", "floats", "Bar starts around the chunk, s from its start"),
        Column("phase", "float32s", "Phase said at the end of each 20 ms frame, bars"),
        Column("frame_confidence", "float32s", "Confidence at each frame"),
    ),
    unique=("path", "soundfont", "rate", "chunk", "tracker", "anticipation_s"),
)

PHASE_CHECKS = Table(
    "phase_checks",
    "One thing that a bar-phase model must stand, and how it stood it",
    (
        KEY,
        Column("model_id", "string", "The trained model's id, as in phase_model"),
        Column(
            "check",
            "string",
            "parity: largest difference from the whole-file torch model; bad_audio: largest "
            "confidence from 3 s after the last beat on; finite: share of figures that are "
            "numbers; speed: median time of a frame on one core; released: of the model that is "
            "shipped",
            one_of=("parity", "bad_audio", "finite", "speed", "released"),
        ),
        Column("case", "string", "Runtime, signal, or figure"),
        Column("value", "float", "What was found", nullable=True, at_least=0, volatile=True),
        Column("unit", "string", "Its unit; empty for a ratio"),
        Column("note", "string", "Why nothing was found, if nothing was"),
    ),
    unique=("model_id", "check", "case"),
)

TABLES = (SONG_RENDERS, PHASE_CHUNKS, PHASE_FEATURES, PHASE_MODEL, PHASE_EVALUATION, PHASE_CHECKS)
