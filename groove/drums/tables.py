"""The tables of the drum classifier.

What belongs here: contracts. What does not: how rows come about.
"""

from __future__ import annotations

from groove.core.columns import KEY, MODEL, PROVENANCE, SPLIT
from groove.core.tables import Column, Table
from groove.drums.label_queue.table import DRUM_LABEL_QUEUE
from groove.drums.manifest.negatives import DRUM_HARD_NEGATIVES
from groove.drums.manifest.table import DRUM_MANIFEST_STAGE
from groove.drums.manifest.weights import DRUM_SESSION_WEIGHTS
from groove.drums.transcribe.tables import TABLES as TRANSCRIPTION
from groove.midi.taxonomy import CLASSES, LABELS

#: Where an event comes from: a one-shot file, or a hit in a rendered song.
ORIGINS = ("hit", "song")
#: In predictions also: a sound that is no drum.
OTHER = "other"

_ORIGIN = Column("origin", "string", "A one-shot file or a hit in a song", one_of=ORIGINS)
_KIT = Column("kit_id", "string", "Kit that was played; the soundfont, for a rendered song")
_SESSION = Column("session_id", "string", "What was played in one go: a song, or a kit's one-shots")

DRUM_EVENTS = Table(
    "drum_events",
    "A drum event: one hit, or hits that sound as one, with everything that was struck",
    (
        KEY,
        Column("sample_id", "string", "Identity of the event: its file and onset"),
        _SESSION,
        _KIT,
        _ORIGIN,
        Column("is_synthetic", "bool", "Played by software, not recorded"),
        *PROVENANCE,
        Column("blob", "string", "Audio in the blob store; null: the file at path", nullable=True),
        Column("content", "string", "Hash of the audio file's content"),
        Column("onset_s", "float", "Start of the attack, s", at_least=0),
        Column("labels", "strings", "What was struck, in order of the taxonomy", one_of=LABELS),
        Column("classes", "strings", "Their classes, each once, in order", one_of=CLASSES),
        Column(
            "velocities",
            "floats",
            "Velocity of each label, 0..1; null where the source does not tell",
            nullable=True,
            at_least=0,
            at_most=1,
        ),
        Column("techniques", "strings", "Ways of playing that the hits show"),
        Column("unknown_labels", "int", "Hits that the taxonomy has no label for", at_least=0),
        *SPLIT,
    ),
    unique=("sample_id",),
)

DRUM_CLIPS = Table(
    "drum_clips",
    "The log-mel pictures of all events of one audio file",
    (
        KEY,
        *PROVENANCE,
        _ORIGIN,
        Column("sample_ids", "strings", "Events, in the order of the pictures"),
        Column("clips", "int", "Number of pictures", at_least=1),
        Column("frames", "int", "Frames of a picture", at_least=1),
        Column("mels", "int", "Mel bands of a picture", at_least=1),
        Column("clip_spec_json", "string", "The settings that pictures are made with"),
        *SPLIT,
        Column("blob", "string", "NumPy file, float16 (clips, frames, mels), in the blob store"),
    ),
    unique=("path", "blob"),
)

DRUM_CLASSIFIER = Table("drum_classifier", "A trained drum classifier", MODEL)

DRUM_PREDICTIONS = Table(
    "drum_predictions",
    "What the classifier says about an event of the test split",
    (
        KEY,
        Column("sample_id", "string", "The event"),
        _SESSION,
        _KIT,
        Column(
            "origin",
            "string",
            "A one-shot file, a hit in a song, or a sound that is no drum",
            one_of=(*ORIGINS, OTHER),
        ),
        *PROVENANCE,
        Column("onset_s", "float", "Start of the attack, s", at_least=0),
        Column("unseen_kit", "bool", "Whether no training event is of this kit"),
        Column(
            "true_classes", "strings", "What was struck; nothing, if it is no drum", one_of=CLASSES
        ),
        Column("predicted_classes", "strings", "What was heard", one_of=CLASSES),
        Column(
            "probabilities", "float32s", "Per class, in the taxonomy's order", at_least=0, at_most=1
        ),
        Column("confidence", "float", "Probability of the likeliest class", at_least=0, at_most=1),
        Column("likeliest", "string", "The likeliest class", one_of=CLASSES),
        Column("likeliest_is_true", "bool", "Whether the likeliest class was struck"),
        Column("known", "bool", "Whether the classifier takes it for a drum that it knows"),
        Column("correct", "bool", "Whether exactly the true classes were heard"),
        Column("loss", "float", "Binary cross-entropy, summed over the classes, nats", at_least=0),
        Column("model_id", "string", "The classifier"),
        *SPLIT,
    ),
    unique=("sample_id",),
)

DRUM_BOUNDARY_PREDICTIONS = Table(
    "drum_boundary_predictions",
    "What the classifier hears of a hit near a window's edge, given that window alone",
    (
        KEY,
        Column("sample_id", "string", "The event"),
        Column("session_id", "string", "The song: one stream"),
        _KIT,
        Column("path", "string", "Source file of the song"),
        Column("label", "string", "Class that was struck", one_of=CLASSES),
        Column("onset_s", "float", "Start of the attack in the stream, s", at_least=0),
        Column("window_index", "int", "Window of the stream, from 0", at_least=0),
        Column("edge", "string", "Which edge is near", one_of=("leading", "trailing")),
        Column("distance_s", "float", "How far the edge is, s", at_least=0),
        Column("probability", "float", "Of the class struck", at_least=0, at_most=1),
        Column("heard", "bool", "Whether the class struck is heard"),
        Column("model_id", "string", "The classifier"),
        *SPLIT,
    ),
    unique=("sample_id", "label", "window_index", "edge"),
)

KIT_RENDERS = Table(
    "kit_renders",
    "A drum loop played on a kit of one-shots, with its exact hits",
    (
        KEY,
        *PROVENANCE,
        Column("kit_id", "string", "Kit that was played"),
        Column("kit_source", "string", "Data set that the kit comes from"),
        Column("lent_labels", "strings", "Labels that a computed kit lent", one_of=LABELS),
        Column("seconds", "float", "Length of the audio, s", at_least=0),
        Column("sample_rate", "int", "Of the audio, Hz", at_least=1),
        Column("loudness_lufs", "float", "Integrated loudness (ITU-R BS.1770-4), LUFS"),
        Column("peak", "float", "Largest sample; full scale is 1", at_least=0),
        Column("notes", "int", "Drum notes of the loop in that time", at_least=1),
        Column("hit_s", "floats", "Onsets, s", at_least=0),
        Column("hit_label", "strings", "What was struck", one_of=LABELS),
        Column("hit_velocity", "floats", "How hard, 0..1", at_least=0, at_most=1),
        *SPLIT,
        Column("audio", "string", "FLAC, stereo, in the blob store"),
    ),
    unique=("path", "kit_id"),
)

TABLES = (
    DRUM_EVENTS,
    DRUM_MANIFEST_STAGE,
    DRUM_SESSION_WEIGHTS,
    DRUM_CLIPS,
    DRUM_CLASSIFIER,
    DRUM_PREDICTIONS,
    DRUM_HARD_NEGATIVES,
    DRUM_BOUNDARY_PREDICTIONS,
    DRUM_LABEL_QUEUE,
    KIT_RENDERS,
    *TRANSCRIPTION,
)
