"""Grooves as files and tables: MIDI, JSON, rows of bars.

What belongs here: what a groove looks like outside. What does not: drawing
(:mod:`groove.ngram.play.sampling`), the song itself (:mod:`groove.ngram.play.render`).

JSON
----
One object: ``format`` (``groove``), ``version`` (1), ``model`` (``id``: beginning of the sha256
of its file, ``licenses``, ``sources``), ``seed``, ``tempo_bpm`` (quarters a minute), ``meter``
(``"4/4"``), ``resolution`` (steps per quarter), ``steps_per_bar``, ``bars``, ``duration_s``,
``conditions`` (names drawn under), ``ignored`` (tags asked for that the model does not know),
``fills`` (numbers of bars), ``remarks``, and ``hits`` in order of time. A hit has

=================  ==================================================================
``bar``, ``step``  from 0; the step is within the bar
``label``          of the taxonomy
``note``           General MIDI key
``velocity``       1 to 127
``offset_ticks``   after the step, 480 to the quarter
``beat``           quarter notes from the groove's start to the sounding hit, at least 0
``time_s``         the same in seconds
=================  ==================================================================
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pandas as pd

from groove.midi.notes import write_midi
from groove.ngram.corpus.alphabets import alphabet_of
from groove.ngram.corpus.conditions import KEYS, tags_of_name
from groove.ngram.language.model import GrooveModel
from groove.ngram.play.render import OFFSET_TICKS, song_of_bars
from groove.ngram.play.sampling import Groove

JSON_VERSION = 1
TRACK_NAME = "Drums"
_MOST_NAME_BYTES = 127


def midi_of(model: GrooveModel, groove: Groove, tempo_bpm: float, name: str = TRACK_NAME) -> bytes:
    """Return a groove as a MIDI file with tempo and meter, one named track on channel 10."""
    return _named(write_midi(song_of_bars(groove.bars, tempo_bpm, model.labels)), name)


def json_of(
    model: GrooveModel, groove: Groove, tempo_bpm: float, *, seed: int, model_id: str
) -> bytes:
    """Return a groove as JSON, as the module describes it; the same groove gives the same bytes."""
    alphabet = alphabet_of(model.labels)
    note_of = dict(zip(alphabet.labels, alphabet.notes, strict=True))
    quarter_s = 60.0 / tempo_bpm
    hits = []
    for number, bar in enumerate(groove.bars):
        columns = (bar.step, bar.label, bar.velocity, bar.offset_ticks)
        for step, label, velocity, offset in zip(*(c.tolist() for c in columns), strict=True):
            at = number * bar.quarters + step / bar.resolution + offset / OFFSET_TICKS
            beat = max(at, 0.0)
            hits.append(
                {
                    "bar": number,
                    "step": step,
                    "label": model.labels[label],
                    "note": note_of[model.labels[label]],
                    "velocity": velocity,
                    "offset_ticks": offset,
                    "beat": round(beat, 6),
                    "time_s": round(beat * quarter_s, 6),
                }
            )
    hits.sort(key=lambda hit: (hit["beat"], hit["note"]))
    form = groove.form
    card = model.card
    whole = {
        "format": "groove",
        "version": JSON_VERSION,
        "model": {
            "id": model_id,
            "licenses": list(card.get("licenses", [])),
            "sources": list(card.get("sources", [])),
        },
        "seed": seed,
        "tempo_bpm": tempo_bpm,
        "meter": form.meter,
        "resolution": form.resolution,
        "steps_per_bar": form.steps,
        "bars": len(groove.bars),
        "duration_s": round(len(groove.bars) * form.quarters * quarter_s, 6),
        "conditions": list(groove.conditions),
        "ignored": list(groove.ignored),
        "fills": list(groove.fills),
        "remarks": list(groove.remarks),
        "hits": hits,
    }
    return (json.dumps(whole, ensure_ascii=False, allow_nan=False, indent=1) + "\n").encode()


def bars_frame(
    grooves: Groove | Sequence[Groove],
    names: str | Sequence[str] = "sample",
    tempo_bpm: float = 120,
) -> pd.DataFrame:
    """Return grooves as rows of ``groove_events``, so that what measures loops measures them.

    Parameters
    ----------
    grooves, names
        One groove or several, and the keys of their rows.
    tempo_bpm
        Written into the rows.
    """
    listed = [grooves] if isinstance(grooves, Groove) else list(grooves)
    keys = [names] * len(listed) if isinstance(names, str) else list(names)
    if isinstance(names, str) and len(listed) > 1:
        keys = [f"{names}{number:05d}" for number in range(len(listed))]
    rows: list[dict[str, Any]] = []
    for key, groove in zip(keys, listed, strict=True):
        form, fills = groove.form, set(groove.fills)
        tags = _tags(groove)
        for number, bar in enumerate(groove.bars):
            symbols = groove.symbols[number * form.steps : (number + 1) * form.steps]
            rows.append(
                {
                    "key": key,
                    "path": key,
                    "sha256": "",
                    "source": "sample",
                    "license": "",
                    "bar": number,
                    "meter": form.meter,
                    "numerator": form.numerator,
                    "denominator": form.denominator,
                    "resolution": form.resolution,
                    "steps": form.steps,
                    "quarters": form.quarters,
                    "tempo_bpm": float(tempo_bpm),
                    "swing": None,
                    **tags,
                    "is_fill": number in fills,
                    "symbols": symbols.tolist(),
                    "hit_step": bar.step.tolist(),
                    "hit_label": bar.label.tolist(),
                    "hit_velocity": bar.velocity.tolist(),
                    "hit_offset_ticks": bar.offset_ticks.tolist(),
                    "unmapped_hits": 0,
                    "merged_hits": 0,
                    "lost_hits": 0,
                    "split_group": key,
                    "split": "test",
                }
            )
    return pd.DataFrame(rows)


def _tags(groove: Groove) -> dict[str, str | None]:
    known: dict[str, str] = {}
    for name in groove.conditions:
        known |= tags_of_name(name)
    return {key: known.get(key) for key in KEYS if key != "fill"}


def _named(data: bytes, name: str) -> bytes:
    """Return a MIDI file of type 1 with the name of its last track stated at its start."""
    text = name.encode("utf-8")[:_MOST_NAME_BYTES]
    event = b"\x00\xff\x03" + bytes([len(text)]) + text
    at = 14
    while (end := at + 8 + int.from_bytes(data[at + 4 : at + 8], "big")) < len(data):
        at = end
    size = (end - at - 8 + len(event)).to_bytes(4, "big")
    return data[: at + 4] + size + event + data[at + 8 :]
