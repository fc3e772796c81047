"""Exported loops: chosen, cut, levelled, with loop points, tempo, provenance.

What belongs here: ``loop_exports`` and its CSV. What does not: folders; files are blobs until
a release lays them out by their names.
"""

from __future__ import annotations

import io
import posixpath
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from groove.core.digest import digest
from groove.core.store import Store
from groove.loops.candidates import CARRIED, PLACE, by_track
from groove.loops.spec import ExportSpec

VERSION = "1"

CSV_COLUMNS = (
    *("track", "file", "start_s", "end_s", "bars", "beats_per_bar", "tempo_bpm"),
    *("score", "score_prob", "score_rank", "final_score", "seam", "boundary_quiet_score"),
    *("peak_dbtp", "rms_dbfs", "sample_rate", "channels", "samples"),
    *("license", "source", "path", "sha256", "blob"),
)
"""What a loop's CSV row has, in order."""

_LISTED = (*PLACE, "level_dbfs", "boundary_quiet_score", "seam", "features")


def track_names(paths: Iterable[str]) -> dict[str, str]:
    """Return a file name stem for each track that no other track has, whatever the case.

    The stem of the path, if it is the only such one; otherwise with the folder and, for two
    formats of one name, the suffix and a digest of the path.

    >>> track_names(["a/x.wav", "b/X.wav", "b/y.ogg"])
    {'a/x.wav': 'a-x', 'b/X.wav': 'b-X', 'b/y.ogg': 'y'}
    """
    listed = sorted(set(paths))
    names = {path: _plain(posixpath.splitext(posixpath.basename(path))[0]) for path in listed}
    for spell in (_with_folder, _with_digest):
        counts = Counter(name.lower() for name in names.values())
        names = {
            path: spell(path) if counts[name.lower()] > 1 else name for path, name in names.items()
        }
    return names


def _plain(text: str) -> str:
    return re.sub(r"[^\w.\- ]+", "_", text).strip(". ") or "track"


def _with_folder(path: str) -> str:
    folder = posixpath.basename(posixpath.dirname(path))
    return _plain(f"{folder}-{posixpath.splitext(posixpath.basename(path))[0]}")


def _with_digest(path: str) -> str:
    return f"{_with_folder(path)}-{digest(path)[:8]}"


def items(
    loop_features: pd.DataFrame,
    track_bars: pd.DataFrame,
    loop_ranker: pd.DataFrame,
    spec: ExportSpec,
) -> pd.DataFrame:
    """Return one item per track: its candidates, its name, and the ranker to ask."""
    from groove.loops.training import best_ranker

    ranker = best_ranker(loop_ranker, spec.ranker)
    tracks = by_track(loop_features, track_bars, _LISTED)
    # The frames are not needed any more; what is not needed is no part of the key.
    tracks = tracks.drop(columns=["blob", "beat_s", "frames", "frame_rate_hz"])
    names = track_names(tracks["path"])
    return tracks.assign(
        track=[names[path] for path in tracks["path"]],
        model_blob=str(ranker["blob"]),
        model_id=str(ranker["model_id"]),
    )


def ranked(item: Mapping[str, Any], model: bytes, spec: ExportSpec) -> pd.DataFrame:
    """Return the candidates of one item, best first, with their score columns."""
    from groove.loops.rankers import inputs_of, score
    from groove.loops.select import scored

    features = np.asarray(item["features"], dtype=np.float32)
    columns = {name: item[name] for name in _LISTED if name != "features"}
    rows = pd.DataFrame({**columns, "features": list(features)})
    scores = score(model, inputs_of(features, rows["bars"].to_numpy()))
    return scored(rows, scores, spec.alpha)


def exports_of(item: Mapping[str, Any], spec: ExportSpec, store: Store) -> Iterator[dict[str, Any]]:
    """Yield the ``loop_exports`` rows of one track (an item of :func:`items`)."""
    from groove.audio.waveform import encode, read_audio, rms_dbfs, true_peak_dbtp
    from groove.loops.cut import cut_loop
    from groove.loops.select import chosen
    from groove.loops.wav import LoopInfo, with_loop

    loops = chosen(ranked(item, store.read(item["model_blob"]), spec), spec)
    waveform = read_audio(store.read_raw(item["path"]))
    bar_beats = np.asarray(item["bar_beats"], dtype=np.int64)
    for number, row in enumerate(loops.to_dict(orient="records"), start=1):
        loop, first = cut_loop(waveform, row["start_s"], row["end_s"], spec)
        beats = bar_beats[row["start_bar"] : row["start_bar"] + row["bars"]]
        count = loop.samples.shape[1]
        tempo_bpm = 60.0 * int(beats.sum()) / loop.duration_s
        info = LoopInfo(0, count - 1, int(beats.sum()), int(beats[0]), 4, tempo_bpm)
        data = with_loop(encode(loop, "wav", "PCM_24"), loop.sample_rate, info)
        written = read_audio(data)
        start_s = first / loop.sample_rate
        yield {
            **{name: item[name] for name in CARRIED},
            "track": item["track"],
            "file": f"{item['track']}_loop{number:02d}.wav",
            "start_bar": int(row["start_bar"]),
            "bars": int(row["bars"]),
            "start_s": start_s,
            "end_s": start_s + loop.duration_s,
            "tempo_bpm": tempo_bpm,
            "beats_per_bar": int(beats[0]),
            "length_error_s": loop.duration_s - (row["end_s"] - row["start_s"]),
            **{name: float(row[name]) for name in ("score", "score_prob", "final_score")},
            **{name: float(row[name]) for name in ("boundary_quiet_score", "seam")},
            "score_rank": int(row["score_rank"]),
            "peak_dbtp": true_peak_dbtp(written),
            "rms_dbfs": rms_dbfs(written),
            "sample_rate": loop.sample_rate,
            "channels": loop.channels,
            "samples": count,
            "model_id": item["model_id"],
            "blob": store.write(data, ".wav"),
        }


def csv_of(exports: pd.DataFrame, track: str | None = None) -> bytes:
    """Return ``loop_exports`` as CSV (UTF-8): of one track, or of all of them.

    Parameters
    ----------
    exports
        The table.
    track
        A value of its column ``track``; None for all.
    """
    rows = exports if track is None else exports[exports["track"] == track]
    out = io.StringIO()
    rows[list(CSV_COLUMNS)].to_csv(out, index=False, lineterminator="\n", float_format="%.6f")
    return out.getvalue().encode()
