"""The queue as a stage: rows of ``drum_label_queue``, with the sound of each.

What belongs here: the pipeline's tables to rows. What does not: ranks
(:mod:`groove.drums.label_queue.ranking`), the folder that a person works in
(:mod:`groove.drums.label_queue.folder`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from groove.core.store import Store
from groove.drums.label_queue.spec import QueueSpec

VERSION = "1"


def rows_of(
    drum_predictions: pd.DataFrame, drum_events: pd.DataFrame, spec: QueueSpec, store: Store
) -> Iterator[dict[str, Any]]:
    """Yield the rows of ``drum_label_queue``, best first."""
    from groove.core.tables import records
    from groove.drums.label_queue.needs import needs_of_tables
    from groove.drums.label_queue.ranking import queue

    # Sounds that are no drum are predicted, too; they are known for what they are.
    known = drum_predictions["sample_id"].isin(set(drum_events["sample_id"]))
    predicted = drum_predictions[known].reset_index(drop=True)
    needs = needs_of_tables(drum_events, predicted, spec.least_recall)
    ranked = queue(predicted, needs, spec)
    about = predicted.set_index("sample_id")[["sha256", "source", "license"]]
    ranked = ranked.join(about, on="sample_id")
    sounds = _sounds(records(ranked), drum_events, spec, store)
    for row in records(ranked):
        yield {**row, "blob": sounds.get(row["sample_id"])}


def _sounds(
    rows: Sequence[Mapping[str, Any]], drum_events: pd.DataFrame, spec: QueueSpec, store: Store
) -> dict[str, str]:
    """Return the blob of each event's sound; an event whose file cannot be read has none."""
    from groove.audio.waveform import AudioError, read_audio
    from groove.drums.label_queue.snippets import snippet_bytes

    wanted = {row["sample_id"]: row for row in rows}
    chosen = drum_events[drum_events["sample_id"].isin(set(wanted))]
    found: dict[str, str] = {}
    # File by file, so that a song is decoded once.
    for (path, _), part in chosen.groupby(["path", "content"], sort=True):
        blob = part["blob"].iloc[0]
        try:
            data = store.read(blob) if isinstance(blob, str) else store.read_raw(str(path))
            wave = read_audio(data)
        except (AudioError, OSError, KeyError):
            continue
        for name, onset_s in zip(part["sample_id"], part["onset_s"], strict=True):
            try:
                found[name] = store.write(snippet_bytes(wave, float(onset_s), spec), ".flac")
            except AudioError:
                continue
    return found
