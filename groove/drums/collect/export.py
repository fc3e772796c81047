"""A manifest's events as a data set: a clip each, ``metadata.json``, sides of a split.

::

    DIR/clips/kick/6f....flac    one clip per event, in the folder of its first class
    DIR/events.jsonl             the manifest of the clips, with the side of the split of each
    DIR/metadata.json            counts, durations, licences; written last

A clip is cut and written whole; one that is there is not cut again, so that an export that was
killed goes on where it was. Without ``metadata.json`` a folder is no finished data set. The same
events and settings give the same files.

What shares a kit, a session, a stated group, an audio file or a sound (by its fingerprint) is on
one side; so is what is said to belong together.

What belongs here: layout and order of work. What does not: how a side is chosen
(:mod:`groove.core.splits`).
"""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from groove.audio.signature import same_content, signature
from groove.audio.waveform import AudioError, Waveform, encode, read_audio
from groove.core.dataset_metadata import Duration, Durations
from groove.core.digest import digest, sha256
from groove.core.files import write_whole
from groove.core.inputs import UNKNOWN_LICENSE
from groove.core.splits import SPLITS, assign, merge_groups
from groove.drums.collect.folder import cut_clip
from groove.drums.collect.sources import read_sound
from groove.drums.collect.spec import CutSpec, ExportSpec
from groove.drums.manifest.paths import Inside
from groove.drums.manifest.schema import Context, Event, ManifestError
from groove.drums.manifest.writing import write_events
from groove.midi.taxonomy import CLASSES

VERSION = "1"
METADATA = "metadata.json"
EVENTS = "events.jsonl"
_PLAN = "export.json"
_NEGATIVE = "negative"


class ExportError(ValueError):
    """A data set that cannot be written there; the message says why."""


@dataclass(frozen=True)
class Side:
    """What is on a side of the split: clips, kits (or sessions without one), classes without any."""

    clips: int
    groups: int
    without: list[str]


@dataclass(frozen=True)
class Exported:
    """What an export did.

    Attributes
    ----------
    clips
        Clips of the data set.
    written
        Those that were not there before.
    refused
        Events without a clip, and why: ``(sample_id, reason)``.
    sides
        What each side of the split holds.
    """

    clips: int
    written: int
    refused: list[tuple[str, str]]
    sides: dict[str, Side]


def export(
    events: Iterable[Event],
    root: Path,
    out: Path,
    cut: CutSpec | None = None,
    spec: ExportSpec | None = None,
) -> Exported:
    """Write a data set.

    Parameters
    ----------
    events
        What to export; the audio is below ``root``.
    root
        Data root of the events: for a collection, its folder.
    out
        Folder of the data set; a new one, or one that this very export was begun in.
    cut
        How clips are cut.
    spec
        How events are split.

    Raises
    ------
    ExportError
        If the folder holds something else, or an export of other events or settings; if no event
        is of a name that is said to belong together with others, or none can be cut out.
    groove.drums.manifest.schema.ManifestError
        If an audio path leads out of the root.
    OSError
        If something cannot be written.
    """
    cut, spec = cut or CutSpec(), spec or ExportSpec()
    listed = sorted(events, key=lambda event: (event.audio_path, event.onset_time, event.sample_id))
    if not listed:
        raise ExportError("there is no event to export")
    _together(listed, spec)
    inside = Inside(root)
    for event in listed:
        inside.check(event.audio_path)
    _begin(out, digest(VERSION, cut, spec, [e.model_dump_json() for e in listed]))
    done: list[tuple[Event, float]] = []
    refused: list[tuple[str, str]] = []
    written = 0
    sound: tuple[str, Waveform | None, str] = ("", None, "")
    sounds: list[NDArray[np.float32]] = []
    for event in listed:
        name = f"clips/{_folder(event)}/{digest(event.sample_id)[:24]}.flac"
        data = _standing(out / name)
        if data is None:
            if sound[0] != event.audio_path:
                sound = _loaded(inside, event.audio_path)
            if sound[1] is None or event.onset_time >= sound[1].duration_s:
                refused.append((event.sample_id, sound[2] or "its onset is after the audio's end"))
                continue
            data = _clip(sound[1], event.onset_time, cut)
            (out / name).parent.mkdir(parents=True, exist_ok=True)
            write_whole(out / name, data)
            written += 1
        done.append(_described(event, name, data, cut))
        if spec.find_copies:
            clip = read_audio(data)
            sounds.append(signature(clip.mono(), clip.sample_rate))
    if not done:
        name, reason = refused[0]
        raise ExportError(f"none of {len(listed)} events can be cut out; {name}: {reason}")
    copies = same_content(sounds) if spec.find_copies else None
    kept = {event.sample_id for event, _ in done}
    sides = sides_of([event for event in listed if event.sample_id in kept], spec, copies)
    done = [
        (event.model_copy(update={"split": side}), length)
        for (event, length), side in zip(done, sides, strict=True)
    ]
    write_events((event for event, _ in done), out / EVENTS)
    write_whole(out / METADATA, _metadata(done, refused, cut, spec))
    exported = [event for event, _ in done]
    return Exported(len(done), written, refused, {name: _side(name, exported) for name in SPLITS})


