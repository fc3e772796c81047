"""Folders of labelled one-shots, as they come: class folders, names, or a ``labels.csv``.

What belongs here: finding one-shots and what each is. What does not: other sources
(:mod:`groove.drums.collect.sources`).
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath

from groove.audio.waveform import AudioError, AudioLimits
from groove.core.inputs import AUDIO_SUFFIXES
from groove.drums.collect.folder import Collection, CollectionError, Origin
from groove.drums.collect.sources import Report, component_of, origin_of, read_sound
from groove.drums.corpus.events import EventError, onset
from groove.midi.taxonomy import label_of_alias, label_of_name

_LABELS_CSV = "labels.csv"
_MAX_CSV_BYTES = 100_000_000
_ONE_SHOT_LIMITS = AudioLimits(max_seconds=60.0)
_NAMES = ("instrument_name", "instrument", "name", "original_file")


def add_one_shots(collection: Collection, folder: Path, *, origin: Origin | None = None) -> Report:
    """Add a folder of one-shots; what is struck is said by ``labels.csv``, folders and names.

    A row of ``labels.csv`` (``file``, ``label``, and ``kit``, ``group``, ``source``, ``licence`` …)
    counts first. Without one, the nearest folder whose name means a label does, then the file's name.
    The kit is the row's, else the top folder that means no label, else the folder itself.

    Parameters
    ----------
    collection
        To add to.
    folder
        Of audio files, at any depth.
    origin
        What is known of all of them; what ``labels.csv`` says counts more.

    Raises
    ------
    CollectionError
        If ``labels.csv`` is damaged, or names a file outside the folder.
    OSError
        If the folder cannot be read.
    """
    told = labels_told(folder)
    report = Report()
    before = (collection.added, collection.known)
    for path in audio_below(folder):
        relative = path.relative_to(folder).as_posix()
        try:
            _one_shot(collection, path, relative, told.get(relative, {}), folder.name, origin)
        except (AudioError, CollectionError, EventError, OSError) as error:
            report.refused.append((relative, str(error)))
    report.added, report.known = collection.added - before[0], collection.known - before[1]
    return report


def one_shot_label(relative: str, row: Mapping[str, str]) -> str | None:
    """Return the label of a one-shot by its row of ``labels.csv``, its folders and its name.

    >>> one_shot_label("808/RS/RS.WAV", {}), one_shot_label("kit/toms/Tom_Floor.wav", {})
    ('rimshot', 'tom_low')
    """
    path = PurePosixPath(relative)
    details = [row[name] for name in _NAMES if row.get(name)]
    given = row.get("label", "")
    if given:
        return label_of_name(given, *details, path.stem) or label_of_alias(given)
    for part in reversed(path.parts[:-1]):
        if label_of_name(part) is not None:
            return label_of_name(part, *details, path.stem)
        if label := label_of_alias(part):
            return label
    return label_of_name(path.stem) or label_of_alias(path.stem)


def _means(name: str) -> bool:
    return (label_of_name(name) or label_of_alias(name)) is not None


def _one_shot(
    collection: Collection,
    path: Path,
    relative: str,
    row: Mapping[str, str],
    top: str,
    origin: Origin | None,
) -> None:
    label = one_shot_label(relative, row)
    if label is None:
        raise CollectionError("neither labels.csv, nor a folder, nor its name says what it is")
    wave, content = read_sound(path, _ONE_SHOT_LIMITS)
    start = onset(wave.mono(), collection.cut.onset_share) / wave.sample_rate
    folders = [part for part in PurePosixPath(relative).parts[:-1] if not _means(part)]
    kit = row.get("kit") or (origin.kit_id if origin else None) or next(iter(folders), top)
    about = origin_of(path, content, origin, "labelled one-shot")
    about = replace(
        about,
        session_id=kit,
        kit_id=kit,
        source_set=row.get("source") or about.source_set or top,
        license=row.get("licence") or row.get("license") or about.license,
        split_group=row.get("group") or about.split_group,
    )
    collection.add(wave, start, [component_of(label, None)], about)


def audio_below(folder: Path) -> Iterator[Path]:
    """Yield audio files in order of name; links to elsewhere are not followed."""
    if not folder.is_dir():
        raise NotADirectoryError(20, "is no folder", str(folder))
    for root, folders, files in os.walk(folder, followlinks=False):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            path = Path(root, name)
            if path.suffix.lower() in AUDIO_SUFFIXES and not path.is_symlink():
                yield path


def labels_told(folder: Path) -> dict[str, dict[str, str]]:
    """Return the rows of ``labels.csv`` by file."""
    path = folder / _LABELS_CSV
    if not path.is_file():
        return {}
    if path.stat().st_size > _MAX_CSV_BYTES:
        raise CollectionError(f"{path}: over {_MAX_CSV_BYTES // 1_000_000} MB")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise CollectionError(f"{path}: not UTF-8 text") from error
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    found: dict[str, dict[str, str]] = {}
    try:
        if not {"file", "label"} <= set(reader.fieldnames or ()):
            raise CollectionError(f"{path}: columns file and label are needed")
        for row in reader:
            name = str(row["file"] or "")
            parts = PurePosixPath(name).parts
            if not parts or PurePosixPath(name).is_absolute() or ".." in parts:
                raise CollectionError(f"{path}, line {reader.line_num}: {name[:80]!r} is no file")
            found[name] = {str(k): v for k, v in row.items() if isinstance(v, str)}
    except csv.Error as error:
        raise CollectionError(f"{path}, line {reader.line_num}: {error}") from error
    return found
