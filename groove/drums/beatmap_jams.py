"""Beatmaps as JAMS, both ways.

What belongs here: that one form. What does not: the others (:mod:`groove.drums.beatmap_forms`).
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from groove.drums.beatmap import Beatmap, BeatmapError, beatmap_of
from groove.drums.manifest.lines import parse_line
from groove.drums.manifest.schema import ManifestError

_JAMS_VERSION = "0.3.4"
_JAMS_CONTENT = "drum hits"


def to_jams(beatmap: Beatmap) -> bytes:
    """Return a JAMS file (Humphrey et al. 2014); it has no namespace for drums of its own."""
    end = max((hit.time_s for hit in beatmap.hits), default=0.0)
    duration = beatmap.audio.duration_s or end
    whole = beatmap.model_dump(mode="json", exclude_none=True)
    sandbox = {
        "content": _JAMS_CONTENT,
        "hits": [
            {k: v for k, v in hit.items() if k not in ("time_s", "label", "confidence")}
            for hit in whole["hits"]
        ],
        "tempos": whole["tempos"],
        "meters": whole["meters"],
        "audio": whole["audio"],
        "about": whole["about"],
    }
    data = [
        {"time": hit.time_s, "duration": 0.0, "value": hit.label, "confidence": hit.confidence}
        for hit in beatmap.hits
    ]
    jams = {
        "annotations": [
            {
                "namespace": "tag_open",
                "data": data,
                "annotation_metadata": {
                    "corpus": "",
                    "version": "",
                    "curator": {"name": "", "email": ""},
                    "annotator": {},
                    "annotation_tools": "",
                    "annotation_rules": "",
                    "validation": "",
                    "data_source": "",
                },
                "sandbox": sandbox,
                "time": 0.0,
                "duration": duration,
            }
        ],
        "file_metadata": {
            "title": beatmap.audio.file or "",
            "artist": "",
            "release": "",
            "duration": duration,
            "identifiers": {},
            "jams_version": _JAMS_VERSION,
        },
        "sandbox": {},
    }
    return (json.dumps(jams, indent=1, allow_nan=False, ensure_ascii=False) + "\n").encode()


def from_jams(data: bytes, name: str = "beatmap") -> Beatmap:
    """Return the hits of a JAMS file: its first annotation that names drums at times.

    Raises
    ------
    BeatmapError
        If it has none.
    """
    try:
        content = parse_line(data.removeprefix(b"\xef\xbb\xbf"))
    except ManifestError as error:
        raise BeatmapError(f"{name}: {error.reason}") from error
    for annotation in _list(content.get("annotations")):
        if not isinstance(annotation, Mapping):
            continue
        if annotation.get("namespace") not in ("tag_open", "note_midi"):
            continue
        sandbox = annotation.get("sandbox")
        sandbox = sandbox if isinstance(sandbox, Mapping) else {}
        ours = sandbox.get("content") == _JAMS_CONTENT
        observations = _list(annotation.get("data"))
        more = _list(sandbox.get("hits")) if ours else []
        if len(more) != len(observations):
            more = [{}] * len(observations)
        hits = [_observed(o, extra) for o, extra in zip(observations, more, strict=True)]
        rest = ("tempos", "meters", "audio", "about")
        return beatmap_of(
            {"hits": hits, **{k: sandbox[k] for k in rest if ours and k in sandbox}}, name
        )
    raise BeatmapError(f"{name}: no annotation in tag_open or note_midi")


def _observed(observation: Any, more: Any) -> dict[str, Any]:
    if not isinstance(observation, Mapping) or not isinstance(more, Mapping):
        raise BeatmapError("an observation is no object")
    value, sure = observation.get("value"), observation.get("confidence")
    # A MIDI number may be fractional in note_midi; a drum's is not.
    label = str(int(value)) if isinstance(value, int | float) and math.isfinite(value) else value
    made = {**more, "time_s": observation.get("time"), "label": label}
    return made if sure is None else {**made, "confidence": sure}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