def sides_of(
    events: list[Event], spec: ExportSpec, copies: Sequence[int] | None = None
) -> list[str]:
    """Return the side of each event: a kit, a session, a sound is wholly on one.

    A side that the events of a group state themselves is kept, if they agree.

    Parameters
    ----------
    events
        Events, before they were cut out of their files.
    spec
        Shares and salt.
    copies
        One number per event, equal for copies of one sound.
    """
    groups = merge_groups(
        [event.session_id for event in events],
        [event.kit_id for event in events],
        [event.audio_sha256 for event in events],
        [event.audio_path for event in events],
        [None] * len(events) if copies is None else copies,
        [event.split_group for event in events],
        *_together(events, spec),
    )
    names: dict[int, str] = {}
    stated: dict[int, set[str | None]] = {}
    for group, event in zip(groups, events, strict=True):
        own = event.kit_id or event.session_id
        names[group] = min(own, names.get(group, own))
        stated.setdefault(group, set()).add(event.split)
    free = [group for group in names if len(stated[group]) != 1 or stated[group] == {None}]
    # By name, not by number: another event must not move what is there.
    sides = assign([names[group] for group in free], spec.validation, spec.test, spec.salt)
    chosen = dict(zip(free, sides, strict=True))
    fixed = {group: next(iter(stated[group])) for group in names if group not in chosen}
    return [str(chosen.get(group) or fixed[group]) for group in groups]


def _side(name: str, events: list[Event]) -> Side:
    there = [event for event in events if event.split == name]
    struck = {klass for event in there for klass in event.classes}
    return Side(
        clips=len(there),
        groups=len({event.kit_id or event.session_id for event in there}),
        without=[klass for klass in CLASSES if klass not in struck],
    )


def _together(events: list[Event], spec: ExportSpec) -> list[list[str | None]]:
    """Return a list of labels for each set of names that belong together."""
    names = [
        {event.kit_id, event.session_id, event.source_set, event.split_group} for event in events
    ]
    known: set[str | None] = set().union(*names)
    if unknown := sorted({name for group in spec.together for name in group} - known):
        raise ExportError(f"no event is of a kit, session, source or group called {unknown[0]!r}")
    return [
        [group[0] if found & set(group) else None for found in names]
        for group in spec.together
        if group
    ]


def _begin(out: Path, plan: str) -> None:
    """Make the folder, or make sure that it is this export's own."""
    if out.exists() and not out.is_dir():
        raise ExportError(f"{out} is a file; a folder is wanted")
    out.mkdir(parents=True, exist_ok=True)
    mark = out / _PLAN
    if mark.is_file():
        if mark.read_bytes() != _mark(plan):
            raise ExportError(f"{out} holds an export of other events or settings; name another")
    elif any(out.iterdir()):
        raise ExportError(f"{out} is not empty; name a new folder")
    else:
        write_whole(mark, _mark(plan))


