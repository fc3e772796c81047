"""The table of the labelling queue.

What belongs here: the contract. What does not: how rows come about
(:mod:`groove.drums.label_queue.rows`).
"""

from __future__ import annotations

from groove.core.columns import KEY, PROVENANCE
from groove.core.tables import Column, Table
from groove.midi.taxonomy import CLASSES

#: Why a clip is queued; what comes first is said where several hold.
REASONS = ("hard_negative", "missed", "uncertain")

DRUM_LABEL_QUEUE = Table(
    "drum_label_queue",
    "An event of the test split that a person should listen to, the one worth most first",
    (
        KEY,
        Column("rank", "int", "Place in the queue, 1 first", at_least=1),
        Column(
            "why",
            "string",
            "A wrong class heard for sure, a true one surely not, or a class in doubt",
            one_of=REASONS,
        ),
        Column("asked", "string", "The class that the doubt is about", one_of=CLASSES),
        Column("score", "float", "loss x diversity x effect", at_least=0),
        Column("loss", "float", "What the event costs the model or may, nats", at_least=0),
        Column("entropy", "float", "Of its probabilities, summed over the classes", at_least=0),
        Column("margin", "float", "Distance of a class to the threshold", at_least=0, at_most=1),
        Column("diversity", "float", "Distance to what ranks before it", at_least=0, at_most=1),
        Column("effect", "float", "1, and more for classes that hold up gates", at_least=1),
        Column("gates", "strings", "Gates that it may move"),
        Column("sample_id", "string", "The event"),
        Column("session_id", "string", "What was played in one go: a song, or a kit's one-shots"),
        *PROVENANCE,
        Column("onset_s", "float", "Start of the attack, s", at_least=0),
        Column("true_classes", "strings", "What was struck", one_of=CLASSES),
        Column("predicted_classes", "strings", "What was heard", one_of=CLASSES),
        Column(
            "probabilities", "float32s", "Per class, in the taxonomy's order", at_least=0, at_most=1
        ),
        Column("blob", "string", "The sound around it, FLAC; null: not readable", nullable=True),
    ),
    unique=("sample_id",),
)
