"""From scores to chosen loops: probability, rank, cut-offs, no neighbours of the chosen.

What belongs here: which candidates of a track are exported. What does not: how they are
scored (:mod:`groove.loops.rankers`) and cut (:mod:`groove.loops.cut`).

Conventions
-----------
* ``score_prob`` is the softmax of the raw scores within the track. It shrinks with the number
  of candidates, so the default cut-off is the *lift*: ``score_prob`` times the number of
  candidates, 1 = as good as the average candidate.
* ``final_score`` = ``score - alpha * boundary_quiet_score`` decides the order.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from groove.loops.features import NAMES
from groove.loops.spec import ExportSpec

Floats = NDArray[np.float64]

_DB_PER_NEPER = 10 / np.log(10)
_MEL_MEAN = slice(NAMES.index("mel_mean_000"), NAMES.index("mel_mean_000") + 128)


def scored(rows: pd.DataFrame, scores: Floats, alpha: float) -> pd.DataFrame:
    """Return the candidates of one track, best first, with their score columns.

    Parameters
    ----------
    rows
        Rows of ``loop_features`` of one track.
    scores
        Raw scores, float64 (rows,).
    alpha
        Weight of ``boundary_quiet_score``.
    """
    likely = np.exp(scores - scores.max()) if len(scores) else scores
    quiet = rows["boundary_quiet_score"].to_numpy(dtype=np.float64)
    frame = rows.assign(
        score=scores,
        score_prob=likely / likely.sum() if len(scores) else likely,
        final_score=scores - alpha * quiet,
    )
    frame = frame.sort_values(
        ["final_score", "start_bar", "bars"], ascending=[False, True, True], kind="stable"
    ).reset_index(drop=True)
    by_score = frame["score"].rank(ascending=False, method="first")
    return frame.assign(score_rank=by_score.astype("int64"))


def passing(frame: pd.DataFrame, spec: ExportSpec) -> NDArray[np.bool_]:
    """Return which candidates of a :func:`scored` track pass every cut-off."""
    score = frame["score"].to_numpy(dtype=np.float64)
    prob = frame["score_prob"].to_numpy(dtype=np.float64)
    keep = np.asarray(frame["seam"].to_numpy(dtype=np.float64) >= spec.min_seam)
    keep &= prob * len(frame) >= spec.min_lift
    keep &= _audible(frame, spec)
    if spec.min_score is not None:
        keep &= score >= spec.min_score
    if spec.min_score_prob is not None:
        keep &= prob >= spec.min_score_prob
    if spec.min_rel_score is not None:
        keep &= score >= score.max(initial=-np.inf) + spec.min_rel_score
    return keep


def _audible(frame: pd.DataFrame, spec: ExportSpec) -> NDArray[np.bool_]:
    level = frame["level_dbfs"].to_numpy(dtype=np.float64)
    return np.asarray(level >= level.max(initial=-np.inf) + spec.min_level_db)


def chosen(frame: pd.DataFrame, spec: ExportSpec) -> pd.DataFrame:
    """Return the loops to export of a :func:`scored` track, best first; at least one.

    Non-maximum suppression: a candidate gives way to a better one that it overlaps by more
    than ``max_overlap`` of the shorter one, or that has the same length and nearly the same
    sound. If nothing passes the cut-offs, the best candidate is exported that is
    audible and whose seam is sufficient; if there is none, the audible one with the best seam.
    """
    lengths = frame["bars"].isin(spec.bars)
    pool = frame[lengths] if lengths.any() else frame
    pool = pool.reset_index(drop=True)
    # The lift is held against all candidates of the track, whatever lengths are exported.
    keep = passing(frame, spec)[lengths.to_numpy()] if lengths.any() else passing(frame, spec)
    if not keep.any():
        audible = _audible(pool, spec)
        seam = np.where(audible, pool["seam"].to_numpy(dtype=np.float64), -1.0)
        sound = np.flatnonzero(seam >= spec.min_seam)
        return pool.iloc[[int(sound[0]) if len(sound) else int(seam.argmax())]]
    start = pool["start_s"].to_numpy(dtype=np.float64)
    end = pool["end_s"].to_numpy(dtype=np.float64)
    bars = pool["bars"].to_numpy(dtype=np.int64)
    mel = np.stack([np.asarray(row, dtype=np.float64)[_MEL_MEAN] for row in pool["features"]])
    taken: list[int] = []
    for place in np.flatnonzero(keep).tolist():
        if len(taken) == spec.max_loops:
            break
        others = np.array(taken, dtype=np.int64)
        shared = np.minimum(end[place], end[others]) - np.maximum(start[place], start[others])
        shorter = np.minimum(end[place] - start[place], end[others] - start[others])
        # Bar lines that touch share nothing but rounding.
        overlap = np.maximum(shared, 0.0) / shorter > spec.max_overlap + 1e-6
        distance = _DB_PER_NEPER * np.sqrt(np.mean((mel[place] - mel[others]) ** 2, axis=1))
        same = (bars[others] == bars[place]) & (distance < spec.min_difference_db)
        if not (overlap | same).any():
            taken.append(place)
    return pool.iloc[taken]
