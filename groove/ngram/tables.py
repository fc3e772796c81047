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
        Column(
            "swing",
            "float",
            "Where off-beat eighths of the loop lie, as a fraction of the quarter: 0.5 is "
            "straight, 0.667 triplet swing; empty without any, and in compound meters",
            nullable=True,
            at_least=0,
            at_most=1,
        ),
        Column("style", "string", "Style of the loop, sub-style left out", nullable=True),
        Column("feel", "string", "Feel of the loop", nullable=True),
        Column("section", "string", "Section of a song that the loop is for", nullable=True),
        Column("heat", "string", "Bin of the vocals' heat, 0 to 15", nullable=True),
        Column("intensity", "string", "Intensity: low, mid or high", nullable=True),
        Column("density", "string", "Density as the loop's tags say", nullable=True),
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
            "merged_hits",
            "int",
            "Hits on the same key and tick as another; they are kept",
            at_least=0,
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
    doc="Counts of steps after contexts of one order, of one condition and meter of the training split",
    columns=(
        KEY,
        Column(
            "chain", "string", "Chain of context features; see groove.ngram.language.context.CHAINS"
        ),
        Column("order", "int", "How many features of the chain", at_least=0),
        Column(
            "condition", "string", "Tags of the loops, as style=funk&fill=no; empty: every loop"
        ),
        Column("meter", "string", "Numerator/denominator"),
        Column("part", "int", "Part of a long list, from 0", at_least=0),
        Column("ngrams", "int", "Different (context, step) pairs: the lists' length", at_least=0),
        Column("events", "int", "Steps counted in this part", at_least=0),
        Column("pruned", "int", "Steps of n-grams that are too rare to be listed", at_least=0),
        Column("parents", "ints", "Per n-gram: context of the order below, by its rank"),
        Column("features", "ints", "Per n-gram: the feature that this order adds"),
        Column("symbols", "ints", "Per n-gram: the step's set of labels", at_least=0),
        Column("counts", "ints", "Per n-gram: occurrences", at_least=1),
        Column("weights", "floats", "Per n-gram: occurrences weighted by loop length", at_least=0),
        Column(
            "continuations",
            "ints",
            "Per n-gram: n-grams one feature longer that it is part of, also those too rare to be "
            "listed; empty where nothing is pruned, and at the highest order",
            at_least=0,
        ),
    ),
    unique=("chain", "order", "condition", "meter", "part"),
)

GROOVE_MODEL = Table(
    name="groove_model",
    doc="The trained groove model: one row; the blob is one Parquet file with JSON in its schema",
    columns=MODEL,
)

GROOVE_RNN = Table(
    name="groove_rnn",
    doc="The recurrent network over the same steps: one row; the blob is one safetensors file",
    columns=MODEL,
)

GROOVE_SAMPLES = Table(
    name="groove_samples",
    doc="One groove drawn from the model",
    columns=(
        KEY,
        Column("model_id", "string", "Model that it was drawn from"),
        Column("condition", "string", "Tags asked for, as style=funk; empty for any"),
        Column("number", "int", "Number within the condition", at_least=0),
        Column("seed", "int", "Seed of this sample", at_least=0),
        Column("attempts", "int", "Draws until one was no whole copy", at_least=1),
        Column("bars", "int", "Bars", at_least=1),
        Column("meter", "string", "Numerator/denominator"),
        Column("quarters", "float", "Length of a bar in quarter notes", at_least=0),
        Column("resolution", "int", "Steps per quarter note", at_least=1),
        Column("tempo_bpm", "float", "Tempo written, in quarters a minute", at_least=1),
        Column("temperature", "float", "Temperature of the draws", at_least=0),
        Column("remarks", "string", "What else was done or not done of what was asked for"),
        Column("steps", "int", "Steps", at_least=1),
        Column("hits", "int", "Hits", at_least=0),
        Column("hits_per_bar", "float", "Hits per bar", at_least=0),
        Column("filled_share", "float", "Share of steps with a hit", at_least=0, at_most=1),
        Column(
            "density",
            "float",
            "Mean of min(hits / 16, 1) over bars",
            nullable=True,
            at_least=0,
            at_most=1,
        ),
        Column(
            "swing",
            "float",
            "Distance of the mean off-beat from triplet swing: |place in the beat - 2/3| / 0.1",
            nullable=True,
            at_least=0,
        ),
        Column("mean_velocity", "float", "Mean velocity", nullable=True, at_least=1, at_most=127),
        Column(
            "velocity_variance",
            "float",
            "Variance of velocity over the largest possible, 127 squared over 4",
            nullable=True,
            at_least=0,
        ),
        Column("symbols", "ints", "Per step: set of drum labels, as in groove_events", at_least=0),
        Column("hit_step", "ints", "Per hit: step in the groove", at_least=0),
        Column("hit_label", "ints", "Per hit: label, by its place in the taxonomy", at_least=0),
        Column("hit_velocity", "ints", "Per hit: velocity", at_least=1, at_most=127),
        Column("hit_offset_ticks", "floats", "Per hit: ticks after its step, 480 to the quarter"),
        Column(
            "verbatim_steps", "int", "Longest run of steps found in a training loop", at_least=0
        ),
        Column(
            "verbatim_share", "float", "The same as a share of the sample", at_least=0, at_most=1
        ),
        Column("verbatim_hits", "int", "Most hits of a run found in a training loop", at_least=0),
        Column("verbatim_loops", "int", "How many training loops that run stands in", at_least=0),
        Column("verbatim_path", "string", "Training loop that it is found in", nullable=True),
        Column("verbatim_license", "string", "Licence of that loop", nullable=True),
        Column(
            "single_hits", "int", "Most hits of a run found in one training loop only", at_least=0
        ),
        Column("single_path", "string", "Training loop that it is found in", nullable=True),
        Column("single_license", "string", "Licence of that loop", nullable=True),
        Column("licenses", "string", "Licences of the model's training data"),
        Column("blob", "string", "MIDI file, in the blob store"),
        Column("bytes", "int", "Size of the MIDI file", at_least=1),
    ),
    unique=("condition", "number"),
)

