"""One call for one track: audio bytes in, scored loop candidates out.

What belongs here: the stages put in a row for use without the graph. What does not: any step
of its own.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from groove.core.digest import sha256
from groove.core.store import MemoryStore
from groove.loops import candidates, features, grid
from groove.loops.exports import ranked
from groove.loops.select import passing
from groove.loops.spec import BarSpec, CandidateSpec, ExportSpec, FeatureSpec


def process_track(
    data: bytes,
    model: bytes,
    *,
    min_score: float | None = None,
    min_score_prob: float | None = None,
    min_rel_score: float | None = None,
    alpha: float = 0.0,
    bars: BarSpec | None = None,
    lengths: CandidateSpec | None = None,
    described: FeatureSpec | None = None,
) -> pd.DataFrame:
    """Return the loop candidates of a track, best first.

    Parameters
    ----------
    data
        An audio file.
    model
        A ranker: XGBoost's JSON or a packed perceptron; its kind is seen from the bytes.
    min_score, min_score_prob, min_rel_score
        Cut-offs on the raw score, its softmax within the track, and the distance below the
        best score (0 or negative).
    alpha
        Weight of ``boundary_quiet_score`` in ``final_score``, which decides the order.
    bars, lengths, described
        Settings of the stages; their defaults if not given.

    Returns
    -------
    DataFrame
        ``start_bar, bars, start_s, end_s, level_dbfs, boundary_quiet_score, seam, features,
        score, score_prob, final_score, score_rank`` (1 = highest score).

    Raises
    ------
    ValueError
        If the bytes are no audio, hold no bar grid, or the model is none.
    """
    spec = ExportSpec(
        alpha=alpha,
        min_score=min_score,
        min_score_prob=min_score_prob,
        min_rel_score=min_rel_score,
        min_lift=0.0,
        min_seam=0.0,
        min_level_db=-200.0,
    )
    store = MemoryStore(raw={"track": data})
    item = {
        **dict.fromkeys(("source", "license", "split_group", "split"), ""),
        "path": "track",
        "sha256": sha256(data),
    }
    [track] = grid.bars_of(item, bars or BarSpec(), store)
    tracks = pd.DataFrame([track])
    place = list(candidates.candidates_of(track, lengths or CandidateSpec(), store))
    one = _only(candidates.by_track(pd.DataFrame(place), tracks))
    rows = list(features.features_of(one, described or FeatureSpec(), store))
    listed = (*candidates.PLACE, "level_dbfs", "boundary_quiet_score", "seam", "features")
    frame = ranked(_only(candidates.by_track(pd.DataFrame(rows), tracks, listed)), model, spec)
    return frame[passing(frame, spec)].reset_index(drop=True)


def _only(items: pd.DataFrame) -> dict[str, Any]:
    """Return the one row of ``items`` as a mapping, as the workers hand it to a function."""
    return {str(name): value for name, value in items.iloc[0].items()}
