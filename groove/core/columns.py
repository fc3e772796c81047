"""Column tuples that many contracts share, so that one thing has one name everywhere.

What belongs here: columns used by tables of more than one subject. What does not: a
column of one subject (its ``tables.py``).
"""

from __future__ import annotations

from groove.core.splits import SPLITS
from groove.core.tables import Column

KEY = Column("key", "string", "Hash of the item's content, the function's version and its spec")

PROVENANCE = (
    Column("path", "string", "File, as kind/path below the raw root"),
    Column("sha256", "string", "SHA-256 of the file's content"),
    Column("source", "string", "Data set that the file comes from"),
    Column("license", "string", "Licence of the file, an SPDX expression where there is one"),
)

SPLIT = (
    Column("split_group", "string", "Group that is wholly on one side of the split"),
    Column("split", "string", "Side of the split", one_of=SPLITS),
)

DUPLICATE = Column(
    "duplicate_of", "string", "Path of the first file with the same content", nullable=True
)

MODEL = (
    KEY,
    Column("model_id", "string", "First 16 hex digits of the model blob's SHA-256"),
    Column("spec_json", "string", "The spec it was trained with"),
    Column("metric", "string", "Name of the headline figure, on groups its model never saw"),
    Column("value", "float", "Headline figure"),
    Column("baseline", "string", "Name of the baseline that it is held against"),
    Column("baseline_value", "float", "The baseline's figure on the same data"),
    Column("higher_is_better", "bool", "Direction of the headline figure"),
    Column("metrics_json", "string", "All final figures by name"),
    Column("history_json", "string", "Figures by epoch"),
    Column("blob", "string", "The model, in the blob store"),
    Column("bytes", "int", "Size of the model blob", at_least=1),
    Column("train_groups", "int", "Groups trained on", at_least=1),
    Column("test_groups", "int", "Groups the headline figure was measured on", at_least=1),
    Column("inputs_json", "string", "Digest of each input table"),
    Column("licenses", "string", "Licences of the training data, joined by '; '"),
    Column("run_id", "string", "MLflow run", volatile=True),
    Column("train_seconds", "float", "Wall-clock training time", at_least=0, volatile=True),
)
