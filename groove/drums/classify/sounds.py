"""Hits to learn from, as sound: out of exported data sets and out of kits.

A hit is held from its onset on, at one rate, at a peak of 1, in half precision: its level says
nothing, and a quantum of 1/2000 of each sample is far below any recording's noise.

What belongs here: gathering hits. What does not: varying and mixing them
(:mod:`groove.drums.classify.compose`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from groove.audio.waveform import AudioError, Waveform, resample
from groove.core.digest import digest
from groove.core.inputs import UNKNOWN_LICENSE
from groove.core.splits import SPLITS, TRAIN
from groove.midi.taxonomy import CLASSES, class_of

if TYPE_CHECKING:
    from groove.drums.kitplayer.kit import Kit

#: What a hit may be long at most; a clip with the fastest variation needs less.
SECONDS = 1.0
#: Where a hit is from: recorded one by one, a soundfont's, made by software.
RECORDED, SOUNDFONT, COMPUTED = KINDS = ("recorded", "soundfont", "computed")
_PLACE = {name: index for index, name in enumerate(CLASSES)}


class DatasetError(ValueError):
    """A folder that cannot be learnt from; the message says why."""


@dataclass
class Sounds:
    """Hits with what they are.

    Attributes
    ----------
    rate_hz
        Of all of them.
    samples
        One array per hit, float16, from its onset on, at a peak of 1.
    truth
        Per hit, marks of the classes; none for a sound that is no drum.
    kits, licenses, splits
        Per hit.
    kinds
        Per hit, one of :data:`KINDS`.
    sessions
        Per hit, what it was played in: a manifest's session, else its kit.
    """

    rate_hz: int
    samples: list[NDArray[np.float16]] = field(default_factory=list)
    truth: list[NDArray[np.bool_]] = field(default_factory=list)
    kits: list[str] = field(default_factory=list)
    licenses: list[str] = field(default_factory=list)
    splits: list[str] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    sessions: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.samples)

    def add(
        self,
        heard: NDArray[np.float32],
        classes: Iterable[str],
        kit: str,
        license_: str,
        *,
        split: str = TRAIN,
        kind: str = RECORDED,
        session: str = "",
    ) -> None:
        """Add a hit that begins at sample 0; a silent one is left out."""
        part = heard[: round(SECONDS * self.rate_hz)]
        peak = float(np.abs(part).max(initial=0.0))
        # The limit is that of a clip without sound; nan is none either.
        if not 1e-6 < peak < np.inf:
            return
        marks = np.zeros(len(CLASSES), dtype=bool)
        marks[[_PLACE[name] for name in classes]] = True
        self.samples.append((part / peak).astype(np.float16))
        self.truth.append(marks)
        self.kits.append(kit)
        self.licenses.append(license_)
        self.splits.append(split)
        self.kinds.append(kind)
        self.sessions.append(session or kit)

    def marks(self) -> NDArray[np.bool_]:
        """Return the truth as one array (hits, classes)."""
        return np.stack(self.truth) if self.truth else np.zeros((0, len(CLASSES)), dtype=bool)

    def where(self, chosen: Sequence[bool] | NDArray[np.bool_]) -> Sounds:
        """Return the chosen hits."""
        kept = np.flatnonzero(np.asarray(chosen, dtype=bool)).tolist()
        return Sounds(
            self.rate_hz,
            [self.samples[place] for place in kept],
            [self.truth[place] for place in kept],
            [self.kits[place] for place in kept],
            [self.licenses[place] for place in kept],
            [self.splits[place] for place in kept],
            [self.kinds[place] for place in kept],
            [self.sessions[place] for place in kept],
        )

    def drums(self) -> Sounds:
        """Return the hits that are of some class."""
        return self.where([bool(marks.any()) for marks in self.truth])

    def __add__(self, other: Sounds) -> Sounds:
        """Return both, one after the other."""
        return Sounds(
            self.rate_hz,
            self.samples + other.samples,
            self.truth + other.truth,
            self.kits + other.kits,
            self.licenses + other.licenses,
            self.splits + other.splits,
            self.kinds + other.kinds,
            self.sessions + other.sessions,
        )

    def identity(self) -> str:
        """Return a hash of everything."""
        told = hashlib.sha256()
        for part in self.samples:
            told.update(part.tobytes())
        told.update(self.marks().tobytes())
        return digest(
            told.hexdigest(), self.rate_hz, self.kits, self.splits, self.kinds, self.sessions
        )

    def of_split(self, split: str) -> Sounds:
        """Return the hits of one side of the split."""
        return self.where([own == split for own in self.splits])


def add_kit(sounds: Sounds, kit: Kit, kind: str, split: str = TRAIN) -> None:
    """Add the hits of a kit: every drum, every layer and every round robin that is its own."""
    for label, drums in kit.drums.items():
        if label in kit.borrowed:
            continue
        for hit in (hit for drum in drums for layer in drum for hit in layer.hits):
            heard = resample(Waveform(hit.samples[None], KIT_RATE_HZ), sounds.rate_hz).mono()
            sounds.add(
                heard,
                [class_of(label)],
                kit.name,
                kit.license,
                split=split,
                kind=kind,
            )


#: Rate of a kit's hits.
KIT_RATE_HZ = 44_100


def add_dataset(sounds: Sounds, folder: Path) -> list[tuple[str, str]]:
    """Add the clips of a data set that ``groove drums collect export`` wrote.

    A clip whose label the taxonomy does not know is left out, as is one that cannot be read.

    Returns
    -------
    list
        What was left out, and why: ``(clip, reason)``.

    Raises
    ------
    DatasetError
        If the folder holds no finished data set.
    groove.drums.manifest.schema.ManifestError
        If its manifest is damaged.
    """
    from groove.drums.collect.sources import read_sound
    from groove.drums.manifest.paths import Inside
    from groove.drums.manifest.reading import stream_events
    from groove.drums.manifest.schema import ManifestError

    metadata = folder / "metadata.json"
    if not metadata.is_file():
        raise DatasetError(
            f"{folder} holds no metadata.json: name a folder that `groove drums collect export` "
            "has finished"
        )
    try:
        events = str(json.loads(metadata.read_bytes())["events"])
    except (ValueError, KeyError, TypeError) as error:
        raise DatasetError(f"{metadata} is damaged: {error}") from error
    inside = Inside(folder)
    refused: list[tuple[str, str]] = []
    for event in stream_events(inside.file(events), root=folder):
        classes = event.classes
        if not classes and not event.negative_example:
            refused.append((event.sample_id, "its label is unknown"))
            continue
        try:
            wave, _ = read_sound(inside.file(event.audio_path))
        except (AudioError, ManifestError, OSError) as error:
            refused.append((event.sample_id, str(error)))
            continue
        heard = resample(wave, sounds.rate_hz).mono()
        sounds.add(
            heard[round(event.onset_time * sounds.rate_hz) :],
            classes,
            event.kit_id or event.session_id,
            event.license or UNKNOWN_LICENSE,
            split=event.split or TRAIN,
            kind=COMPUTED if event.is_synthetic else RECORDED,
            session=event.session_id,
        )
    if not len(sounds):
        raise DatasetError(f"{folder} holds no clip that can be learnt from")
    return refused


def require_splits(sounds: Sounds) -> None:
    """Raise unless every side of the split has a drum.

    Raises
    ------
    DatasetError
        Naming the empty side and what to do.
    """
    for split in SPLITS:
        if not sounds.of_split(split).marks().any():
            raise DatasetError(
                f"no {split} clip of a drum: clips of at least three kits are needed"
            )
