"""Contracts of the release tables.

What belongs here: what a health figure, a hit near a window's edge, a gate row and a released file
look like. What does not: how they are computed.
"""

from __future__ import annotations

from groove.core.columns import KEY, SPLIT
from groove.core.tables import Column, Table
from groove.midi.taxonomy import CLASSES

DATASET_HEALTH = Table(
    "dataset_health",
    "One figure about the input: counts, shares and hours, by table, measure and label.",
    (
        Column("subject", "string", "Table that the figure is about"),
        Column("measure", "string", "What is measured"),
        Column("label", "string", "Class, split, licence or stage; empty for the whole table"),
        Column("value", "float", "The figure"),
    ),
    unique=("subject", "measure", "label"),
)

DRUM_BOUNDARY_PACK = Table(
    "drum_boundary_pack",
    "A hit of a test song near the edge of a streaming window; one row per hit, window and edge.",
    (
        KEY,
        Column("sample_id", "string", "The event"),
        Column("session_id", "string", "The song: one stream"),
        Column("kit_id", "string", "Kit that was played; the soundfont, for a rendered song"),
        Column("path", "string", "Source file of the song"),
        Column("blob", "string", "Its audio, in the blob store"),
        Column("label", "string", "Class that was struck", one_of=CLASSES),
        Column("onset_s", "float", "Start of the attack in the stream, s", at_least=0),
        Column("window_index", "int", "Window of the stream, from 0", at_least=0),
        Column("window_start_s", "float", "Its beginning, s"),
        Column("window_s", "float", "Its length, s", at_least=0),
        Column("edge", "string", "Which edge is near", one_of=("leading", "trailing")),
        Column("distance_s", "float", "How far the edge is, s", at_least=0),
        *SPLIT,
    ),
    unique=("sample_id", "label", "window_index", "edge"),
)

READINESS = Table(
    "readiness",
    "One gate: a measured value, its threshold and the verdict.",
    (
        Column("name", "string", "What is gated"),
        Column("stage", "string", "Table it was measured on"),
        Column("value", "float", "Measured value", nullable=True),
        Column("threshold", "float", "What the value is held against"),
        Column("direction", "string", "Side that passes", one_of=("at_least", "at_most")),
        Column("unit", "string", "Unit of value and threshold; empty for a ratio"),
        Column("count", "int", "Independent observations behind the value", nullable=True),
        Column("low", "float", "Lower end of the 95 % interval", nullable=True),
        Column("high", "float", "Upper end of the 95 % interval", nullable=True),
        Column("passed", "bool", "Whether the gate is green"),
        Column("inputs_json", "string", "Digest of each table the value was computed from"),
        Column("note", "string", "What is missing, or what would unblock it"),
        Column("waiver", "string", "Why a red gate does not block a release; empty: it does"),
    ),
    unique=("stage", "name"),
)

RELEASE_BUNDLE = Table(
    "release_bundle",
    "One released file.",
    (
        Column("file", "string", "Path inside the bundle"),
        Column("kind", "string", "model, card, loop, groove or report"),
        Column("stage", "string", "Table that it comes from"),
        Column("blob", "string", "Its content, in the blob store"),
        Column("bytes", "int", "Size", at_least=1),
        Column("license", "string", "Licence of the file, or of what it was made from"),
        Column("source", "string", "Data set or model that it comes from"),
    ),
    unique=("file",),
)

TABLES = (DATASET_HEALTH, DRUM_BOUNDARY_PACK, READINESS, RELEASE_BUNDLE)
