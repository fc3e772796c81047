"""Contracts of the groove sampler's tables.

What belongs here: columns, units, bounds. What does not: how rows are made.
"""

from __future__ import annotations

from groove.core.columns import KEY, MODEL, PROVENANCE, SPLIT
from groove.core.tables import Column, Table

GROOVE_EVENTS = Table(
    name="groove_events",
    doc="One bar of a drum loop on its grid: every step, also the empty ones, and every hit",
    columns=(
        KEY,
        *PROVENANCE,
        Column("bar", "int", "Bar in the loop, from its first bar with a hit", at_least=0),
        Column("meter", "string", "Numerator/denominator of the bar"),
        Column("numerator", "int", "Beats of a bar", at_least=1),
        Column("denominator", "int", "Beat unit", at_least=1),
        Column("resolution", "int", "Steps per quarter note", at_least=1),
        Column("steps", "int", "Steps in this bar", at_least=1),
        Column("quarters", "float", "Length of this bar in quarter notes", at_least=0),
        Column("tempo_bpm", "float", "Tempo at the bar's start, in quarters a minute", at_least=1),
        Column("style", "string", "Style of the loop, sub-style left out", nullable=True),
        Column("feel", "string", "Feel of the loop", nullable=True),
        Column("section", "string", "Section of a song that the loop is for", nullable=True),
        Column("is_fill", "bool", "Whether the loop is tagged as a fill"),
        Column(
            "symbols",
            "ints",
            "Per step: set of drum labels, bit i for label i of the taxonomy",
            at_least=0,
        ),
        Column("hit_step", "ints", "Per hit: step in the bar", at_least=0),
        Column("hit_label", "ints", "Per hit: label, by its place in the taxonomy", at_least=0),
        Column("hit_velocity", "ints", "Per hit: velocity", at_least=1, at_most=127),
        Column("hit_offset_ticks", "floats", "Per hit: ticks after its step, 480 to the quarter"),
        Column(
            "unmapped_hits",
            "int",
            "Hits on keys without a label, taken as aux_percussion",
            at_least=0,
        ),
        Column(
            "merged_hits", "int", "Hits with the same label on the same tick as another", at_least=0
        ),
        Column(
            "lost_hits", "int", "Hits that a MIDI file made from the row does not have", at_least=0
        ),
        *SPLIT,
    ),
    unique=("key", "bar"),
)

GROOVE_NGRAMS = Table(
    name="groove_ngrams",
    doc="Counts of steps after contexts of one order, in one style and meter of the training split",
    columns=(
        KEY,
        Column(
            "chain", "string", "Chain of context features; see groove.ngram.language.context.CHAINS"
        ),
        Column("order", "int", "How many features of the chain", at_least=0),
        Column("style", "string", "Style; empty where it is not known"),
        Column("meter", "string", "Numerator/denominator"),
        Column("ngrams", "int", "Different (context, step) pairs: the lists' length", at_least=1),
        Column("events", "int", "Steps counted", at_least=1),
        Column("parents", "ints", "Per n-gram: context of the order below, by its rank"),
        Column("features", "ints", "Per n-gram: the feature that this order adds"),
        Column("symbols", "ints", "Per n-gram: the step's set of labels", at_least=0),
        Column("counts", "ints", "Per n-gram: occurrences", at_least=1),
        Column("weights", "floats", "Per n-gram: occurrences weighted by loop length", at_least=0),
    ),
    unique=("chain", "order", "style", "meter"),
)

GROOVE_MODEL = Table(
    name="groove_model",
    doc="The trained groove model: one row; the blob is one Parquet file with JSON in its schema",
    columns=MODEL,
)

GROOVE_SAMPLES = Table(
    name="groove_samples",
    doc="One groove drawn from the model",
    columns=(
        KEY,
        Column("model_id", "string", "Model that it was drawn from"),
        Column("style", "string", "Style asked for; empty for any"),
        Column("number", "int", "Number within the style", at_least=0),
        Column("seed", "int", "Seed of this sample", at_least=0),
        Column("attempts", "int", "Draws until one was no whole copy", at_least=1),
        Column("bars", "int", "Bars", at_least=1),
        Column("meter", "string", "Numerator/denominator"),
        Column("resolution", "int", "Steps per quarter note", at_least=1),
        Column("tempo_bpm", "float", "Tempo written, in quarters a minute", at_least=1),
        Column("temperature", "float", "Temperature of the draws", at_least=0),
        Column("steps", "int", "Steps", at_least=1),
        Column("hits", "int", "Hits", at_least=0),
        Column("hits_per_bar", "float", "Hits per bar", at_least=0),
        Column("filled_share", "float", "Share of steps with a hit", at_least=0, at_most=1),
        Column("mean_velocity", "float", "Mean velocity", nullable=True, at_least=1, at_most=127),
        Column("symbols", "ints", "Per step: set of drum labels, as in groove_events", at_least=0),
        Column(
            "verbatim_steps", "int", "Longest run of steps found in a training loop", at_least=0
        ),
        Column(
            "verbatim_share", "float", "The same as a share of the sample", at_least=0, at_most=1
        ),
        Column("verbatim_path", "string", "Training loop that the run is found in", nullable=True),
        Column("verbatim_license", "string", "Licence of that loop", nullable=True),
        Column("licenses", "string", "Licences of the model's training data"),
        Column("blob", "string", "MIDI file, in the blob store"),
        Column("bytes", "int", "Size of the MIDI file", at_least=1),
    ),
    unique=("style", "number"),
)

TABLES = (GROOVE_EVENTS, GROOVE_NGRAMS, GROOVE_MODEL, GROOVE_SAMPLES)
