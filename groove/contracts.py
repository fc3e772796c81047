"""The data dictionary: every table that the pipeline writes.

What belongs here: collecting the contracts and the ones no subject owns. What does not:
a subject's own tables (``groove/<subject>/tables.py``).
"""

from __future__ import annotations

import groove.audio.tables
import groove.drums.tables
import groove.export.tables
import groove.loops.tables
import groove.midi.tables
import groove.ngram.tables
import groove.phase.tables
import groove.readiness.tables
import groove.sequence.tables
from groove.core import inputs
from groove.core.tables import Column, Table

QUARANTINE = Table(
    "quarantine",
    "One row per item that a stage could not use; the stage went on without it.",
    (
        Column("stage", "string", "Table that the item would have gone into"),
        Column("item", "string", "File or row, as the stage names it"),
        Column("error", "string", "What is wrong with it"),
    ),
)

TABLES: tuple[Table, ...] = (
    QUARANTINE,
    *inputs.TABLES,
    *groove.midi.tables.TABLES,
    *groove.audio.tables.TABLES,
    *groove.phase.tables.TABLES,
    *groove.ngram.tables.TABLES,
    *groove.loops.tables.TABLES,
    *groove.drums.tables.TABLES,
    *groove.sequence.tables.TABLES,
    *groove.export.tables.TABLES,
    *groove.readiness.tables.TABLES,
)

#: Table name to its contract.
CONTRACTS: dict[str, Table] = {table.name: table for table in TABLES}
