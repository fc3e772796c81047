"""A loop that a user gives, read for continuing it.

What belongs here: one file's bytes to bars. What does not: folders
(:mod:`groove.ngram.corpus.folder`), what a groove takes from the bars
(:mod:`groove.ngram.play.lead`).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

import pandas as pd

from groove.core import tags
from groove.core.digest import sha256
from groove.core.inputs import UNKNOWN_LICENSE, format_of
from groove.core.store import MemoryStore
from groove.midi.inventory import index_loop, loop_song
from groove.midi.spec import LoopIndexSpec
from groove.ngram.corpus.alphabets import AlphabetName
from groove.ngram.corpus.events import events_of, rows_of_song
from groove.ngram.play.heat import SampleError
from groove.ngram.spec import EventSpec

#: Largest file that is read.
MAX_BYTES = 100_000_000


def bars_of_file(
    data: bytes,
    name: str,
    alphabet: AlphabetName,
    about: Mapping[str, Any] | None = None,
    *,
    events: EventSpec | None = None,
) -> pd.DataFrame:
    """Return the bars of one MIDI file or recording, as rows of ``groove_events``.

    Parameters
    ----------
    data
        The file's content.
    name
        Its name: the suffix says what it is, and it may carry tags (:mod:`groove.core.tags`).
    alphabet
        What counts as a hit.
    about
        Tags of a side-car; they win over those of the name.
    events
        How bars are read, but for the alphabet; ``None`` takes the defaults.

    Raises
    ------
    SampleError
        If it is no music by its suffix, or too large.
    ValueError
        If it cannot be read, or nothing in it is of the alphabet.
    """
    if len(data) > MAX_BYTES:
        raise SampleError(f"{len(data):,} bytes; a loop here has at most {MAX_BYTES:,}")
    form = format_of(name)
    if form is None:
        raise SampleError(f"{name} is neither MIDI (.mid) nor a recording (.wav, .flac, ...)")
    known = tags.merged(about or {}, tags.of_name(PurePath(name).stem))
    item = {
        "path": name,
        "sha256": sha256(data),
        "source": str(known.get("source", "")),
        "license": str(known.get("license", UNKNOWN_LICENSE)),
        "kind": "loops",
        "format": form,
        "bytes": len(data),
        "is_fill": bool(known.get("is_fill", False)),
        **{tag: known.get(tag) for tag in ("style", "feel", "section")},
        "tags_json": tags.to_json(known),
    }
    held = MemoryStore(raw={name: data})
    index = LoopIndexSpec(min_bars=0.0, min_notes=0)
    row = {**item, **next(iter(index_loop(item, index, held))), "split_group": "", "split": "test"}
    events = (events or EventSpec()).model_copy(update={"alphabet": alphabet})
    if form == "audio":
        rows = list(events_of(row, events, held))
    else:
        rows = list(rows_of_song(loop_song(item, index, held)[0], row, events))
    return pd.DataFrame([{"key": name, **bar} for bar in rows])
