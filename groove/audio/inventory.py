"""Per-file statistics of audio: the rows of ``track_index`` and ``hit_index``, audio loops.

What belongs here: measuring one file, and what is found only by comparing all of them
(duplicates by fingerprint, split groups). What does not: reading the format
(:mod:`groove.audio.waveform`), fingerprints (:mod:`groove.audio.signature`), MIDI
(:mod:`groove.midi.inventory`).
"""

from __future__ import annotations

import json
import math
import posixpath
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from groove.audio.spec import HitIndexSpec, TrackIndexSpec
from groove.audio.tables import HIT_INDEX, TRACK_INDEX
from groove.core.digest import sha256
from groove.core.inputs import InputError, with_splits
from groove.core.store import Store
from groove.core.tables import enforce
from groove.midi import taxonomy
from groove.midi.taxonomy import LABELS, class_of, label_of_name

VERSION = f"1+{taxonomy.DIGEST}"

#: An audio loop is drums when more of its magnitude than this is percussive.
DRUM_SHARE = 0.55

_BEATS_PER_BAR = 4
_NAME_TAGS = ("instrument_name", "instrument", "name", "description")


def index_track(
    item: Mapping[str, Any], spec: TrackIndexSpec, store: Store
) -> Iterator[dict[str, Any]]:
    """Yield the ``track_index`` row of one audio file, without duplicates and split.

    Raises
    ------
    InputError
        A MIDI file, or a track that is too short or silent.
    AudioError
        As :func:`groove.audio.waveform.read_audio`.
    """
    from groove.audio import waveform
    from groove.audio.signature import signature

    if item["format"] != "audio":
        raise InputError("a track is an audio file; give MIDI as kind songs")
    limits = waveform.AudioLimits(max_seconds=spec.max_duration_s)
    sound = waveform.read_audio(store.read_raw(item["path"]), limits)
    if sound.duration_s < spec.min_duration_s:
        raise InputError(f"{sound.duration_s:.2f} s; a track has at least {spec.min_duration_s:g}")
    if (peak := _peak_dbfs(sound.samples)) is None:
        raise InputError("is silent from end to end")
    yield {
        **_provenance(item),
        "duration_s": sound.duration_s,
        "sample_rate": sound.sample_rate,
        "channels": sound.channels,
        "peak_dbfs": peak,
        "loudness_lufs": waveform.loudness_lufs(sound),
        "signature": signature(sound.mono(), sound.sample_rate),
    }


def index_hit(
    item: Mapping[str, Any], spec: HitIndexSpec, store: Store
) -> Iterator[dict[str, Any]]:
    """Yield the ``hit_index`` row of one one-shot, without duplicates and split.

    The label is what its manifest says, else its class folder; the instrument's name and the
    file's decide where that is generic ("tom").

    Raises
    ------
    InputError
        A MIDI file, a name that the taxonomy does not know, too long, or silent.
    AudioError
        As :func:`groove.audio.waveform.read_audio`.
    """
    from groove.audio import waveform
    from groove.audio.signature import signature

    if item["format"] != "audio":
        raise InputError("a one-shot is an audio file; give MIDI as kind loops")
    label = hit_label(item)
    limits = waveform.AudioLimits(max_seconds=spec.max_duration_s)
    sound = waveform.read_audio(store.read_raw(item["path"]), limits)
    peak = _peak_dbfs(sound.samples)
    if peak is None or peak < spec.min_peak_dbfs:
        raise InputError(f"its peak is below {spec.min_peak_dbfs:g} dBFS: nothing to hear")
    yield {
        **_provenance(item),
        "label": label,
        "drum_class": class_of(label),
        "kit": str(json.loads(item["tags_json"]).get("kit") or item["group"]),
        "duration_s": sound.duration_s,
        "sample_rate": sound.sample_rate,
        "channels": sound.channels,
        "peak_dbfs": peak,
        "signature": signature(sound.mono(), sound.sample_rate),
    }


def hit_label(item: Mapping[str, Any]) -> str:
    """Return the taxonomy label of a one-shot's ``raw_files`` row.

    Raises
    ------
    InputError
        If neither manifest nor names say what was hit.
    """
    about = json.loads(item["tags_json"])
    names = [str(about[tag]) for tag in _NAME_TAGS if about.get(tag)]
    stem = posixpath.splitext(posixpath.basename(item["path"]))[0]
    given = item["label"] if isinstance(item["label"], str) else ""
    label = label_of_name(given, *names, stem)
    if label is None:
        raise InputError(
            f"label {given!r} is in no taxonomy: name its folder or its manifest row one of "
            f"{', '.join(LABELS)}"
        )
    return label


