"""Kits of recorded one-shots: which file is which drum, how hard, and in whose turn.

What belongs here: labelled one-shots to kits. What does not: what a file is of
(:mod:`groove.drums.collect.one_shots`), playing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from groove.audio.waveform import AudioError, AudioLimits, Waveform
from groove.drums.collect.folder import CollectionError
from groove.drums.collect.one_shots import audio_below, labels_told, one_shot_label
from groove.drums.collect.sources import read_sound
from groove.drums.kitplayer.kit import Drum, Hit, Kit, KitError, drum_of, hit_of
from groove.midi.taxonomy import LABELS, label_of_alias, label_of_name

_LIMITS = AudioLimits(max_seconds=60.0)
#: Words of file names for how hard a drum was struck.
_STRENGTHS = {
    "ghost": 0.15, "softest": 0.2, "pp": 0.2, "soft": 0.4, "piano": 0.4, "light": 0.4, "low": 0.4,
    "med": 0.65, "medium": 0.65, "mid": 0.65, "mp": 0.55, "mf": 0.7, "normal": 0.7,
    "hard": 0.85, "loud": 0.85, "forte": 0.85, "ff": 1.0, "hardest": 1.0, "accent": 1.0,
}  # fmt: skip
# "High", "mid" and "low" name toms, and are strengths only where another drum has them.
_PLACES = ("low", "mid")
_WORD = re.compile(r"[a-z]+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
#: Peaks this much apart, dB, are strokes of different strength.
_SPREAD_DB = 4.0
_EXPONENT = 1.2


@dataclass(frozen=True)
class OneShot:
    """One labelled sound that can be read.

    Attributes
    ----------
    name
        Of the file, relative, to group and to complain by.
    label, kit, source, license
        What it is, and whose.
    instrument
        What the data set calls the drum; "" where it does not.
    peak
        Of the sound before it was normalised; None: as it is.
    read
        Returns the sound.
    """

    name: str
    label: str
    kit: str
    source: str
    license: str
    instrument: str
    peak: float | None
    read: Callable[[], Waveform]


def kits_of_folder(
    folder: Path, *, least_labels: int = 1
) -> tuple[list[Kit], list[tuple[str, str]]]:
    """Return the kits of a folder of one-shots, and what could not be used: ``(file, reason)``.

    What is struck is said by ``labels.csv``, folders and names, as for collecting
    (:func:`groove.drums.collect.one_shots.add_one_shots`); the kit by the row, else by the top
    folder that means no label.

    Parameters
    ----------
    folder
        Of audio files, at any depth.
    least_labels
        Kits with fewer labels are left out.

    Raises
    ------
    KitError
        If ``labels.csv`` is damaged.
    OSError
        If the folder cannot be read.
    """
    refused: list[tuple[str, str]] = []
    try:
        told = labels_told(folder)
    except CollectionError as error:
        raise KitError(str(error)) from error
    found: list[OneShot] = []
    for path in audio_below(folder):
        relative = path.relative_to(folder).as_posix()
        row = told.get(relative, {})
        label = one_shot_label(relative, row)
        if label is None:
            refused.append((relative, "neither labels.csv, nor a folder, nor its name says what"))
            continue
        found.append(_of_file(path, relative, label, row, folder.name))
    kits, unread = kits_of_one_shots(found, least_labels=least_labels)
    return kits, refused + unread


def kits_of_one_shots(
    one_shots: Iterable[OneShot], *, least_labels: int = 1
) -> tuple[list[Kit], list[tuple[str, str]]]:
    """Return sounds as kits, in order of name, and what could not be used."""
    by_kit: dict[str, list[OneShot]] = {}
    for sound in one_shots:
        by_kit.setdefault(sound.kit, []).append(sound)
    kits: list[Kit] = []
    refused: list[tuple[str, str]] = []
    for name in sorted(by_kit):
        sounds = sorted(by_kit[name], key=lambda sound: sound.name)
        drums: dict[str, tuple[Drum, ...]] = {}
        for label in LABELS:
            groups: dict[str, list[OneShot]] = {}
            for sound in sounds:
                if sound.label == label:
                    groups.setdefault(_instrument(sound), []).append(sound)
            made = [
                _drum(groups[key], refused)
                for key in sorted(groups, key=lambda k: (-len(groups[k]), k))
            ]
            if kept := tuple(drum for drum in made if drum):
                drums[label] = kept
        if len(drums) >= max(1, least_labels):
            kits.append(
                Kit(name, _joined(s.license for s in sounds), _joined(s.source for s in sounds),
                    recorded=True, drums=drums)
            )  # fmt: skip
    return kits, refused


def _of_file(path: Path, relative: str, label: str, row: Mapping[str, str], top: str) -> OneShot:
    folders = [
        part for part in PurePosixPath(relative).parts[:-1]
        if (label_of_name(part) or label_of_alias(part)) is None
    ]  # fmt: skip
    return OneShot(
        name=relative,
        label=label,
        kit=row.get("kit") or next(iter(folders), top),
        source=row.get("source") or top,
        license=row.get("licence") or row.get("license") or "",
        instrument=row.get("instrument_name") or "",
        peak=_number(row.get("original_peak")),
        read=lambda: read_sound(path, _LIMITS)[0],
    )


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if np.isfinite(value) and value > 0 else None


def _words(name: str) -> list[str]:
    return _WORD.findall(_CAMEL.sub(" ", name).lower())


def _instrument(sound: OneShot) -> str:
    """Return what a sound's drum is called: its name without strength, number and kit."""
    if sound.instrument:
        return sound.instrument.lower()
    stem = PurePosixPath(sound.name).stem.rpartition("__")[2]
    return " ".join(word for word in _words(stem) if word not in _STRENGTHS or word in _PLACES)


def _strength(sound: OneShot) -> float | None:
    """Return the velocity that a file's name states in words."""
    stem = PurePosixPath(sound.name).stem.rpartition("__")[2]
    stated = [_STRENGTHS[word] for word in _words(stem) if word in _STRENGTHS]
    if any(word in _PLACES for word in _words(stem)) and sound.label.startswith("tom"):
        return None
    return stated[-1] if stated else None


def _drum(sounds: list[OneShot], refused: list[tuple[str, str]]) -> Drum:
    """Return the strokes of one drum as layers: by stated strength, else by level."""
    hits: list[tuple[float | None, float, Hit]] = []
    for sound in sounds:
        try:
            wave = sound.read()
            hit = hit_of(wave.samples, wave.sample_rate)
        except (AudioError, KitError, OSError) as error:
            refused.append((sound.name, str(error)))
            continue
        peak = sound.peak or float(np.abs(wave.mono()).max())
        hits.append((_strength(sound), peak, hit))
    if not hits:
        return ()
    if all(stated is not None for stated, _, _ in hits):
        # What was struck hardest may be the hardest that the drum can do.
        top = max(stated or 0.0 for stated, _, _ in hits)
        return drum_of(((stated or top) / top, hit) for stated, _, hit in hits)
    loudest = max(peak for _, peak, _ in hits)
    softest = min(peak for _, peak, _ in hits)
    if 20 * np.log10(loudest / softest) < _SPREAD_DB:
        return drum_of((1.0, hit) for _, _, hit in hits)
    # Steps of a tenth: strokes of nearly one level take turns.
    shares = [np.ceil(10 * (peak / loudest) ** (1 / _EXPONENT) - 1e-6) / 10 for _, peak, _ in hits]
    return drum_of((float(share), hit) for share, (_, _, hit) in zip(shares, hits, strict=True))


def _joined(texts: Iterable[str]) -> str:
    return "; ".join(sorted({text for text in texts if text}))
