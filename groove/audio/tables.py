"""Contracts of the audio index tables.

What belongs here: what a row of ``track_index`` and ``hit_index`` promises. What does not:
how it is measured (:mod:`groove.audio.inventory`).
"""

from __future__ import annotations

from groove.core.columns import DUPLICATE, KEY, PROVENANCE, SPLIT
from groove.core.tables import Column, Table
from groove.midi.taxonomy import CLASSES, LABELS

_SOUND = (
    Column("duration_s", "float", "Length in seconds", at_least=0),
    Column("sample_rate", "int", "Sample rate of the file, Hz", at_least=1),
    Column("channels", "int", "Channels of the file", at_least=1),
    Column("peak_dbfs", "float", "Highest sample, dB below full scale"),
)
_SIGNATURE = Column("signature", "float32s", "Fingerprint; near ones are the same content")

TRACK_INDEX = Table(
    "track_index",
    "One row per readable audio track.",
    (
        KEY,
        *PROVENANCE,
        *_SOUND,
        Column("loudness_lufs", "float", "Integrated loudness, ITU-R BS.1770-4"),
        _SIGNATURE,
        DUPLICATE,
        *SPLIT,
    ),
    unique=("path",),
)

HIT_INDEX = Table(
    "hit_index",
    "One row per readable one-shot drum sample.",
    (
        KEY,
        *PROVENANCE,
        Column("label", "string", "What was hit, in the taxonomy's words", one_of=LABELS),
        Column("drum_class", "string", "Class that the label belongs to", one_of=CLASSES),
        Column("kit", "string", "Drum kit that it was taken from"),
        *_SOUND,
        _SIGNATURE,
        DUPLICATE,
        *SPLIT,
    ),
    unique=("path",),
)

TABLES = (TRACK_INDEX, HIT_INDEX)
