"""The folder that a person works in: sounds, lists, and a page to listen and to answer.

::

    DIR/audio/0001_snare_6f....flac    the sound around each onset
    DIR/queue.jsonl, DIR/queue.csv     the queue
    DIR/index.html                     listen, type the label, save the answers; written last

A sound is cut and written whole; one that is there is not cut again, so that an export that was
killed goes on where it was. Without ``index.html`` a folder is not finished. The same queue and
settings give the same files.

What belongs here: layout and order of work. What does not: the page
(:mod:`groove.drums.label_queue.page`), ranks (:mod:`groove.drums.label_queue.ranking`).
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import soundfile

from groove.audio.waveform import AudioError, Waveform
from groove.core.digest import digest
from groove.core.files import write_whole
from groove.core.tables import records
from groove.drums.collect.sources import read_sound
from groove.drums.label_queue.page import page
from groove.drums.label_queue.snippets import snippet_bytes
from groove.drums.label_queue.spec import SnippetSpec
from groove.drums.manifest.paths import Inside
from groove.drums.manifest.schema import ManifestError
from groove.midi.taxonomy import CLASSES

VERSION = "1"
PAGE, LINES, SHEET, SOUNDS = "index.html", "queue.jsonl", "queue.csv", "audio"
_PLAN = "export.json"
_DIGITS = 4
#: What a spreadsheet would take for the beginning of a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class QueueError(ValueError):
    """A queue that cannot be written there; the message says why."""


@dataclass(frozen=True)
class Exported:
    """What an export did: clips in the folder, sounds written now, and clips without a sound."""

    clips: int
    written: int
    refused: list[tuple[str, str]]


def export_queue(
    ranked: pd.DataFrame,
    labels: Mapping[str, Sequence[str]],
    root: Path,
    out: Path,
    spec: SnippetSpec | None = None,
) -> Exported:
    """Write the folder.

    Parameters
    ----------
    ranked
        As :func:`groove.drums.label_queue.ranking.queue` returns it.
    labels
        ``sample_id`` to the labels that an event has now.
    root
        Data root that the paths are below.
    out
        The folder; a new one, or one that this very export was begun in.
    spec
        How sounds are cut.

    Raises
    ------
    QueueError
        If the folder holds something else, or an export of another queue.
    groove.drums.manifest.schema.ManifestError
        If a path leads out of the root; nothing is written then.
    OSError
        If something cannot be written.
    """
    spec = spec or SnippetSpec()
    inside = Inside(root)
    listed = [_line(row, labels) for row in records(ranked)]
    for line in listed:
        inside.check(line["audio_path"])
    _begin(out, digest(VERSION, spec.model_dump(), listed))
    refused: dict[str, str] = {}
    written = 0
    # File by file, so that a song is decoded once.
    sound: tuple[str, Waveform | None, str] = ("", None, "")
    for line in sorted(listed, key=lambda one: (one["audio_path"], one["rank"])):
        target = out / line["audio"]
        if _stands(target):
            continue
        if sound[0] != line["audio_path"]:
            sound = _loaded(inside, line["audio_path"])
        if sound[1] is None:
            refused[line["sample_id"]] = sound[2]
            continue
        try:
            data = snippet_bytes(sound[1], line["onset_time"], spec)
        except AudioError as error:
            refused[line["sample_id"]] = str(error)
            continue
        write_whole(target, data)
        written += 1
    kept = [line for line in listed if line["sample_id"] not in refused]
    write_whole(out / LINES, b"".join(_json(line) + b"\n" for line in kept))
    write_whole(out / SHEET, _sheet(kept))
    write_whole(out / PAGE, page(kept, spec.pre_s))
    return Exported(len(kept), written, list(refused.items()))


def _line(row: Mapping[str, Any], labels: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Return a row of the queue as its line; times and paths are named as in a manifest."""
    rank, asked = int(row["rank"]), str(row["asked"])
    name = f"{rank:0{_DIGITS}d}_{asked}_{digest(row['sample_id'], row['path'])[:12]}.flac"
    shares = {
        klass: round(float(share), 6)
        for klass, share in zip(CLASSES, row["probabilities"], strict=True)
    }
    return {
        "rank": rank,
        "why": str(row["why"]),
        "asked": asked,
        **{
            figure: round(float(row[figure]), 6)
            for figure in ("score", "loss", "entropy", "margin", "diversity", "effect")
        },
        "gates": list(row["gates"]),
        "labels": list(labels.get(row["sample_id"], [])),
        "classes": list(row["true_classes"]),
        "predicted": list(row["predicted_classes"]),
        "probabilities": shares,
        "sample_id": str(row["sample_id"]),
        "session_id": str(row["session_id"]),
        "audio_path": str(row["path"]),
        "onset_time": float(row["onset_s"]),
        "audio": f"{SOUNDS}/{name}",
    }


def _begin(out: Path, plan: str) -> None:
    """Make the folder, or make sure that it is this export's own."""
    if out.exists() and not out.is_dir():
        raise QueueError(f"{out} is a file; a folder is wanted")
    out.mkdir(parents=True, exist_ok=True)
    mark = out / _PLAN
    wanted = _json({"schema": 1, "plan": plan}) + b"\n"
    if mark.is_file():
        if mark.read_bytes() != wanted:
            raise QueueError(f"{out} holds an export of another queue or settings; name another")
    elif any(out.iterdir()):
        raise QueueError(f"{out} is not empty; name a new folder")
    else:
        write_whole(mark, wanted)
    sounds = out / SOUNDS
    # A link in the folder's place would have the sounds written somewhere else.
    if sounds.is_symlink() or (sounds.exists() and not sounds.is_dir()):
        raise QueueError(f"{sounds} is no folder of its own; take it away")
    sounds.mkdir(exist_ok=True)


def _stands(path: Path) -> bool:
    """Return whether an earlier run wrote a sound that can be read."""
    if not path.is_file() or path.is_symlink():
        return False
    try:
        soundfile.info(str(path))
    except RuntimeError:  # soundfile's own errors are RuntimeErrors
        return False
    return True


def _loaded(inside: Inside, path: str) -> tuple[str, Waveform | None, str]:
    try:
        return path, read_sound(inside.file(path))[0], ""
    except (AudioError, OSError) as error:
        return path, None, str(error)
    except ManifestError as error:
        return path, None, error.reason


def _sheet(lines: Sequence[Mapping[str, Any]]) -> bytes:
    """Return the queue for a spreadsheet: lists as words, a column for each class."""
    out = io.StringIO()
    names = list(lines[0]) if lines else ["rank", "why"]
    names = [name for name in names if name != "probabilities"]
    writer = csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerow([*names, *(f"p_{klass}" for klass in CLASSES)])
    for line in lines:
        shares = line["probabilities"]
        writer.writerow([*(_cell(line[name]) for name in names), *shares.values()])
    return out.getvalue().encode()


def _cell(value: Any) -> Any:
    if isinstance(value, list):
        value = " + ".join(value)
    # An apostrophe keeps a hostile name from being run; queue.jsonl has it as it is.
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
