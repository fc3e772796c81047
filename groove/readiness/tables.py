"""Contracts of the release tables.

What belongs here: what a health figure, a gate row and a released file look like. What does
not: how they are computed.
"""

from __future__ import annotations

from groove.core.tables import Column, Table

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

TABLES = (DATASET_HEALTH, READINESS, RELEASE_BUNDLE)
