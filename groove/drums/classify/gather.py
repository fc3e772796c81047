"""Everything that a training from sound learns from: data sets, soundfonts, computed kits.

What belongs here: which kit is on which side, and in which fold. What does not: reading one data
set (:mod:`groove.drums.classify.sounds`), training (:mod:`groove.drums.classify.teach`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from groove.core.digest import seed_of
from groove.core.splits import TEST, TRAIN, VALIDATION
from groove.drums.classify.outsiders import soundfont_notes
from groove.drums.classify.sounds import (
    COMPUTED,
    RECORDED,
    SOUNDFONT,
    Sounds,
    add_dataset,
    add_kit,
)
from groove.drums.classify.variation import Sound
from groove.drums.spec import TeachSpec

#: Drum presets whose keys are not those of General MIDI, by words of their names.
_OTHER_KEYS = ("march", "orchestra", "tenor", "metronome")


def gather(
    datasets: Sequence[Path],
    soundfonts: Sequence[tuple[Path, str]],
    tests: Sequence[Path],
    spec: TeachSpec,
    told: Callable[[str], None],
) -> Sounds:
    """Return all hits, each on its side of the split.

    Parameters
    ----------
    datasets
        Folders that ``groove drums collect export`` wrote.
    soundfonts
        Files and their licences; their kits are learnt from.
    tests
        Further data sets, all of whose clips are only judged on.
    spec
        Rate, and how many kits are computed.
    told
        Is told what was left out.

    Raises
    ------
    groove.drums.classify.sounds.DatasetError
        If a folder is no data set.
    groove.drums.kitplayer.kit.KitError
        If a soundfont has no kit.
    """
    from groove.drums.kitplayer.soundfonts import kits_of_soundfont
    from groove.drums.kitplayer.synthesised import synthesised_kit

    sounds = Sounds(spec.clip.sample_rate_hz)
    judged = Sounds(spec.clip.sample_rate_hz)
    for folders, into in ((datasets, sounds), (tests, judged)):
        for folder in folders:
            for name, why in add_dataset(into, folder):
                told(f"left out: {folder}: {name}: {why}")
    judged.splits = [TEST] * len(judged)
    for path, license_ in soundfonts:
        for kit in kits_of_soundfont(path, license_):
            if not any(word in kit.name.lower() for word in _OTHER_KEYS):
                add_kit(sounds, kit, SOUNDFONT)
    checked = max(1, round(spec.synthesised_kits * spec.checked_kits))
    last = max(1, spec.synthesised_kits - checked)
    for number in range(spec.synthesised_kits):
        kit = synthesised_kit(seed_of("training kit", number) % 2**31, layers=2, round_robin=1)
        add_kit(sounds, kit, COMPUTED, TRAIN if number < last else VALIDATION)
    return sounds + judged


def beds_of(soundfonts: Sequence[tuple[Path, str]], spec: TeachSpec) -> list[Sound]:
    """Return excerpts of other instruments, longer than a clip, at a peak of 1."""
    rate = spec.clip.sample_rate_hz
    length = spec.clip.clip_samples * 3 // 2
    found: list[Sound] = []
    for place, (path, _) in enumerate(soundfonts):
        chance = np.random.default_rng(seed_of("beds", spec.seed, place))
        made = soundfont_notes(path, spec.beds, length, rate, chance)
        found += [bed.astype(np.float16) for bed in made]
    return found


def folds_of(sounds: Sounds, count: int) -> list[frozenset[str]]:
    """Return sets of kits, of which each training kit of real sound is in one.

    Presets of a soundfont share samples: they are in one fold together. Computed kits are in
    none; what a model says of them says nothing about recordings.
    """
    if not count:
        return []
    groups: dict[str, set[str]] = {}
    for kit, kind, split in zip(sounds.kits, sounds.kinds, sounds.splits, strict=True):
        if kind in (RECORDED, SOUNDFONT) and split == TRAIN:
            groups.setdefault(kit.partition("/")[0] if kind == SOUNDFONT else kit, set()).add(kit)
    folds: list[set[str]] = [set() for _ in range(count)]
    for place, name in enumerate(sorted(groups)):
        folds[place % count] |= groups[name]
    return [frozenset(fold) for fold in folds if fold]