GROOVE_EVALUATION = Table(
    name="groove_evaluation",
    doc="What is measured of the groove model on the test split: one row",
    columns=(
        KEY,
        Column("model_id", "string", "Model that was measured"),
        Column("loops", "int", "Held-out loops", at_least=1),
        Column("bars", "int", "Held-out bars", at_least=1),
        Column("bits_per_bar", "float", "Bits per bar, empty steps included", at_least=0),
        Column("bits_per_hit", "float", "The same by hits", nullable=True, at_least=0),
        Column("bits_per_event", "float", "The same by steps", at_least=0),
        Column(
            "perplexity_16x13",
            "float",
            "On 16 steps and 13 labels, per hit; empty without bars of 4/4",
            nullable=True,
            at_least=1,
        ),
        Column(
            "reference_perplexity_16x13",
            "float",
            "The same of modified Kneser-Ney of order 6 on the same training loops",
            nullable=True,
            at_least=1,
        ),
        Column("bits_per_bar_16x13", "float", "Bits per bar there", nullable=True, at_least=0),
        Column(
            "reference_bits_per_bar_16x13",
            "float",
            "The same of the reference",
            nullable=True,
            at_least=0,
        ),
        Column(
            "sum_to_one_max_error",
            "float",
            "Largest difference from 1 of the probabilities of all outcomes of a step",
            nullable=True,
            at_least=0,
        ),
        Column("memorised_max_hits", "int", "Hits of the longest verbatim run", at_least=0),
        Column("memorised_file", "string", "Training loop that it stands in", nullable=True),
        Column("memorised_license", "string", "Licence of that loop", nullable=True),
        Column(
            "copied_share",
            "float",
            "Share of drawn grooves with more hits in a run out of one training loop than 95 % of "
            "what people played, and than two bars; empty without held-out loops as long as they",
            nullable=True,
            at_least=0,
            at_most=1,
        ),
        Column("distance", "float", "Distance of drawn from held-out bars, in sd", nullable=True),
        Column("distance_low", "float", "Its 95 % interval, from", nullable=True),
        Column("distance_high", "float", "Its 95 % interval, to", nullable=True),
        Column("joint_distance", "float", "Energy distance of bars, 0 to 1", nullable=True),
        Column("senseless_distance", "float", "Distance of held-out bars shuffled", nullable=True),
        Column(
            "style_accuracy",
            "float",
            "Share of drawn grooves whose style a classifier of held-out loops names; empty with "
            "fewer than two styles",
            nullable=True,
            at_least=0,
            at_most=1,
        ),
        Column("style_accuracy_low", "float", "Its 95 % interval, from", nullable=True, at_least=0),
        Column(
            "style_chance",
            "float",
            "Chance, or what grooves drawn without asking for a style reach if that is more",
            nullable=True,
            at_least=0,
            at_most=1,
        ),
        Column("report_json", "string", "All figures"),
    ),
    unique=("model_id",),
)

GROOVE_SEARCH = Table(
    name="groove_search",
    doc="One trial of the search over settings: its distance from held-out grooves",
    columns=(
        KEY,
        Column("trial", "int", "Number of the trial", at_least=0),
        Column("order", "int", "Context features used", at_least=0),
        Column("smoothing", "string", "How counts became probabilities"),
        Column("temperature", "float", "Temperature drawn at", at_least=0),
        Column("top_p", "float", "Share of probability drawn from", at_least=0, at_most=1),
        Column("objective", "float", "total + joint + copied, on validation", at_least=0),
        Column("total", "float", "Mean Wasserstein distance, in standard deviations", at_least=0),
        Column("total_low", "float", "Lower end of its 95 % interval"),
        Column("total_high", "float", "Upper end of its 95 % interval"),
        Column("joint", "float", "Energy distance of whole bars", at_most=1),
        Column(
            "copied",
            "float",
            "Share of bars that one training loop alone has, beyond that of held-out people",
            at_least=0,
            at_most=1,
        ),
        Column("is_best", "bool", "Whether it has the least objective"),
        Column("is_default", "bool", "Whether it is the setting without a search"),
        Column(
            "test_objective",
            "float",
            "The same on the test split, of the default and the best setting alone",
            nullable=True,
        ),
        Column("run_id", "string", "Run at the tracker", volatile=True),
    ),
    unique=("trial",),
)

TABLES = (
    GROOVE_EVENTS,
    GROOVE_NGRAMS,
    GROOVE_MODEL,
    GROOVE_RNN,
    GROOVE_SAMPLES,
    GROOVE_EVALUATION,
    GROOVE_SEARCH,
)
