"""Contracts of the DJ loop tables.

What belongs here: what a row of each table promises. What does not: how it is computed.
"""

from __future__ import annotations

from groove.core.columns import KEY, MODEL, PROVENANCE, SPLIT
from groove.core.tables import Column, Table

_GRID = (
    Column("tempo_bpm", "float", "Median tempo of the beats", at_least=20, at_most=400),
    Column("beats_per_bar", "int", "Commonest meter of the track", at_least=2, at_most=12),
)
_PLACE = (
    Column("start_bar", "int", "First bar, 0 = the first of the grid", at_least=0),
    Column("bars", "int", "Length in bars", at_least=1),
    Column("start_s", "float", "First downbeat", at_least=0),
    Column("end_s", "float", "Downbeat that closes the loop", at_least=0),
)

TRACK_BARS = Table(
    "track_bars",
    "One row per track: its bar grid, and its frames as a blob that later stages read.",
    (
        KEY,
        *PROVENANCE,
        Column("duration_s", "float", "Length in seconds", at_least=0),
        *_GRID,
        Column("bar_start_s", "floats", "Bar lines; the last closes the last bar", at_least=0),
        Column("bar_beats", "ints", "Beats of each bar", at_least=1),
        Column("beat_s", "floats", "All beats", at_least=0),
        Column("confidence", "float", "How clear the grid is", at_least=0, at_most=1),
        Column("grid_source", "string", "Who says so", one_of=("stated", "estimated")),
        Column(
            "estimated_downbeat_f",
            "float",
            "Where bars are stated: F-measure (70 ms) of the ones that would have been estimated",
            nullable=True,
            at_least=0,
            at_most=1,
        ),
        Column("frames", "int", "Frames in the blob", at_least=1),
        Column("frame_rate_hz", "float", "Frames per second", at_least=1),
        Column("blob", "string", "Frame values (groove.loops.frames)"),
        *SPLIT,
    ),
    unique=("path",),
)

LOOP_CANDIDATES = Table(
    "loop_candidates",
    "One row per stretch of whole bars that may become a loop.",
    (KEY, *PROVENANCE, *_PLACE, *SPLIT),
    unique=("path", "start_bar", "bars"),
)

LOOP_FEATURES = Table(
    "loop_features",
    "One row per candidate: 269 features, the ones with a name of their own, the seam.",
    (
        KEY,
        *PROVENANCE,
        *_PLACE,
        Column("rms", "float", "Level, linear", at_least=0),
        Column("level_dbfs", "float", "Level"),
        Column("perc_to_total_rms", "float", "Share of the percussive part", at_least=0),
        Column("boundary_quiet_score", "float", "Percussion at the cuts, 0 = none", at_least=0),
        Column("seam", "float", "How well the end leads to the start", at_least=0, at_most=1),
        Column("seam_spectrum", "float", "Its spectral part", at_least=0, at_most=1),
        Column("seam_level", "float", "Its level part", at_least=0, at_most=1),
        Column("seam_phase", "float", "Its flux and phase part", at_least=0, at_most=1),
        Column("seam_tempo", "float", "Its tempo part", at_least=0, at_most=1),
        Column("features", "float32s", "The 269 features of groove.loops.features.NAMES"),
        *SPLIT,
    ),
    unique=("path", "start_bar", "bars"),
)

LOOP_LABELS = Table(
    "loop_labels",
    "One row per candidate: how good a loop it is, by a person's marks or by repetition.",
    (
        KEY,
        *PROVENANCE,
        Column("start_bar", "int", "First bar", at_least=0),
        Column("bars", "int", "Length in bars", at_least=1),
        Column("weight", "float", "Relevance for ranking", at_least=0, at_most=1),
        Column(
            "label_source",
            "string",
            "marked = a person's side-car, repetition = weak label",
            one_of=("marked", "repetition"),
        ),
        Column(
            "repetition", "float", "How much the track itself repeats it", at_least=-1, at_most=1
        ),
        *SPLIT,
    ),
    unique=("path", "start_bar", "bars"),
)

LOOP_RANKER = Table(
    "loop_ranker",
    "One row per trained ranker.",
    (*MODEL, Column("ranker", "string", "Kind of model", one_of=("xgboost", "torch"))),
    unique=("ranker",),
)

LOOP_EXPORTS = Table(
    "loop_exports",
    "One row per exported loop: a WAV with loop points and tempo.",
    (
        KEY,
        *PROVENANCE,
        Column("track", "string", "Name of the track in file names, unique in the table"),
        Column("file", "string", "File name"),
        *_PLACE,
        *_GRID,
        Column("length_error_s", "float", "Cut length less the grid's"),
        Column("score", "float", "Raw score of the ranker"),
        Column("score_prob", "float", "Softmax within the track", at_least=0, at_most=1),
        Column("score_rank", "int", "1 = best of the track", at_least=1),
        Column("final_score", "float", "score - alpha * boundary_quiet_score"),
        Column("boundary_quiet_score", "float", "Percussion at the cuts", at_least=0),
        Column("seam", "float", "How well the end leads to the start", at_least=0, at_most=1),
        Column("peak_dbtp", "float", "True peak of the file"),
        Column("rms_dbfs", "float", "Level of the file"),
        Column("sample_rate", "int", "That of the source", at_least=1),
        Column("channels", "int", "Those of the source", at_least=1),
        Column("samples", "int", "Length in samples", at_least=1),
        Column("model_id", "string", "Ranker that scored it"),
        Column("blob", "string", "The WAV file"),
        *SPLIT,
    ),
    unique=("file",),
)

TABLES = (
    TRACK_BARS,
    LOOP_CANDIDATES,
    LOOP_FEATURES,
    LOOP_LABELS,
    LOOP_RANKER,
    LOOP_EXPORTS,
)
