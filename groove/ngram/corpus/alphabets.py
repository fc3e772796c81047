"""Alphabets: which notes are struck labels, and which note sounds a label.

What belongs here: what may be a bit of a step's symbol. What does not: names and notes of the
drum labels themselves (:mod:`groove.midi.taxonomy`).

Percussion
----------
The percussion section of General MIDI (level 1, level 2 and Roland GS) has about forty keys. They
are grouped into twelve instruments by what strikes and how it sounds, and each instrument is
struck either soft or loud, because that is what tells a shaker's pulse from its accents and a
conga's touch from its tone: 24 labels in all.

============== ================================================ =====================
instrument     keys (the first one sounds it)                   also
============== ================================================ =====================
clap           39 hand clap, 26 finger snap                     28 slap
tambourine     54 tambourine                                    83 jingle bell
shaker         70 maracas, 69 cabasa, 82 shaker
cowbell        56 cowbell, 67 and 68 agogo
claves         75 claves, 76 and 77 wood block                  85 castanets
guiro          73 short guiro, 74 long guiro                    58 vibraslap, 78 and 79
                                                                cuica, 71 and 72 whistle
triangle       81 open triangle, 80 mute triangle               84 bell tree
bongo_high     60 high bongo                                    65 high timbale
bongo_low      61 low bongo                                     66 low timbale
conga_mute     62 mute high conga
conga_high     63 open high conga
conga_low      64 low conga                                     86 and 87 surdo
============== ================================================ =====================

Every other key of the drum channel is a drum, a cymbal or a studio click: no percussion.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from groove.midi.taxonomy import LABELS, Mapped, label_of_note, note_of_label

Ints = NDArray[np.int64]
AlphabetName = Literal["drums", "percussion"]

_OTHER = "aux_percussion"
_LOUDEST = 127

#: Loud is what is struck at least this hard: the middle of MIDI's range, mezzo-forte.
LOUD_VELOCITY = 64

#: Instrument to its General MIDI keys; the first one sounds it.
PERCUSSION_KEYS: Mapping[str, tuple[int, ...]] = {
    "clap": (39, 26, 28),
    "tambourine": (54, 83),
    "shaker": (70, 69, 82),
    "cowbell": (56, 67, 68),
    "claves": (75, 76, 77, 85),
    "guiro": (73, 74, 58, 78, 79, 71, 72),
    "triangle": (81, 80, 84),
    "bongo_high": (60, 65),
    "bongo_low": (61, 66),
    "conga_mute": (62,),
    "conga_high": (63,),
    "conga_low": (64, 86, 87),
}


class AlphabetError(ValueError):
    """Labels that no alphabet has. The message names them."""


@dataclass(frozen=True)
class Alphabet:
    """What a step's symbol is made of.

    Parameters
    ----------
    name
        ``drums`` or ``percussion``.
    labels
        Names by bit.
    notes
        General MIDI key that sounds each label.
    labels_of
        ``(pitch, velocity, mapping) -> label``, arrays of equal length; -1 is no label of this
        alphabet.
    velocities
        Softest and loudest velocity of each label.
    """

    name: AlphabetName
    labels: tuple[str, ...]
    notes: tuple[int, ...]
    labels_of: Callable[[Ints, Ints, Mapped], Ints]
    velocities: tuple[tuple[int, int], ...]

    def note_of(self, label: int) -> int:
        """Return the General MIDI key that sounds label number ``label``."""
        return self.notes[label]

    def velocity_range(self, label: int) -> tuple[int, int]:
        """Return the softest and the loudest velocity of label number ``label``."""
        return self.velocities[label]

    def clipped(self, label: Ints, velocity: Ints) -> Ints:
        """Return velocities moved to the nearest one that their label may have."""
        if not len(label):
            return velocity
        limits = np.array(self.velocities, dtype=np.int64)[label]
        return np.clip(velocity, limits[:, 0], limits[:, 1])


def _drum_label(pitch: Ints, velocity: Ints, mapping: Mapped) -> Ints:
    del velocity
    names = [label_of_note(note, mapping) for note in range(128)]
    return np.array([LABELS.index(name or _OTHER) for name in names], dtype=np.int64)[pitch]


def _percussion_label(pitch: Ints, velocity: Ints, mapping: Mapped) -> Ints:
    # A TD-11 sends 58 for the floor tom's rim, 26 for the hi-hat's edge: drums, not percussion.
    table = np.full(128, -1, dtype=np.int64)
    for number, keys in enumerate(PERCUSSION_KEYS.values()):
        for key in keys:
            named = label_of_note(key, mapping)
            table[key] = number if mapping == "gm" or named in (None, _OTHER) else -1
    instrument = table[pitch]
    loud = (velocity >= LOUD_VELOCITY).astype(np.int64)
    return np.where(instrument < 0, -1, 2 * instrument + loud)


DRUMS = Alphabet(
    name="drums",
    labels=LABELS,
    notes=tuple(note_of_label(name) for name in LABELS),
    labels_of=_drum_label,
    velocities=((1, _LOUDEST),) * len(LABELS),
)

PERCUSSION = Alphabet(
    name="percussion",
    labels=tuple(f"{name}_{touch}" for name in PERCUSSION_KEYS for touch in ("soft", "loud")),
    notes=tuple(keys[0] for keys in PERCUSSION_KEYS.values() for _ in range(2)),
    labels_of=_percussion_label,
    velocities=((1, LOUD_VELOCITY - 1), (LOUD_VELOCITY, _LOUDEST)) * len(PERCUSSION_KEYS),
)

ALPHABETS: Mapping[AlphabetName, Alphabet] = {"drums": DRUMS, "percussion": PERCUSSION}


def alphabet_of(labels: Sequence[str]) -> Alphabet:
    """Return the alphabet that has these labels: all of them, or some in any order.

    >>> alphabet_of(["kick", "snare"]).name, alphabet_of(PERCUSSION.labels).name
    ('drums', 'percussion')

    Raises
    ------
    AlphabetError
        If no alphabet has them all.
    """
    for alphabet in ALPHABETS.values():
        if set(labels) <= set(alphabet.labels):
            return alphabet
    known = set(DRUMS.labels) | set(PERCUSSION.labels)
    unknown = ", ".join(sorted(set(labels) - known)) or "labels of both drums and percussion"
    raise AlphabetError(f"no alphabet has these labels: {unknown}")
