"""Predictions at places of the audio, as predictions about events of the manifest.

A transcriber says where it heard something, not which event that was. A place with an event
near it is that event's: an answer must correct the event, not add a second one beside it.

What belongs here: places to events. What does not: what was struck there
(:func:`groove.drums.manifest.negatives.matched`).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from groove.core.digest import digest

_LONGEST = 256


def at_events(heard: pd.DataFrame, truth: pd.DataFrame, window_s: float) -> pd.DataFrame:
    """Return predictions, each about one event, or about a place that is near none.

    Of several about one event, each class has its greatest probability.

    Parameters
    ----------
    heard
        As :func:`groove.drums.manifest.negatives.matched` returns it: ``sample_id``,
        ``session_id``, ``path``, ``onset_s``, ``true_classes``, ``probabilities``.
    truth
        A manifest table.
    window_s
        An event this near in time is the one.
    """
    if not len(heard):
        return heard
    named = heard["sample_id"].isin(set(truth["sample_id"]))
    places = heard.loc[~named, ["path", "onset_s"]].assign(row=np.flatnonzero(~named))
    events = truth[["audio_path", "onset_s", "sample_id", "session_id"]].rename(
        columns={"audio_path": "path"}
    )
    events = events.assign(event_s=events["onset_s"].astype(float))
    nearest = pd.merge_asof(
        places.astype({"onset_s": float, "path": str}).sort_values("onset_s", kind="stable"),
        events.astype({"onset_s": float, "path": str}).sort_values("onset_s", kind="stable"),
        on="onset_s",
        by="path",
        direction="nearest",
        tolerance=window_s,  # type: ignore[arg-type]  # float keys take a float; the stubs lack it
    ).dropna(subset=["sample_id"])
    found = heard.reset_index(drop=True)
    for column, known in (
        ("sample_id", "sample_id"),
        ("session_id", "session_id"),
        ("onset_s", "event_s"),
    ):
        values = found[column].to_numpy(dtype=object).copy()
        values[nearest["row"].to_numpy(dtype=np.int64)] = nearest[known].to_numpy(dtype=object)
        found[column] = values
    # A place is named by its file, and a manifest's names are short.
    names = found["sample_id"].to_list()
    found["sample_id"] = [n if len(n) <= _LONGEST else f"place-{digest(n)[:24]}" for n in names]
    found["onset_s"] = found["onset_s"].astype(float)
    again = found["sample_id"].duplicated(keep=False)
    if not again.any():
        return found
    merged = {
        name: np.max(np.stack(part.tolist()), axis=0).tolist()
        for name, part in found[again].groupby("sample_id", sort=False)["probabilities"]
    }
    kept = found.drop_duplicates("sample_id").reset_index(drop=True)
    kept["probabilities"] = [
        merged.get(name, given)
        for name, given in zip(kept["sample_id"], kept["probabilities"], strict=True)
    ]
    return kept