def _mark(plan: str) -> bytes:
    return (json.dumps({"schema": 1, "plan": plan}) + "\n").encode()


def _standing(path: Path) -> bytes | None:
    """Return a clip that an earlier run wrote, or None where there is none that can be read."""
    if not path.is_file() or path.is_symlink():
        return None
    data = path.read_bytes()
    try:
        soundfile.info(io.BytesIO(data))
    except RuntimeError:  # soundfile's own errors are RuntimeErrors
        return None
    return data


def _loaded(inside: Inside, path: str) -> tuple[str, Waveform | None, str]:
    try:
        return path, read_sound(inside.file(path))[0], ""
    except (AudioError, OSError) as error:
        return path, None, str(error)
    except ManifestError as error:
        return path, None, error.reason


def _clip(wave: Waveform, onset_s: float, cut: CutSpec) -> bytes:
    clip, _ = cut_clip(wave, onset_s, cut)
    samples = np.clip(clip.samples, -1.0, 1.0)
    return encode(Waveform(samples, clip.sample_rate), "flac", "PCM_24")


def _described(event: Event, name: str, data: bytes, cut: CutSpec) -> tuple[Event, float]:
    """Return the event of a clip, and the clip's length in seconds."""
    about = soundfile.info(io.BytesIO(data))
    onset = round(event.onset_time * about.samplerate)
    pre = min(onset, round(cut.pre_s * about.samplerate)) / about.samplerate
    length = about.frames / about.samplerate
    changes = {
        "audio_path": name,
        "audio_sha256": sha256(data),
        "onset_time": pre,
        "offset_time": None,
        "sample_rate": int(about.samplerate),
        "channels": int(about.channels),
        "context_ms": Context(pre=round(pre * 1000, 3), post=round((length - pre) * 1000, 3)),
    }
    return event.model_copy(update=changes), length


def _folder(event: Event) -> str:
    return event.classes[0] if event.classes else _NEGATIVE


def _metadata(
    done: list[tuple[Event, float]],
    refused: list[tuple[str, str]],
    cut: CutSpec,
    spec: ExportSpec,
) -> bytes:
    clips: dict[str, Counter[str]] = {name: Counter() for name in SPLITS}
    seconds: dict[str, dict[str, Counter[str]]] = {"split": {}, "source": {}}
    total: Counter[str] = Counter()
    groups: dict[str, set[str]] = {name: set() for name in SPLITS}
    for event, length in done:
        side = str(event.split)
        clips[side].update(event.classes or [_NEGATIVE])
        groups[side].add(event.kit_id or event.session_id)
        for kind, name in (("split", side), ("source", event.source_set or "unknown")):
            counter = seconds[kind].setdefault(name, Counter())
            counter["clips"] += 1
            counter["milliseconds"] += round(length * 1000)
        total["milliseconds"] += round(length * 1000)
    content: Mapping[str, Any] = {
        "schema": 1,
        "version": VERSION,
        "events": EVENTS,
        "classes": list(CLASSES),
        "cut": cut.model_dump(mode="json"),
        "splits": spec.model_dump(mode="json"),
        "clips": len(done),
        "seconds": total["milliseconds"] / 1000,
        "clips_by_split": {name: dict(sorted(count.items())) for name, count in clips.items()},
        "groups_by_split": {name: sorted(found) for name, found in groups.items()},
        **Durations(
            duration_by_split=_durations(seconds["split"]),
            duration_by_source=_durations(seconds["source"]),
        ).model_dump(),
        "licenses": sorted({event.license or UNKNOWN_LICENSE for event, _ in done}),
        "refused": [{"sample_id": name, "reason": reason} for name, reason in refused],
    }
    return (json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()


def _durations(found: Mapping[str, Counter[str]]) -> dict[str, Duration]:
    return {
        name: Duration(clips=count["clips"], seconds=count["milliseconds"] / 1000)
        for name, count in sorted(found.items())
    }
