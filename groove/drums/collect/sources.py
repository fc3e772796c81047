"""Where hits come from: a time in a file, a beatmap, a rendered song.

What belongs here: each source to events of a collection. What does not: the collection's folder
(:mod:`groove.drums.collect.folder`), folders of one-shots (:mod:`groove.drums.collect.one_shots`).
"""

from __future__ import annotations

import stat
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from groove.audio.waveform import AudioError, AudioLimits, Waveform, read_audio
from groove.core.digest import sha256
from groove.core.store import Store
from groove.drums.beatmap import Beatmap
from groove.drums.collect.folder import Collection, CollectionError, Origin
from groove.drums.corpus.grouping import starts_of_events
from groove.drums.manifest.schema import Component
from groove.midi.taxonomy import Mapped, label_of_alias, label_of_note

MAX_AUDIO_BYTES = 2_000_000_000


@dataclass
class Report:
    """What became of the hits of a source.

    Attributes
    ----------
    added, known
        Hits that are new, and that were there already.
    refused
        What could not be used, and why: ``(name, reason)``.
    """

    added: int = 0
    known: int = 0
    refused: list[tuple[str, str]] = field(default_factory=list)


def read_sound(path: Path, limits: AudioLimits | None = None) -> tuple[Waveform, str]:
    """Return an audio file's sound and the hash of its content.

    Raises
    ------
    groove.audio.waveform.AudioError
        If it is no audio; the message names the file.
    OSError
        If it cannot be read.
    """
    about = path.stat()
    if not stat.S_ISREG(about.st_mode):
        # A pipe would be waited for, and a device never ends.
        raise AudioError(f"{path}: no regular file")
    if about.st_size > MAX_AUDIO_BYTES:
        raise AudioError(f"{path}: over {MAX_AUDIO_BYTES // 1_000_000} MB")
    data = path.read_bytes()
    try:
        return read_audio(data, limits), sha256(data)
    except AudioError as error:
        raise AudioError(f"{path}: {error}") from error


def add_hit(
    collection: Collection,
    path: Path,
    time_s: float,
    labels: Sequence[str],
    *,
    velocity: float | None = None,
    origin: Origin | None = None,
) -> str:
    """Add one hit of an audio file, and return its identity.

    Parameters
    ----------
    collection
        To add to.
    path
        Audio file.
    time_s
        Onset, s.
    labels
        What was struck.
    velocity
        How hard, 0..1, where it is known.
    origin
        What is known; its file and hash are filled in here.

    Raises
    ------
    CollectionError
        As :meth:`~groove.drums.collect.folder.Collection.add`.
    groove.audio.waveform.AudioError
        If the file is no audio.
    """
    wave, content = read_sound(path)
    about = origin_of(path, content, origin, "by hand")
    parts = [component_of(label, velocity) for label in labels]
    return collection.add(wave, time_s, parts, about)


def add_beatmap(
    collection: Collection,
    beatmap: Beatmap,
    path: Path,
    *,
    least_confidence: float = 0.0,
    origin: Origin | None = None,
) -> Report:
    """Add the hits of a beatmap; those at one moment are one event.

    Parameters
    ----------
    collection
        To add to.
    beatmap
        What was struck.
    path
        Its audio.
    least_confidence
        Hits below it are left out; those that state none are taken.
    origin
        As in :func:`add_hit`.

    Raises
    ------
    CollectionError
        If the beatmap states another hash than the audio has.
    groove.audio.waveform.AudioError
        If the file is no audio.
    """
    wave, content = read_sound(path)
    if beatmap.audio.sha256 not in (None, content):
        raise CollectionError(f"{path} is not the audio that the beatmap was made of")
    sure = [
        hit for hit in beatmap.hits
        if hit.confidence is None or hit.confidence >= least_confidence
    ]  # fmt: skip
    hits = [
        (
            hit.time_s,
            Component(label=hit.label, velocity=hit.velocity, openness=hit.openness),
            hit.techniques,
        )
        for hit in sure
    ]
    return _add_all(collection, wave, hits, origin_of(path, content, origin, "beatmap"))


