r"""Annotated folders: recordings, and what a listener says is struck in them.

::

    DIR/audio/NAME.wav           .flac .ogg .mp3 .aiff
    DIR/annotations/NAME.txt     a line per hit: time and label, then perhaps a velocity
    DIR/annotations/NAME.bsm     or another form of beatmap: .csv .tsv .jams .mid

A line's parts are set off by tabs, semicolons, commas or blanks; what follows ``#``, ``%`` or
``//`` is a comment; a first line of names (no digit in its first part) is passed over, and told.
Velocity is 0..1, or a MIDI one. A label track of Audacity (start, end, label) is read, too, and so
are decimal commas where something else sets the parts off. ``kick+hihat_closed`` is two hits.

Data sets name drums in their own ways. Any alias of the taxonomy is known; a label that is not
known is counted and named, and of its hit the time is kept: that something was struck is known. A
name that several classes share (``HH``, ``TT``, ``CY``) is taken for the commonest of them and
counted: figures of single classes then say less than those of groups.

What belongs here: which files belong together, and lenient reading. What does not: strict forms of
beatmaps (:mod:`groove.drums.beatmap`).
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from groove.core.inputs import AUDIO_SUFFIXES
from groove.drums.beatmap import MAX_BYTES, MAX_HITS, Beatmap, BeatmapError, Hit
from groove.drums.beatmap_forms import from_midi, parse
from groove.midi.taxonomy import Mapped, label_of_alias, label_of_note

#: Forms of annotations, the one that counts first.
SUFFIXES = (".txt", ".tsv", ".csv", ".lab", ".bsm", ".jams", ".mid", ".midi")
_LINES = frozenset({".txt", ".tsv", ".csv", ".lab"})

#: Names of data sets for what they do not tell apart, without case and separators.
_COARSE = frozenset(
    {
        "hh", "hihat", "hihats", "hat", "hats", "tt", "tom", "toms", "tomtom", "tomtoms",
        "cy", "cym", "cymbal", "cymbals",
    }
)  # fmt: skip
_COMMENT = re.compile(r"\s*(#|%|//).*$")
_BLANKS = re.compile(r"[\s]+")
_PLAIN = re.compile(r"[^a-z]")
_DIGIT = re.compile(r"\d")
_DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+")
# "0,5 kick" is a time and a label; "0,36" may be a time and a key.
_COMMA_THEN_NAME = re.compile(r"\d+,\d+\s+[^\W\d]")
_WHOLE = re.compile(r"\d+(\.0+)?")
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_SHOWN = 40
#: A hit's end is no further behind its start.
_LONGEST_HIT_S = 10.0


@dataclass(frozen=True)
class Annotation:
    """What a file says is struck.

    Parameters
    ----------
    beatmap
        Hits with a known label.
    unknown
        Labels that no taxonomy knows, and how often each is used.
    coarse
        Names that several classes share, and how often each is used.
    unlabelled_s
        Times of the hits of unknown labels, in order, s.
    passed_over
        The first line, if it was taken for names of columns; else nothing.
    """

    beatmap: Beatmap
    unknown: dict[str, int] = field(default_factory=dict)
    coarse: dict[str, int] = field(default_factory=dict)
    unlabelled_s: tuple[float, ...] = ()
    passed_over: str = ""


@dataclass(frozen=True)
class Pairs:
    """Files of an annotated folder.

    Parameters
    ----------
    both
        Name, recording and annotation, by name.
    audio_only, annotations_only
        Files without the other.
    """

    both: tuple[tuple[str, Path, Path], ...]
    audio_only: tuple[Path, ...]
    annotations_only: tuple[Path, ...]


class FolderError(ValueError):
    """A folder that is not laid out so; the message says what is missing."""


def pairs_in(folder: Path) -> Pairs:
    """Return which recordings of a folder are annotated.

    Raises
    ------
    FolderError
        If there is no ``audio`` or no ``annotations`` in it, or two recordings of one name.
    OSError
        If it cannot be read.
    """
    if not folder.is_dir():
        raise FolderError(f"{folder}: is no folder")
    for name in ("audio", "annotations"):
        if not (folder / name).is_dir():
            raise FolderError(
                f"{folder}: has no folder {name}: put recordings into audio/NAME.wav and what is "
                "struck in them into annotations/NAME.txt"
            )
    recordings: dict[str, Path] = {}
    for path in _files(folder / "audio", AUDIO_SUFFIXES):
        if path.stem in recordings:
            raise FolderError(f"{path}: {recordings[path.stem].name} has the same name")
        recordings[path.stem] = path
    notes: dict[str, Path] = {}
    for path in _files(folder / "annotations", SUFFIXES):
        before = notes.get(path.stem)
        if before is None or _rank(path) < _rank(before):
            notes[path.stem] = path
    return Pairs(
        tuple((n, recordings[n], notes[n]) for n in sorted(recordings.keys() & notes.keys())),
        tuple(recordings[name] for name in sorted(recordings.keys() - notes.keys())),
        tuple(notes[name] for name in sorted(notes.keys() - recordings.keys())),
    )


def read_annotation(path: Path, keys: Mapped = "gm") -> Annotation:
    """Return what an annotation says is struck.

    Parameters
    ----------
    path
        Of any form; see the module.
    keys
        What MIDI keys mean, in MIDI files and where a label is a number.

    Raises
    ------
    BeatmapError
        If it cannot be read; the message names the file and the line.
    OSError
        If it cannot be opened.
    """
    if path.stat().st_size > MAX_BYTES:
        raise BeatmapError(f"{path}: over {MAX_BYTES // 1_000_000} MB")
    data, suffix = path.read_bytes(), path.suffix.lower()
    if suffix in _LINES:
        return _of_lines(data, str(path), keys)
    if suffix in (".mid", ".midi"):
        beatmap = from_midi(data, str(path), keys)
        if not beatmap.about.get("notes_without_label"):
            return Annotation(beatmap)
        lost_s = _without_label(data, keys)
        unknown = {"MIDI keys without a label": len(lost_s)}
        return Annotation(beatmap, unknown, unlabelled_s=lost_s)
    return Annotation(parse(data, "jams" if suffix == ".jams" else "bsm", str(path)))


def _files(folder: Path, suffixes: Sequence[str] | frozenset[str]) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        hidden = path.name.startswith(".")
        if path.suffix.lower() in suffixes and path.is_file() and not hidden:
            yield path


def _rank(path: Path) -> int:
    return SUFFIXES.index(path.suffix.lower())


def _without_label(data: bytes, keys: Mapped) -> tuple[float, ...]:
    """Return when a MIDI file strikes keys that mean nothing."""
    from groove.midi.notes import read_midi

    song = read_midi(data)
    struck = zip(song.start_s[song.drum].tolist(), song.pitch[song.drum].tolist(), strict=True)
    return tuple(sorted(at for at, key in struck if label_of_note(key, keys) is None))


def _of_lines(data: bytes, name: str, keys: Mapped) -> Annotation:
    hits: list[Hit] = []
    lost_s: list[float] = []
    unknown: Counter[str] = Counter()
    coarse: Counter[str] = Counter()
    header = ""
    for number, line in enumerate(_text(data, name).splitlines(), 1):
        cells = _cells(line)
        if not cells:
            continue
        if not (header or hits or lost_s) and len(cells) > 1 and _is_word(cells[0]):
            header = line.strip()[:_SHOWN]  # once, before the first hit
            continue
        time_s, said, velocity = _hit(cells, f"{name}, line {number}", keys)
        for part in _parts(said, keys):
            if len(hits) + len(lost_s) >= MAX_HITS:
                raise BeatmapError(f"{name}, line {number}: more than {MAX_HITS:,} hits")
            label = label_of_alias(part, keys)
            if label is None:
                unknown[part[:_SHOWN]] += 1
                lost_s.append(time_s)
                continue
            if _PLAIN.sub("", part.lower()) in _COARSE:
                coarse[part[:_SHOWN]] += 1
            hits.append(Hit(time_s=time_s, label=label, velocity=velocity))
    return Annotation(
        Beatmap(hits=hits),
        dict(sorted(unknown.items())),
        dict(sorted(coarse.items())),
        tuple(sorted(lost_s)),
        header,
    )


def _text(data: bytes, name: str) -> str:
    wide = data.startswith(_UTF_16)
    try:
        return data.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        form = "UTF-16 text, though it begins as such" if wide else "UTF-8 text"
        raise BeatmapError(f"{name}: is no {form}; save it as UTF-8") from error


def _parts(said: str, keys: Mapped) -> list[str]:
    """Return what is struck at once: ``kick+snare`` is two labels."""
    if "+" not in said or label_of_alias(said, keys) is not None:
        return [said]
    return [part.strip() for part in said.split("+") if part.strip()] or [said]


def _cells(line: str) -> list[str]:
    """Return the parts of a line; blanks part them only where nothing else does."""
    plain = _COMMENT.sub("", line).strip()
    for mark in ("\t", ";", ","):
        if mark in plain and not (mark == "," and _COMMA_THEN_NAME.match(plain)):
            cells = [cell.strip().strip("\"'") for cell in plain.split(mark)]
            while cells and not cells[-1]:
                cells.pop()
            return cells
    first, *rest = _BLANKS.split(plain, maxsplit=1)
    return [cell.strip("\"'") for cell in (first, *rest) if cell]


def _hit(cells: list[str], where: str, keys: Mapped) -> tuple[float, str, float | None]:
    """Return time, label as it is written, and velocity."""
    time_s = _number(cells[0])
    if time_s is None:
        raise BeatmapError(
            f"{where}: {cells[0][:_SHOWN]!r} is no time; a time in seconds and a label are wanted"
        )
    if not 0 <= time_s <= 1e6:
        raise BeatmapError(f"{where}: {time_s:g} s is no time in a recording")
    rest = cells[1:]
    if len(rest) > 1 and _ends(rest, time_s, keys):
        rest = rest[1:]
    if len(rest) == 1 and label_of_alias(rest[0], keys) is None:
        # Set off by blanks, a label of several words is not told from what is around it.
        rest = _parted(rest[0], keys)
    if not rest or not rest[0]:
        raise BeatmapError(f"{where}: no label after the time; write {cells[0]}<TAB>kick")
    if len(rest) == 1 or not rest[1]:
        return time_s, rest[0], None
    velocity = _number(rest[1])
    if velocity is None or not 0 <= velocity <= 127:
        raise BeatmapError(
            f"{where}: {rest[1][:_SHOWN]!r} is no velocity; 0 to 1, or a MIDI velocity to 127"
        )
    return time_s, rest[0], velocity if velocity <= 1 else velocity / 127


def _parted(text: str, keys: Mapped) -> list[str]:
    """Return label and velocity of a text that is no label as a whole."""
    end, _, label = text.partition(" ")
    if _number(end) is not None and label_of_alias(label, keys) and not label.strip().isdigit():
        return [label.strip()]
    label, _, velocity = text.rpartition(" ")
    if label and _number(velocity) is not None:
        return [label.strip(), velocity]
    return [text]


def _ends(rest: list[str], time_s: float, keys: Mapped) -> bool:
    """Return whether the first of these is where a hit ends, not a MIDI key as its label."""
    end_s = _number(rest[0])
    if end_s is None or _number(rest[1]) is None:
        return end_s is not None
    if rest[0].isdigit() or not _WHOLE.fullmatch(rest[0]):
        return not rest[0].isdigit()
    # "36.0" may be either: an end is near, and a key follows it.
    near = time_s <= end_s <= time_s + _LONGEST_HIT_S
    meant = label_of_alias(rest[0], keys), label_of_alias(rest[1], keys)
    return meant[0] is None or (near and meant[1] is not None)


def _is_word(text: str) -> bool:
    """Return whether a first part names a column: no digit, nor what Python calls a number."""
    if _DIGIT.search(text):
        return False
    try:
        float(text)
    except ValueError:
        return True
    return False


def _number(text: str) -> float | None:
    if _DECIMAL_COMMA.fullmatch(text):
        text = text.replace(",", ".")
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and "_" not in text else None
