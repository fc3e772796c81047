"""Beatmaps in other forms: MIDI, JAMS, CSV and plain text, both ways.

==========  ==================================================================================
midi        drums on channel 10, one key a label, tempo and meter; velocity 0.8 where unknown;
            no confidence. Read by General MIDI keys, or as a Roland TD-11's
jams        namespace ``tag_open``: label and confidence; velocities and all else in the sandbox
csv         ``onset_s,label,velocity,confidence`` with a header; empty where unknown
txt         time and label, parted by blanks, tabs or a comma: a usual form of annotations
==========  ==================================================================================

What belongs here: bytes of each form. What does not: what a beatmap is
(:mod:`groove.drums.beatmap`).
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from groove.drums.beatmap import (
    MAX_HITS,
    Beatmap,
    BeatmapError,
    Form,
    Tempo,
    beatmap_of,
    from_bsm,
    to_bsm,
)
from groove.drums.beatmap_jams import from_jams, to_jams
from groove.midi.taxonomy import Mapped, label_of_note, note_of_label

CSV_COLUMNS = ("onset_s", "label", "velocity", "confidence")
#: Ticks per quarter of written MIDI: 0.13 ms at 120 quarters a minute.
TICKS = 1920
_UNKNOWN_VELOCITY = 0.8
_DEFAULT_BPM = 120.0
_LENGTH_QUARTERS = 0.125
_NO_NOTES = (
    b"MThd\x00\x00\x00\x06\x00\x01\x00\x01"
    + TICKS.to_bytes(2, "big")
    + b"MTrk\x00\x00\x00\x04\x00\xff\x2f\x00"
)


def render(beatmap: Beatmap, form: Form) -> bytes:
    """Return a beatmap as the bytes of a file of a form."""
    return _WRITERS[form](beatmap)


def parse(data: bytes, form: Form, name: str = "beatmap") -> Beatmap:
    """Return the beatmap in a file's bytes.

    Raises
    ------
    BeatmapError
        If it is none of that form; ``name`` says which file.
    """
    return _READERS[form](data, name)


def to_midi(beatmap: Beatmap) -> bytes:
    """Return a beatmap as a Standard MIDI File; hits without end last a thirty-second."""
    from groove.midi.notes import song_from_notes, write_midi

    if not beatmap.hits:
        return _NO_NOTES
    seconds = np.array([hit.time_s for hit in beatmap.hits])
    quarters = _quarters_at(beatmap.tempos, seconds)
    tempos = beatmap.tempos or [Tempo(time_s=0.0, bpm=_DEFAULT_BPM)]
    at = _quarters_at(beatmap.tempos, np.array([tempo.time_s for tempo in tempos]))
    at[0] = 0.0
    anchors = [(float(q), tempo.bpm) for q, tempo in zip(at, tempos, strict=True)]
    meters = _quarters_at(beatmap.tempos, np.array([meter.time_s for meter in beatmap.meters]))
    velocity = [hit.velocity for hit in beatmap.hits]
    song = song_from_notes(
        quarters,
        _LENGTH_QUARTERS,
        [note_of_label(hit.label) for hit in beatmap.hits],
        [max(1, round(127 * (_UNKNOWN_VELOCITY if v is None else v))) for v in velocity],
        0,
        drum=True,
        tempos=anchors,
        meters=[
            (float(at), *_fraction(meter.meter))
            for at, meter in zip(meters, beatmap.meters, strict=True)
        ],
        ticks_per_quarter=TICKS,
    )
    return write_midi(song)


def from_midi(data: bytes, name: str = "beatmap", mapping: Mapped = "gm") -> Beatmap:
    """Return the drums of a MIDI file; keys without a label are counted in ``about``.

    Raises
    ------
    BeatmapError
        If it is no MIDI file, or has no drums.
    """
    from groove.midi.notes import MidiError, read_midi
    from groove.midi.song import seconds_at

    if data == _NO_NOTES:
        return Beatmap(hits=[])
    try:
        song = read_midi(data)
    except MidiError as error:
        raise BeatmapError(f"{name}: {error}") from error
    if not song.drum.any():
        raise BeatmapError(f"{name}: has no notes on channel 10, where drums are")
    hits, unknown = [], 0
    columns = (song.start_s, song.pitch, song.velocity)
    for time, note, velocity in zip(*(c[song.drum].tolist() for c in columns), strict=True):
        label = label_of_note(note, mapping)
        if label is None:
            unknown += 1
            continue
        hits.append({"time_s": time, "label": label, "velocity": velocity / 127})
    meters = zip(song.meter_numerator.tolist(), song.meter_denominator.tolist(), strict=True)
    meter_s = seconds_at(song, song.meter_tick).tolist()
    tempo_s = seconds_at(song, song.tempo_tick).tolist()
    content = {
        "hits": hits,
        "tempos": [
            {"time_s": time, "bpm": min(bpm, 2_000.0)}
            for time, bpm in zip(tempo_s, song.tempo_bpm.tolist(), strict=True)
        ],
        "meters": [
            {"time_s": time, "meter": f"{n}/{d}"}
            for time, (n, d) in zip(meter_s, meters, strict=True)
        ],
        "about": {"notes_without_label": unknown} if unknown else {},
    }
    return beatmap_of(content, name)


def to_csv(beatmap: Beatmap) -> bytes:
    """Return the hits as CSV with a header, :data:`CSV_COLUMNS`."""
    lines = [",".join(CSV_COLUMNS)]
    lines += [
        f"{hit.time_s:.6f},{hit.label},{_cell(hit.velocity)},{_cell(hit.confidence)}"
        for hit in beatmap.hits
    ]
    return ("\n".join(lines) + "\n").encode()


def from_csv(data: bytes, name: str = "beatmap") -> Beatmap:
    """Return the hits of such CSV; columns in any order, ``onset_s`` and ``label`` needed.

    Raises
    ------
    BeatmapError
        Naming the line.
    """
    reader = csv.DictReader(io.StringIO(_text(data, name), newline=""), strict=True)
    try:
        given = reader.fieldnames or []
        if unknown := sorted(set(given) - set(CSV_COLUMNS)):
            raise BeatmapError(f"{name}: unknown columns {unknown[:3]}; they are {CSV_COLUMNS}")
        if missing := {"onset_s", "label"} - set(given):
            raise BeatmapError(f"{name}: no column {', '.join(sorted(missing))}")
        hits: list[dict[str, Any]] = []
        for row in reader:
            where = f"{name}, line {reader.line_num}"
            if None in row or None in row.values():
                raise BeatmapError(f"{where}: {len(given)} cells are wanted")
            hit = {"time_s": _number(row["onset_s"], where), "label": row["label"]}
            for column in ("velocity", "confidence"):
                if row.get(column):
                    hit[column] = _number(row[column], where)
            hits.append(_one(hit, where, hits))
    except csv.Error as error:
        raise BeatmapError(f"{name}, line {reader.line_num}: {error}") from error
    return beatmap_of({"hits": hits}, name)


def to_text(beatmap: Beatmap) -> bytes:
    """Return ``time<TAB>label`` lines."""
    return "".join(f"{hit.time_s:.6f}\t{hit.label}\n" for hit in beatmap.hits).encode()


def from_text(data: bytes, name: str = "beatmap") -> Beatmap:
    """Return the hits of lines of time and label; what starts with ``#`` is passed over.

    Raises
    ------
    BeatmapError
        Naming the line.
    """
    hits: list[dict[str, Any]] = []
    for number, line in enumerate(_text(data, name).splitlines(), 1):
        cells = line.replace(",", " ", 1).split(None, 1)
        if not cells or cells[0].startswith("#"):
            continue
        where = f"{name}, line {number}"
        if len(cells) < 2:
            raise BeatmapError(f"{where}: a time and a label are wanted")
        label = cells[1].strip().strip('"')
        hits.append(_one({"time_s": _number(cells[0], where), "label": label}, where, hits))
    return beatmap_of({"hits": hits}, name)


def _quarters_at(tempos: list[Tempo], seconds: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return quarter notes from the start at each time, through the tempo map."""
    if not tempos:
        return np.asarray(seconds * (_DEFAULT_BPM / 60))
    start = np.array([tempo.time_s for tempo in tempos])
    rate = np.array([tempo.bpm for tempo in tempos]) / 60
    start[0] = 0.0  # the first tempo is in force from the start on
    done = np.concatenate([[0.0], np.cumsum(np.diff(start) * rate[:-1])])
    at = np.clip(np.searchsorted(start, seconds, side="right") - 1, 0, None)
    return np.asarray(done[at] + (seconds - start[at]) * rate[at])


def _fraction(meter: str) -> tuple[int, int]:
    numerator, denominator = meter.split("/")
    return int(numerator), int(denominator)


def _one(hit: dict[str, Any], where: str, before: list[dict[str, Any]]) -> dict[str, Any]:
    if len(before) >= MAX_HITS:
        raise BeatmapError(f"{where}: more than {MAX_HITS:,} hits")
    beatmap_of({"hits": [hit]}, where)
    return hit


def _number(text: str, where: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or "_" in text:
        raise BeatmapError(f"{where}: {text[:40]!r} is no number")
    return value


def _cell(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"


def _text(data: bytes, name: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BeatmapError(f"{name}: not UTF-8 text") from error


_WRITERS: Mapping[Form, Callable[[Beatmap], bytes]] = {
    "bsm": to_bsm,
    "midi": to_midi,
    "jams": to_jams,
    "csv": to_csv,
    "txt": to_text,
}
_READERS: Mapping[Form, Callable[[bytes, str], Beatmap]] = {
    "bsm": from_bsm,
    "midi": from_midi,
    "jams": from_jams,
    "csv": from_csv,
    "txt": from_text,
}
