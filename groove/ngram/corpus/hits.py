"""What is struck in a loop, and when: notes of a MIDI file, or onsets heard in a recording.

What belongs here: a file's content as a song in its meter, and the song's drum notes as hits of an
alphabet. What does not: grids and rows (:mod:`groove.ngram.corpus.events`).

What a label keeps of a drum pad
--------------------------------
A label is what is struck, not where on its pad. Of the Roland TD-11 of Groove MIDI the snare's
rim (40) and cross-stick (37), the ride's bell (53) and the hi-hat's pedal (44) are labels of their
own and come back as such. Bow and edge of hi-hat (22/42, 26/46), crash (49/55, 57/52) and ride
(51/59), the two crashes, and head and rim of toms (48/50, 45/47, 43/58) share a label: the hit
survives with its time and velocity, the place on the pad does not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from groove.audio.strokes import Labeller
from groove.core.store import Store
from groove.midi.meter import in_meter
from groove.midi.notes import Song, read_midi
from groove.midi.song import song_from_notes
from groove.midi.taxonomy import Mapped, label_of_note, note_of_label
from groove.ngram.corpus.alphabets import Alphabet
from groove.ngram.spec import EventSpec

Ints = NDArray[np.int64]

#: Hi-hat edges: keys that a TD-11 sends and General MIDI has no drum for.
TD11_ONLY = (22, 26)
_NOTE_QUARTERS = 1 / 16


class EventError(ValueError):
    """A loop that has no steps to count. The message says why."""


@dataclass(frozen=True)
class Hits:
    """Hits of a loop in order of tick, arrays of equal length, and what became of its notes.

    Parameters
    ----------
    tick, label, velocity
        Song ticks; labels by their number in the alphabet; 1..127.
    unmapped
        Notes on keys that the mapping has no label for.
    doubled
        Notes on the key and tick of another.
    """

    tick: Ints
    label: Ints
    velocity: Ints
    unmapped: int
    doubled: int


def read_song(
    item: Mapping[str, Any], store: Store, labeller: Labeller | None = None
) -> tuple[Song, bool]:
    """Return a loop as a song in its meter, and whether its drum keys are General MIDI for sure.

    Parameters
    ----------
    item
        A row of :func:`groove.ngram.corpus.events.drum_loops`.
    store
        Where the file is read from.
    labeller
        What names the onsets of a recording; none is the heuristic one.

    Raises
    ------
    EventError
        A recording in which nothing is struck.
    groove.midi.notes.MidiError, groove.audio.waveform.AudioError
        If the file cannot be read.
    """
    data = store.read_raw(item["path"])
    if item.get("format", "midi") == "audio":
        return _heard(item, data, labeller), True
    song = read_midi(data)
    meter = item.get("meter")
    return (in_meter(song, meter) if isinstance(meter, str) else song), False


def mapping_of(song: Song, spec: EventSpec, source: str) -> Mapped:
    """Return what the drum notes of a MIDI file mean."""
    if spec.note_mapping != "auto":
        return spec.note_mapping
    named = source.lower().startswith(tuple(spec.td11_sources)) if spec.td11_sources else False
    return "td11" if named or np.isin(TD11_ONLY, song.pitch[song.drum]).any() else "gm"


def hits_of(song: Song, alphabet: Alphabet, mapping: Mapped) -> Hits:
    """Return the drum notes of a song that are in an alphabet.

    Every note is a hit. Two keys of one label on one tick (two crashes, a tom's head and rim) are
    two, and so are two notes on one key and tick, which doubled tracks have.

    Raises
    ------
    EventError
        If there are none.
    """
    if not song.drum.any():
        raise EventError("no note on the drum channel (10): not a drum loop")
    pitch = song.pitch[song.drum].astype(np.int64)
    tick = song.start_tick[song.drum]
    velocity = song.velocity[song.drum].astype(np.int64)
    order = np.lexsort((-velocity, pitch, tick))
    tick, pitch, velocity = tick[order], pitch[order], velocity[order]
    again = np.zeros(len(tick), dtype=np.bool_)
    again[1:] = (np.diff(tick) == 0) & (np.diff(pitch) == 0)
    label = alphabet.labels_of(pitch, velocity, mapping)
    inside = label >= 0
    if not inside.any():
        raise EventError(f"none of its notes is {alphabet.name}")
    known = np.array([label_of_note(note, mapping) is not None for note in range(128)])
    return Hits(
        tick=tick[inside],
        label=label[inside],
        velocity=velocity[inside],
        unmapped=int((~known[pitch] & inside).sum()),
        doubled=int((again & inside).sum()),
    )


def _heard(item: Mapping[str, Any], data: bytes, labeller: Labeller | None) -> Song:
    """Return a recording as drum notes in its stated tempo and meter, bar 1 at its start."""
    from groove.audio.strokes import BandLabeller, strokes
    from groove.audio.waveform import read_audio

    sound = read_audio(data)
    found = strokes(sound.mono(), sound.sample_rate, labeller or BandLabeller())
    if not len(found.onset_s):
        raise EventError("nothing is struck in this recording")
    tempo_bpm = float(item["tempo_bpm"])
    meter = item.get("meter")
    song = song_from_notes(
        start_beat=found.onset_s * tempo_bpm / 60.0,
        duration_beat=_NOTE_QUARTERS,
        pitch=[note_of_label(label) for label in found.label],
        velocity=found.velocity,
        program=0,
        drum=True,
        tempos=[(0.0, tempo_bpm)],
        meters=[],
    )
    return in_meter(song, meter if isinstance(meter, str) else "4/4")
