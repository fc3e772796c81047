"""A kit: what each drum sounds like, softly and hard.

What belongs here: the model of a kit, making a hit of any sound, joining kits. What does not:
where sounds come from (:mod:`~groove.drums.kitplayer.recorded`,
:mod:`~groove.drums.kitplayer.soundfonts`, :mod:`~groove.drums.kitplayer.synthesised`), playing
(:mod:`~groove.drums.kitplayer.player`).

Conventions
-----------
* Sounds are mono ``float32`` at 44,100 Hz with a peak of 1; the attack begins at sample 0.
* A kit may have several drums of a label (two crashes, clap and cowbell).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import soxr
from numpy.typing import NDArray

from groove.midi.taxonomy import LABELS, class_of

Samples = NDArray[np.float32]

RATE = 44_100
MAX_HIT_S = 6.0

#: A sound starts where it first has this share of its peak …
_ONSET_SHARE = 0.1
#: … or at most this much earlier, where it is not yet audible.
_LEAD_S = 0.001
_AUDIBLE = 0.01
_TAIL_SHARE = 10 ** (-66 / 20)
_FADE_IN, _FADE_OUT_S = 8, 0.01


class KitError(ValueError):
    """A sound or a kit that cannot be played; the message says why."""


@dataclass(frozen=True)
class Hit:
    """One recorded stroke.

    Attributes
    ----------
    samples
        float32 ``(n,)``, mono, 44,100 Hz, peak 1; the attack begins at sample 0.
    velocity
        How hard it was struck, 0..1; None where it is not known.
    """

    samples: Samples
    velocity: float | None = None


@dataclass(frozen=True)
class Layer:
    """Strokes of one strength, taken in turns.

    Attributes
    ----------
    velocity
        The hardest stroke that the layer stands for, above 0, at most 1.
    hits
        At least one.
    """

    velocity: float
    hits: tuple[Hit, ...]


#: One drum or cymbal: its layers, the softest first.
Drum = tuple[Layer, ...]


@dataclass(frozen=True)
class Kit:
    """Drums by label.

    Attributes
    ----------
    name
        Of the kit.
    license
        What its sounds may be used for; "" where nobody says.
    source
        The data set or file it is from.
    recorded
        Whether its sounds were recorded one by one (not a soundfont's, not computed).
    drums
        Label -> its drums, the main one first.
    borrowed
        Labels whose drums are another kit's.
    """

    name: str
    license: str
    source: str
    recorded: bool
    drums: Mapping[str, tuple[Drum, ...]]
    borrowed: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        """Refuse a kit without sounds, and labels that the taxonomy does not have."""
        if not self.drums or not all(self.drums.values()):
            raise KitError(f"kit {self.name!r} has no sounds")
        unknown = sorted(set(self.drums) - set(LABELS))
        if unknown:
            raise KitError(f"kit {self.name!r}: {unknown[0]!r} is no label of the taxonomy")

    @property
    def labels(self) -> tuple[str, ...]:
        """What it can play, in the taxonomy's order."""
        return tuple(label for label in LABELS if label in self.drums)

    @property
    def hits(self) -> dict[str, Drum]:
        """Label -> the layers of its main drum."""
        return {label: self.drums[label][0] for label in self.labels}

    @property
    def seconds(self) -> float:
        """Length of all its sounds together, s."""
        counts = (
            len(hit.samples)
            for drums in self.drums.values()
            for drum in drums
            for layer in drum
            for hit in layer.hits
        )
        return sum(counts) / RATE


def hit_of(samples: Samples, rate: int, velocity: float | None = None) -> Hit:
    """Return a sound as a hit: mono, 44,100 Hz, peak 1, from its attack until it has died away.

    Parameters
    ----------
    samples
        float ``(n,)`` or ``(channels, n)``.
    rate
        Hz.
    velocity
        How hard it was struck, 0..1, where it is known.

    Raises
    ------
    KitError
        If it is silent, or has samples that are not finite.
    """
    mono = np.asarray(samples, dtype=np.float32)
    mono = mono.mean(axis=0) if mono.ndim == 2 else mono
    if not np.isfinite(mono).all():
        raise KitError("the sound has samples that are infinite or not a number")
    if rate != RATE and len(mono):
        mono = soxr.resample(mono, rate, RATE, quality="HQ")
    level = np.abs(mono)
    peak = float(level.max(initial=0.0))
    if peak < 1e-5:
        raise KitError("the sound is silent")
    start = _start(level / np.float32(peak))
    audible = np.flatnonzero(level > _TAIL_SHARE * peak)
    end = min(int(audible[-1]) + 1, start + round(MAX_HIT_S * RATE))
    cut = np.array(mono[start:end], dtype=np.float32) / np.float32(level[start:end].max())
    lead = min(_FADE_IN, len(cut) // 4)
    if lead and abs(float(cut[0])) > _AUDIBLE and start > 0:
        # Cut out of a sound that was already there: no click.
        cut[:lead] *= np.linspace(0.0, 1.0, lead, endpoint=False, dtype=np.float32)
    tail = min(round(_FADE_OUT_S * RATE), len(cut) // 2)
    if tail:
        cut[-tail:] *= np.linspace(1.0, 0.0, tail, dtype=np.float32)
    return Hit(cut, velocity)


def drum_of(hits: Iterable[tuple[float, Hit]]) -> Drum:
    """Return hits of stated velocities as a drum: equal velocities are one layer."""
    layers: dict[float, list[Hit]] = {}
    for velocity, hit in hits:
        layers.setdefault(min(1.0, max(1e-3, velocity)), []).append(hit)
    return tuple(Layer(velocity, tuple(layers[velocity])) for velocity in sorted(layers))


def completed(kit: Kit, other: Kit, *, same_class: bool = True) -> Kit:
    """Return a kit that plays what both can.

    Parameters
    ----------
    kit
        Goes first.
    other
        Lends what the first lacks.
    same_class
        Whether a label that the first kit lacks is played by its drum of the same class (a splash
        by its crash) before the other kit is asked.
    """
    drums = dict(kit.drums)
    borrowed = set(kit.borrowed)
    for label in LABELS:
        if label in drums:
            continue
        siblings = [name for name in kit.labels if class_of(name) == class_of(label)]
        if same_class and siblings:
            drums[label] = kit.drums[siblings[0]]
        elif label in other.drums:
            drums[label] = other.drums[label]
            borrowed.add(label)
    return replace(kit, drums=drums, borrowed=frozenset(borrowed))


def _start(shares: NDArray[np.floating[Any]]) -> int:
    """Return where a sound begins: at a tenth of its peak, or up to 1 ms before."""
    at = int(np.argmax(shares >= _ONSET_SHARE))
    earliest = max(0, at - round(_LEAD_S * RATE))
    soft = np.flatnonzero(shares[earliest:at] < _AUDIBLE)
    # From the last sample that is not audible yet: nothing of the attack is lost.
    return earliest + int(soft[-1]) if len(soft) else earliest