def add_render(
    collection: Collection, row: Mapping[str, Any], store: Store, mapping: Mapped = "gm"
) -> Report:
    """Add the drum hits of a row of ``song_renders``: exact times, notes and velocities.

    Parameters
    ----------
    collection
        To add to.
    row
        Of ``song_renders``.
    store
        Where its audio is.
    mapping
        What the notes mean; those without a label are left out, and counted as refused.

    Raises
    ------
    groove.audio.waveform.AudioError
        If the blob is no audio.
    """
    data = store.read(row["audio"])
    hits: list[tuple[float, Component, Sequence[str]]] = []
    unknown = 0
    columns = (row["hit_s"], row["hit_note"], row["hit_velocity"])
    for time, note, velocity in zip(*(np.asarray(c).tolist() for c in columns), strict=True):
        label = label_of_note(int(note), mapping)
        if label is None:
            unknown += 1
        else:
            hits.append((float(time), component_of(label, int(velocity) / 127), []))
    origin = Origin(
        file=PurePosixPath(str(row["path"])).name,
        sha256=sha256(data),
        session_id=str(row["path"]),
        kit_id=str(row["soundfont"]),
        source_set=str(row["source"]),
        license=str(row["license"]),
        is_synthetic=True,
        label_method="rendered",
    )
    report = _add_all(collection, read_audio(data), hits, origin)
    if unknown:
        report.refused.append((origin.file, f"{unknown} notes that no label is for"))
    return report


def add_renders(
    collection: Collection, song_renders: Iterable[Mapping[str, Any]], store: Store
) -> Report:
    """Add the drum hits of rows of ``song_renders``; a row that cannot be used is reported."""
    total = Report()
    for row in song_renders:
        try:
            part = add_render(collection, row, store)
        except (AudioError, CollectionError) as error:
            total.refused.append((str(row["path"]), str(error)))
            continue
        total.added += part.added
        total.known += part.known
        total.refused += part.refused
    return total


def _add_all(
    collection: Collection,
    wave: Waveform,
    hits: Sequence[tuple[float, Component, Sequence[str]]],
    origin: Origin,
) -> Report:
    """Add hits of one sound; simultaneous ones become one event."""
    report = Report()
    before = (collection.added, collection.known)
    listed = sorted(hits, key=lambda hit: (hit[0], hit[1].label))
    times = np.array([hit[0] for hit in listed], dtype=np.float64)
    starts = starts_of_events(times, collection.cut.simultaneous_s).tolist()
    for first, last in zip(starts, [*starts[1:], len(listed)], strict=True):
        struck: dict[str, Component] = {}
        for _, part, _ in listed[first:last]:
            kept = struck.get(part.label)
            if kept is None or (part.velocity or 0.0) > (kept.velocity or 0.0):
                struck[part.label] = part
        techniques = [name for hit in listed[first:last] for name in hit[2]]
        try:
            collection.add(wave, listed[first][0], list(struck.values()), origin, techniques)
        except CollectionError as error:
            report.refused.append((f"{origin.file} at {listed[first][0]:.3f} s", str(error)))
    report.added, report.known = collection.added - before[0], collection.known - before[1]
    return report


def component_of(label: str, velocity: float | None) -> Component:
    """Return a component by any name of its label, or refuse it."""
    known = label_of_alias(label)
    if known is None:
        raise CollectionError(f"{label[:80]!r} is in no taxonomy")
    if velocity is not None and not 0 <= velocity <= 1:
        raise CollectionError(f"velocity {velocity:g} is outside 0..1")
    return Component(label=known, velocity=velocity)


def origin_of(path: Path, content: str, given: Origin | None, method: str) -> Origin:
    """Return what is known of a file; a session of its own where none is given."""
    name = "".join(c if c.isprintable() else "_" for c in path.name)
    if given is None:
        return Origin(name, content, session_id=f"file-{content[:16]}", label_method=method)
    session = given.session_id or f"file-{content[:16]}"
    method = given.label_method or method
    return replace(given, file=name, sha256=content, session_id=session, label_method=method)
