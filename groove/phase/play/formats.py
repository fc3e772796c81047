"""Rows and beats as text: CSV, beat list, JAMS.

What belongs here: the formats. What does not: files (:mod:`groove.cli`), what the numbers mean
(:mod:`groove.phase.play.estimates`, :mod:`groove.phase.play.beats`).
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

from groove.phase.play.beats import Beats
from groove.phase.play.estimates import Estimates

COLUMNS = ("time_s", "bar_phase", "beat_phase", "tempo_bpm", "beats_per_bar", "confidence")
_JAMS_VERSION = "0.3.4"


def csv_of(rows: Estimates) -> str:
    """Return rows as CSV with a header, :data:`COLUMNS`; what is unknown is empty."""
    lines = [",".join(COLUMNS)]
    columns = zip(
        rows.time_s.tolist(),
        rows.bar_phase.tolist(),
        rows.beat_phase.tolist(),
        rows.tempo_bpm.tolist(),
        rows.beats_per_bar.tolist(),
        rows.confidence.tolist(),
        strict=True,
    )
    for time, bar, beat, tempo, beats, confidence in columns:
        lines.append(
            f"{time:.2f},{_phase(bar)},{_phase(beat)},"
            f"{'' if math.isnan(tempo) else format(tempo, '.2f')},{beats or ''},{confidence:.4f}"
        )
    return "\n".join(lines) + "\n"


def _phase(value: float) -> str:
    if math.isnan(value):
        return ""
    # Cut, not rounded: 1.00000 is no phase.
    return f"{math.floor(value * 100_000) / 100_000:.5f}"


def beats_text(beats: Beats) -> str:
    """Return ``time<TAB>beat in bar`` lines, 1 being the downbeat."""
    lines = zip(beats.time_s.tolist(), beats.number.tolist(), strict=True)
    return "".join(f"{time:.4f}\t{number}\n" for time, number in lines)


def jams_text(
    beats: Beats, rows: Estimates, duration_s: float, title: str, about: Mapping[str, Any]
) -> str:
    """Return a JAMS file (Humphrey et al. 2014) of what was found.

    It has two annotations in the namespace ``beat``, one of all beats, their number in the bar as
    value, and one of the downbeats alone (JAMS has no namespace of its own for them); and one in
    ``tempo``, the median, if it is known.

    Parameters
    ----------
    beats, rows
        What was found.
    duration_s
        Length of the audio.
    title
        Name of the audio.
    about
        How it was found; goes into each annotation's sandbox.
    """
    found = list(
        zip(beats.time_s.tolist(), beats.number.tolist(), beats.confidence.tolist(), strict=True)
    )
    every = [_observation(time, 0.0, number, sure) for time, number, sure in found]
    first = [_observation(time, 0.0, 1, sure) for time, number, sure in found if number == 1]
    annotations = [
        _annotation("beat", every, duration_s, {**about, "content": "beats"}),
        _annotation("beat", first, duration_s, {**about, "content": "downbeats"}),
    ]
    tempo, sure = median_tempo(rows)
    if not math.isnan(tempo):
        span = [_observation(0.0, duration_s, round(tempo, 2), sure)]
        annotations.append(_annotation("tempo", span, duration_s, {**about, "content": "tempo"}))
    jams = {
        "annotations": annotations,
        "file_metadata": {
            "title": title,
            "artist": "",
            "release": "",
            "duration": round(duration_s, 6),
            "identifiers": {},
            "jams_version": _JAMS_VERSION,
        },
        "sandbox": {},
    }
    return json.dumps(jams, indent=1, allow_nan=False) + "\n"


def median_tempo(rows: Estimates) -> tuple[float, float]:
    """Return the median tempo where the rows are surest, and their mean confidence; or ``nan``."""
    import numpy as np

    if not len(rows) or np.isnan(rows.tempo_bpm).all():
        return math.nan, 0.0
    sure = rows.confidence >= np.median(rows.confidence)
    return float(np.nanmedian(rows.tempo_bpm[sure])), float(rows.confidence.mean())


def _observation(time: float, duration: float, value: float, confidence: float) -> dict[str, Any]:
    return {
        "time": round(time, 4),
        "duration": round(duration, 6),
        "value": value,
        "confidence": round(confidence, 4),
    }


def _annotation(
    namespace: str, data: Iterable[Any], duration_s: float, about: Mapping[str, Any]
) -> dict[str, Any]:
    return {
        "namespace": namespace,
        "data": list(data),
        "annotation_metadata": {
            "corpus": "",
            "version": "",
            "curator": {"name": "", "email": ""},
            "annotator": {},
            "annotation_tools": "groove phase apply",
            "annotation_rules": "",
            "validation": "",
            "data_source": "program",
        },
        "sandbox": dict(about),
        "time": 0.0,
        "duration": round(duration_s, 6),
    }