def measure_loop(
    item: Mapping[str, Any],
    store: Store,
    *,
    low_bpm: float,
    high_bpm: float,
    max_duration_s: float,
) -> dict[str, Any]:
    """Return the measured part of an audio loop's ``loop_index`` row.

    The tempo is the manifest's or side-car's ``tempo_bpm``, ``bpm`` or ``beats``; without any,
    the one at which the loop is a whole number of beats.

    Raises
    ------
    InputError
        A silent loop.
    AudioError
        As :func:`groove.audio.waveform.read_audio`.
    """
    from groove.audio import waveform
    from groove.audio.percussive import analysis, onsets_s
    from groove.audio.signature import signature
    from groove.audio.tempo import by_duration

    limits = waveform.AudioLimits(max_seconds=max_duration_s)
    sound = waveform.read_audio(store.read_raw(item["path"]), limits)
    if _peak_dbfs(sound.samples) is None:
        raise InputError("is silent from end to end")
    parts = analysis(sound.mono(), sound.sample_rate)
    onsets = np.asarray(onsets_s(parts), dtype=np.float64)
    stated = _stated_tempo(json.loads(item["tags_json"]), sound.duration_s)
    tempo_bpm = stated or by_duration(sound.duration_s, onsets, low_bpm, high_bpm).tempo_bpm
    share = float(parts.percussive.sum(dtype=np.float64) / parts.magnitude.sum(dtype=np.float64))
    drum = share > DRUM_SHARE
    return {
        "duration_s": sound.duration_s,
        "tempo_bpm": tempo_bpm,
        "tempo_source": "manifest" if stated else "duration",
        "meter": f"{_BEATS_PER_BAR}/4",
        "meter_source": "default",
        "bars": round(sound.duration_s * tempo_bpm / 60 / _BEATS_PER_BAR, 6),
        "drum_notes": len(onsets) if drum else 0,
        "pitched_notes": 0 if drum else len(onsets),
        "uniq_pitches": 0,
        "content_hash": sha256(np.round(sound.samples * 32767).astype("<i2").tobytes()),
        "signature": signature(sound.mono(), sound.sample_rate),
    }


def finish_tracks(
    index: pd.DataFrame, raw_files: pd.DataFrame, spec: TrackIndexSpec
) -> pd.DataFrame:
    """Return ``track_index`` with duplicates by fingerprint, split groups and splits."""
    if not len(index):
        return TRACK_INDEX.empty()
    content = _clusters(index["signature"].tolist())
    table = with_splits(index, raw_files, content, spec.validation, spec.test, spec.salt)
    return enforce(table, TRACK_INDEX)


def finish_hits(index: pd.DataFrame, raw_files: pd.DataFrame, spec: HitIndexSpec) -> pd.DataFrame:
    """Return ``hit_index`` with duplicates by fingerprint, split groups and splits.

    Kits that share a recording are one split group: they were made from the same drums.
    """
    if not len(index):
        return HIT_INDEX.empty()
    content = _clusters(index["signature"].tolist())
    table = with_splits(index, raw_files, content, spec.validation, spec.test, spec.salt)
    return enforce(table, HIT_INDEX)


def _clusters(signatures: Sequence[Any]) -> list[str]:
    from groove.audio.signature import same_content

    clusters = same_content([np.asarray(s, dtype=np.float32) for s in signatures])
    return [str(cluster) for cluster in clusters]


def _stated_tempo(about: Mapping[str, Any], duration_s: float) -> float | None:
    beats = _positive(about.get("beats"))
    if beats is not None:
        return round(60 * beats / duration_s, 2)
    return _positive(about.get("tempo_bpm")) or _positive(about.get("bpm"))


def _positive(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) and number > 0 else None


def _peak_dbfs(samples: np.ndarray[Any, np.dtype[np.float32]]) -> float | None:
    peak = float(np.max(np.abs(samples), initial=0.0))
    return 20 * math.log10(peak) if peak > 0 else None


def _provenance(item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: item[name] for name in ("path", "sha256", "source", "license")}
