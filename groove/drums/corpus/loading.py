"""The corpus: events with their pictures, as arrays to learn from and to be judged by.

What belongs here: joining ``drum_events`` with ``drum_clips``, and which events may be learnt
from. What does not: learning.

Conventions
-----------
* An event whose label is unknown is left out: it is neither right nor wrong.
* A kit is *held out* when one-shots of it are in the validation or the test split. No training
  event may be of a held-out kit, not even inside a song.
* A kit is *unseen* when no training event is of it. A song's kit is its soundfont, and one-shots
  whose source is a soundfont that training songs are played with are not unseen.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from groove.core.splits import SPLITS, TRAIN
from groove.core.store import Store
from groove.drums.classify.metrics import Marks
from groove.drums.corpus.clips import from_bytes
from groove.drums.spec import ClipSpec
from groove.midi.taxonomy import CLASSES


class CorpusError(ValueError):
    """Tables that cannot be learnt from; the message says what is missing."""


@dataclass(frozen=True)
class Corpus:
    """Events with pictures.

    Attributes
    ----------
    events
        Rows of ``drum_events``, with ``unseen_kit``: no training event is of the row's kit.
    pictures
        ``(events, frames, mels)``, in half precision.
    truth
        ``(events, classes)``, in the taxonomy's order.
    clip
        How the pictures were made.
    """

    events: pd.DataFrame
    pictures: NDArray[np.float16]
    truth: Marks
    clip: ClipSpec

    def where(self, chosen: NDArray[np.bool_] | pd.Series) -> Corpus:
        """Return the corpus of the chosen events."""
        mask = np.asarray(chosen, dtype=bool)
        return Corpus(
            self.events[mask].reset_index(drop=True),
            self.pictures[mask],
            self.truth[mask],
            self.clip,
        )

    def of_split(self, split: str) -> Corpus:
        """Return the events of one split; those of the training split that may be learnt from."""
        chosen = self.events["split"] == split
        if split == TRAIN:
            chosen &= ~self.events["held_out_kit"]
        return self.where(chosen)

    def __len__(self) -> int:
        return len(self.events)


def truth_of(classes: pd.Series) -> Marks:
    """Return lists of class names as marks ``(events, classes)``."""
    place = {name: index for index, name in enumerate(CLASSES)}
    marks = np.zeros((len(classes), len(CLASSES)), dtype=bool)
    for row, names in zip(marks, classes, strict=True):
        row[[place[name] for name in names]] = True
    return marks


def names_of(marks: Marks) -> list[list[str]]:
    """Return marks as lists of class names."""
    return [[CLASSES[place] for place in np.flatnonzero(row)] for row in marks]


def load(drum_events: pd.DataFrame, drum_clips: pd.DataFrame, store: Store) -> Corpus:
    """Return the corpus of all events that have a label and a picture.

    Raises
    ------
    CorpusError
        If there are none, or if pictures were made with different settings.
    """
    specs = sorted(set(drum_clips["clip_spec_json"]))
    if len(specs) != 1:
        raise CorpusError(
            f"pictures made with one spec are needed, there are {len(specs)} specs: "
            "materialise drum_clips again"
        )
    ids = [name for names in drum_clips["sample_ids"] for name in names]
    seen = np.concatenate([from_bytes(store.read(blob)) for blob in drum_clips["blob"]])
    place = pd.Series(np.arange(len(ids)), index=ids)
    known = drum_events["sample_id"].isin(place.index) & (drum_events["classes"].map(len) > 0)
    known &= drum_events["unknown_labels"] == 0
    events = drum_events[known].reset_index(drop=True)
    if not len(events):
        raise CorpusError("no drum event has both a label and a picture")
    one_shots = events["origin"] == "hit"
    held_out = set(events.loc[one_shots & (events["split"] != TRAIN), "kit_id"])
    events["held_out_kit"] = events["kit_id"].isin(held_out)
    learnt = events[(events["split"] == TRAIN) & ~events["held_out_kit"]]
    fonts = set(learnt.loc[learnt["origin"] == "song", "kit_id"])
    heard_in_songs = one_shots & events["source"].isin(fonts)
    events["unseen_kit"] = ~(events["kit_id"].isin(set(learnt["kit_id"])) | heard_in_songs)
    return Corpus(
        events,
        seen[place[events["sample_id"]].to_numpy()],
        truth_of(events["classes"]),
        ClipSpec(**json.loads(specs[0])),
    )


def sample(
    drum_events: pd.DataFrame, drum_clips: pd.DataFrame, store: Store, files: int = 2000
) -> Corpus:
    """Return the corpus of at most ``files`` audio files, evenly chosen, to be looked at."""
    places = np.linspace(0, len(drum_clips) - 1, min(files, len(drum_clips))).round().astype(int)
    return load(drum_events, drum_clips.iloc[places], store)


def require_splits(corpus: Corpus) -> None:
    """Raise unless every split has an event.

    Raises
    ------
    CorpusError
        Naming the empty split and what to do.
    """
    for split in SPLITS:
        if not len(corpus.of_split(split)):
            raise CorpusError(
                f"no {split} event that may be used: one-shots of at least three kits are needed"
            )
