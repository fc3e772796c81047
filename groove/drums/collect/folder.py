"""The collection's folder: ``collection.jsonl`` and the clips that it names.

::

    DIR/collection.jsonl                  a manifest, one event a line
    DIR/clips/ab/ab12....flac             clips, by the hash of their bytes

A clip is written whole before its line. A line that a killed process left half written is no
event: it is cut off before the next one is added. Adding what is there already changes nothing.

What belongs here: the folder. What does not: where hits come from
(:mod:`groove.drums.collect.sources`).
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

import numpy as np
from filelock import FileLock, Timeout

from groove.audio.waveform import Waveform, encode
from groove.core.digest import digest, sha256
from groove.core.files import write_whole
from groove.drums.collect.spec import CutSpec
from groove.drums.manifest.reading import stream_events
from groove.drums.manifest.schema import Component, Context, Event
from groove.drums.manifest.writing import line_of

MANIFEST = "collection.jsonl"
CLIPS = "clips"
_LOCK = ".collection.lock"
_TAIL = 1 << 16


class CollectionError(ValueError):
    """A hit that cannot be collected, or a folder that is no collection; the message says why."""


@dataclass(frozen=True)
class Origin:
    """Where a hit was taken from, and what is known about it.

    Parameters
    ----------
    file
        Name of the audio file, without its folders.
    sha256
        Hash of its content.
    session_id, kit_id, drummer_id, room_id, source_set, license, split_group
        As in a manifest.
    is_synthetic
        Played by software.
    label_method
        How the labels came about.
    """

    file: str
    sha256: str
    session_id: str
    kit_id: str | None = None
    drummer_id: str | None = None
    room_id: str | None = None
    source_set: str | None = None
    license: str | None = None
    split_group: str | None = None
    is_synthetic: bool = False
    label_method: str | None = None


@dataclass
class Collection:
    """A collection that is open for adding; close it, or use it in a ``with`` block.

    Parameters
    ----------
    root
        Its folder; it is made when it is not there.
    cut
        How clips are cut.

    Raises
    ------
    CollectionError
        If the folder cannot be one, or another process is adding to it.
    groove.drums.manifest.schema.ManifestError
        If its manifest is damaged, naming the line.
    """

    root: Path
    cut: CutSpec = field(default_factory=CutSpec)
    added: int = field(default=0, init=False)
    known: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        if self.root.exists() and not self.root.is_dir():
            raise CollectionError(f"{self.root} is a file; a folder is wanted")
        (self.root / CLIPS).mkdir(parents=True, exist_ok=True)
        self._lock = FileLock(str(self.root / _LOCK))
        try:
            self._lock.acquire(timeout=0)
        except Timeout as error:
            raise CollectionError(f"{self.root}: another process is adding to it") from error
        try:
            _cut_torn_line(self.root / MANIFEST)
            self._ids = {event.sample_id for event in events_in(self.root)}
            self._file: BinaryIO = (self.root / MANIFEST).open("ab")
        except BaseException:
            self._lock.release()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Make what was added last, and let others add."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self._lock.release()

    def __contains__(self, sample_id: str) -> bool:
        return sample_id in self._ids

    def add(
        self,
        wave: Waveform,
        time_s: float,
        components: Sequence[Component],
        origin: Origin,
        techniques: Sequence[str] = (),
    ) -> str:
        """Cut a hit out of a sound and add it; return its identity.

        Parameters
        ----------
        wave
            The whole sound.
        time_s
            Onset in it, s.
        components
            What was struck; each label is one of the taxonomy, or an alias.
        origin
            Where it is from.
        techniques
            Ways of playing.

        Raises
        ------
        CollectionError
            If a label is unknown, the time is outside the sound, or the clip is silent.
        """
        if not components:
            raise CollectionError("say what was struck")
        named = []
        for component in components:
            if component.known is None:
                raise CollectionError(f"{component.label!r} is in no taxonomy")
            named.append(component.model_copy(update={"label": component.known}))
        if not 0 <= time_s < wave.duration_s:
            raise CollectionError(
                f"{time_s:g} s is outside {origin.file}, which is {wave.duration_s:.3f} s long"
            )
        named.sort(key=lambda component: component.label)
        sample_id = digest(
            "hit", origin.sha256, round(time_s, 4), [component.label for component in named]
        )[:20]
        if sample_id in self._ids:
            self.known += 1
            return sample_id
        clip, onset_s = cut_clip(wave, time_s, self.cut)
        if not float(np.abs(clip.samples).max(initial=0.0)) > 0:
            raise CollectionError(f"{origin.file} is silent around {time_s:g} s")
        # Lossy decoders may overshoot; a clip holds no more than full scale.
        clip = Waveform(np.clip(clip.samples, -1.0, 1.0), clip.sample_rate)
        data = encode(clip, "flac", "PCM_24")
        content = sha256(data)
        path = f"{CLIPS}/{content[:2]}/{content}.flac"
        target = self.root / path
        if not target.exists():
            target.parent.mkdir(exist_ok=True)
            write_whole(target, data)
        event = Event(
            sample_id=sample_id,
            session_id=origin.session_id,
            drummer_id=origin.drummer_id,
            kit_id=origin.kit_id,
            room_id=origin.room_id,
            source_set=origin.source_set,
            license=origin.license,
            is_synthetic=origin.is_synthetic,
            audio_path=path,
            audio_sha256=content,
            onset_time=onset_s,
            sample_rate=clip.sample_rate,
            channels=clip.channels,
            components=named,
            techniques=sorted(set(techniques)),
            context_ms=Context(
                pre=round(onset_s * 1000, 3), post=round((clip.duration_s - onset_s) * 1000, 3)
            ),
            label_method=origin.label_method,
            split_group=origin.split_group,
            qc={"file": origin.file, "file_sha256": origin.sha256, "time_s": round(time_s, 6)},
        )
        self._file.write(line_of(event))
        self._file.flush()
        self._ids.add(sample_id)
        self.added += 1
        return sample_id


def events_in(root: Path) -> Iterator[Event]:
    """Yield the events of a collection, in the order in which they were added.

    Raises
    ------
    groove.drums.manifest.schema.ManifestError
        If its manifest is damaged, naming the line.
    """
    path = root / MANIFEST
    if path.exists():
        yield from stream_events(path, root=root)


def cut_clip(wave: Waveform, time_s: float, spec: CutSpec) -> tuple[Waveform, float]:
    """Return the clip around a time, and where in it the time is, s; shorter at the ends."""
    onset = round(time_s * wave.sample_rate)
    start = max(0, onset - round(spec.pre_s * wave.sample_rate))
    end = onset + max(1, round(spec.post_s * wave.sample_rate))
    samples = np.ascontiguousarray(wave.samples[:, start:end])
    return Waveform(samples, wave.sample_rate), (onset - start) / wave.sample_rate


def _cut_torn_line(path: Path) -> None:
    """Cut off what follows the last line end: the trace of a killed process."""
    if not path.exists():
        return
    with path.open("r+b") as file:
        size = end = file.seek(0, io.SEEK_END)
        while end > 0:
            start = max(0, end - _TAIL)
            file.seek(start)
            found = file.read(end - start).rfind(b"\n")
            if found >= 0:
                end = start + found + 1
                break
            end = start
        if end < size:
            file.truncate(end)
