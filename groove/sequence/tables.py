"""Contracts of the sequence tables."""

from __future__ import annotations

from groove.core.columns import KEY, MODEL, PROVENANCE, SPLIT
from groove.core.tables import Column, Table

TOKEN_CORPUS = Table(
    "token_corpus",
    "One song as tokens, with what decoding needs besides them and how exact the round trip is",
    (
        KEY,
        *PROVENANCE,
        *SPLIT,
        Column("tempo_bpm", "float", "Tempo of the song, quarter notes per minute", at_least=1),
        Column("meter", "string", "Meter of the song, such as 4/4"),
        Column("musical_key", "string", "Key by profile correlation, as A minor", nullable=True),
        Column(
            "key_correlation",
            "float",
            "Correlation of the key's profile with the pitch classes heard",
            nullable=True,
            at_least=-1,
            at_most=1,
        ),
        Column("bars", "int", "Bars", at_least=1),
        Column("notes", "int", "Notes written down", at_least=1),
        Column("left_out_notes", "int", "Notes of parts that the spec leaves out", at_least=0),
        Column("vocabulary_json", "string", "The vocabulary: grid, and what each token is worth"),
        Column("token_count", "int", "Tokens, BOS and EOS included", at_least=2),
        Column("tokens", "ints", "Token numbers", at_least=0, at_most=315),
        Column("bar_steps", "ints", "Grid step of each bar start; the last closes the last bar"),
        Column("tempo_map_quarters", "floats", "Where each tempo begins, in quarter notes"),
        Column("tempo_map_bpm", "floats", "Each tempo, in quarter notes per minute"),
        Column("meter_map_quarters", "floats", "Where each meter begins, in quarter notes"),
        Column("meter_map_numerators", "ints", "Each meter's numerator", at_least=1),
        Column("meter_map_denominators", "ints", "Each meter's denominator", at_least=1),
        Column("lost_notes", "int", "Notes that decoding does not give back", at_least=0),
        Column("onset_error_s", "float", "Largest onset error of the round trip", at_least=0),
        Column(
            "onset_error_steps", "float", "Largest onset error, in steps of the grid", at_least=0
        ),
        Column(
            "duration_error_ratio",
            "float",
            "Mean error of the notes' lengths over their length, or a step where that is more",
            at_least=0,
        ),
        Column("velocity_error", "int", "Largest velocity error", at_least=0, at_most=127),
    ),
    unique=("path",),
)

TOKEN_MARKOV = Table(
    "token_markov", "The n-gram baseline with its rhythm histogram: one row", MODEL
)

TOKEN_GRU = Table("token_gru", "The GRU over tokens: one row", MODEL)

TABLES = (TOKEN_CORPUS, TOKEN_MARKOV, TOKEN_GRU)
