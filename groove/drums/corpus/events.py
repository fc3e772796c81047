"""The event manifest: what was struck, when, on which kit, in which file.

What belongs here: rows of ``hit_index`` and ``song_renders`` to rows of ``drum_events``.
What does not: which hits are simultaneous (:mod:`groove.drums.corpus.grouping`), what an event
sounds like (:mod:`groove.drums.corpus.clips`).

Conventions
-----------
* Both inputs become one list of items, so that one function makes the events of a file.
* A one-shot's velocity is not known: its level hangs on the recording. It is null.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from groove.audio.waveform import read_audio
from groove.core.digest import digest, seed_of
from groove.core.inputs import originals
from groove.core.store import Store
from groove.drums.corpus.grouping import Event, events_of_hits
from groove.drums.spec import EventSpec
from groove.midi import taxonomy
from groove.midi.taxonomy import class_of, label_of_note

VERSION = f"1+{taxonomy.DIGEST}"

#: Data sets whose one-shots are played by software.
SYNTHETIC_SOURCES = frozenset({"groove-demo", "TimGM6mb"})

_CARRIED = ("path", "sha256", "source", "license", "split_group", "split")


class EventError(ValueError):
    """A file without an event that could be used; the message says why."""


def items(hit_index: pd.DataFrame, song_renders: pd.DataFrame) -> pd.DataFrame:
    """Return one row per audio file that has events: one-shots, then renders.

    One-shots that repeat another's content are left out.
    """
    hits = originals(hit_index)
    one_shots = hits[list(_CARRIED)].assign(
        origin="hit",
        blob=None,
        kit_id=hits["kit"],
        label=hits["label"],
        hit_s=None,
        hit_note=None,
        hit_velocity=None,
    )
    drummed = song_renders[song_renders["hit_s"].map(len) > 0]
    songs = drummed[list(_CARRIED)].assign(
        origin="song",
        blob=drummed["audio"],
        kit_id=drummed["soundfont"],
        label=None,
        hit_s=drummed["hit_s"],
        hit_note=drummed["hit_note"],
        hit_velocity=drummed["hit_velocity"],
    )
    parts = [part.astype(object) for part in (one_shots, songs) if len(part)]
    return pd.concat(parts, ignore_index=True) if parts else one_shots


def events_of(item: Mapping[str, Any], spec: EventSpec, store: Store) -> Iterator[dict[str, Any]]:
    """Yield the rows of ``drum_events`` of one file.

    Raises
    ------
    EventError
        If a one-shot is silent.
    groove.audio.waveform.AudioError
        If the file is no audio.
    """
    if item["origin"] == "hit":
        events = [_one_shot(item, spec, store)]
        session, velocities_known = str(item["kit_id"]), False
    else:
        events = _chosen(_song(item, spec), item, spec)
        session, velocities_known = str(item["path"]), True
    content = str(item["blob"] or item["sha256"])
    shared = {name: item[name] for name in (*_CARRIED, "origin", "blob", "kit_id")}
    for event in events:
        yield {
            **shared,
            "sample_id": digest(item["path"], content, event.onset_s)[:16],
            "session_id": session,
            "is_synthetic": item["origin"] == "song" or item["source"] in SYNTHETIC_SOURCES,
            "content": content,
            "onset_s": event.onset_s,
            "labels": list(event.labels),
            "classes": list(event.classes),
            "velocities": list(event.velocities) if velocities_known else None,
            "techniques": list(event.techniques),
            "unknown_labels": event.unknown,
        }


def onset(samples: NDArray[np.float32], share: float) -> int:
    """Return the first sample at or above ``share`` of the peak.

    Parameters
    ----------
    samples
        One hit, mono.
    share
        Of the largest absolute sample, above 0 and below 1.

    Raises
    ------
    EventError
        If there is nothing but silence.
    """
    level = np.abs(samples)
    peak = float(level.max(initial=0.0))
    if peak == 0.0:
        raise EventError("the one-shot is silent: remove it or its label")
    return int(np.argmax(level >= share * peak))


def _one_shot(item: Mapping[str, Any], spec: EventSpec, store: Store) -> Event:
    wave = read_audio(store.read_raw(item["path"]))
    start_s = onset(wave.mono(), spec.onset_share) / wave.sample_rate
    label = item["label"]
    if not isinstance(label, str):
        return Event(start_s, (), (), (), 1)
    class_of(label)
    return Event(start_s, (label,), (0.0,), (), 0)


def _song(item: Mapping[str, Any], spec: EventSpec) -> list[Event]:
    return events_of_hits(
        np.asarray(item["hit_s"], dtype=np.float64),
        [label_of_note(int(note)) for note in item["hit_note"]],
        np.asarray(item["hit_velocity"], dtype=np.float64) / 127.0,
        spec.simultaneous_s,
        spec.bark_s,
    )


def _chosen(events: list[Event], item: Mapping[str, Any], spec: EventSpec) -> list[Event]:
    """Return some events of a song, in order of time; rare classes have the better chance.

    Sampling without replacement by the keys ``u ** (1 / weight)`` of Efraimidis and Spirakis
    (2006), in logarithms.
    """
    if len(events) <= spec.events_per_song:
        return events
    counts: dict[str, int] = {}
    for event in events:
        for name in event.classes:
            counts[name] = counts.get(name, 0) + 1
    rarest = [min((counts[name] for name in event.classes), default=1) for event in events]
    chance = np.random.default_rng(seed_of(item["path"], item["blob"], spec.seed))
    keys = np.log(chance.random(len(events))) * np.array(rarest, dtype=np.float64)
    kept = np.sort(np.argsort(-keys, kind="stable")[: spec.events_per_song])
    return [events[place] for place in kept]
