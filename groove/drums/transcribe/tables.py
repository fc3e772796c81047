"""The tables of transcription.

What belongs here: contracts. What does not: how rows come about.
"""

from __future__ import annotations

from groove.core.columns import KEY, MODEL, PROVENANCE, SPLIT
from groove.core.tables import Column, Table
from groove.midi.taxonomy import CLASSES

#: Where annotated sound is from: a rendered song, or a groove played through a kit.
ORIGINS = ("song", "kit")

DRUM_LEVELS = Table(
    "drum_levels",
    "Log-mel levels of a recording whose drum hits are known",
    (
        KEY,
        *PROVENANCE,
        Column("origin", "string", "A rendered song, or a groove through a kit", one_of=ORIGINS),
        Column("kit_id", "string", "The kit; the soundfont, for a rendered song"),
        Column("audio", "string", "The recording, in the blob store"),
        Column("seconds", "float", "Its length, s", at_least=0),
        Column("hit_s", "floats", "Start of each hit, s", at_least=0),
        Column("hit_class", "strings", "Class of each hit", one_of=CLASSES),
        Column("hit_velocity", "floats", "How hard, 0..1", at_least=0, at_most=1),
        Column("unknown_labels", "int", "Hits that the taxonomy has no label for", at_least=0),
        Column("level_spec_json", "string", "The settings that levels are made with"),
        Column("levels", "string", "npy, float16 (frames, mels), in the blob store"),
        *SPLIT,
    ),
    unique=("path", "kit_id", "audio"),
)

DRUM_TRANSCRIBER = Table("drum_transcriber", "A trained drum transcriber", MODEL)

DRUM_TRANSCRIPTIONS = Table(
    "drum_transcriptions",
    "How well hits are found in a recording of the test split, by the model and by heuristics",
    (
        KEY,
        *PROVENANCE,
        Column("origin", "string", "A rendered song, or a groove through a kit", one_of=ORIGINS),
        Column("kit_id", "string", "The kit; the soundfont, for a rendered song"),
        Column("audio", "string", "The recording, in the blob store"),
        Column("method", "string", "Who listened", one_of=("transcriber", "heuristic")),
        Column("model_id", "string", "The transcriber"),
        Column("seconds", "float", "Length of the recording, s", at_least=0),
        Column("struck", "int", "Hits in it", at_least=0),
        Column("found", "int", "Hits found", at_least=0),
        Column("onset_f", "float", "F-measure of onsets, 50 ms", at_least=0, at_most=1),
        Column("micro_f", "float", "F-measure of hits with their class", at_least=0, at_most=1),
        Column("class_struck", "ints", "Hits of each class, in the taxonomy's order", at_least=0),
        Column("class_found", "ints", "Found hits of each class", at_least=0),
        Column("class_right", "ints", "Of them right: in time, of the class", at_least=0),
        Column(
            "work_share",
            "float",
            "Seconds of one core per second of sound",
            at_least=0,
            volatile=True,
        ),
        *SPLIT,
    ),
    unique=("path", "kit_id", "audio", "method"),
)

TABLES = (DRUM_LEVELS, DRUM_TRANSCRIBER, DRUM_TRANSCRIPTIONS)
