"""Pictures of sounds that are no drum, one set per side of the split.

Training and validation share families but no sound; the test has families that training never
met: speech, and notes of the soundfont that comes with the package.

What belongs here: which sounds are on which side. What does not: making one
(:mod:`groove.drums.classify.outsiders`).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from groove.core.digest import seed_of
from groove.core.splits import TEST
from groove.drums.classify.batches import Material
from groove.drums.classify.features import pictures
from groove.drums.classify.outsiders import FAMILIES, soundfont_notes
from groove.drums.classify.variation import Sound
from groove.drums.spec import ClipSpec
from groove.midi.taxonomy import CLASSES

#: Families of the sides that training sees.
SEEN = ("tones", "noises", "effects")
#: Families that are met in the test alone; ``notes`` are the soundfont's.
UNSEEN = ("speech", "notes")
#: Sounds of the test's side.
TESTED = 120


def names(split: str, count: int) -> list[str]:
    """Return the family of each of a side's sounds."""
    families = UNSEEN if split == TEST else SEEN
    return [families[place % len(families)] for place in range(count)]


def sounds(split: str, count: int, clip: ClipSpec) -> list[Sound]:
    """Return a side's sounds, each as long as a clip, in the order of :func:`names`."""
    from groove.midi.synth import default_soundfont

    length, rate = clip.clip_samples, clip.sample_rate_hz
    found: list[Sound] = []
    for place, family in enumerate(names(split, count)):
        chance = np.random.default_rng(seed_of("no drum", split, place))
        if family == "notes":
            found += soundfont_notes(default_soundfont(), 1, length, rate, chance)
        else:
            found.append(FAMILIES[family](length, rate, chance))
    return found


def material(split: str, count: int, clip: ClipSpec, most: int) -> Material:
    """Return pictures of at most ``most`` of a side's sounds, none with a class.

    Parameters
    ----------
    split
        Side of the split.
    count
        Sounds wanted.
    clip
        What pictures show.
    most
        A limit of time: each takes some milliseconds.
    """
    return _material(split, min(count, most), clip.model_dump_json())


@lru_cache(maxsize=6)
def _material(split: str, count: int, clip_json: str) -> Material:
    clip = ClipSpec.model_validate_json(clip_json)
    made = sounds(split, count, clip)
    stacked = np.stack(made) if made else np.zeros((0, clip.clip_samples), dtype=np.float32)
    return Material(
        pictures(stacked, clip).astype(np.float16), np.zeros((count, len(CLASSES)), dtype=bool)
    )
