"""Leakage: the same sound, or the same group, on more than one side of a split.

Sounds are compared by the hash of their decoded audio (exact copies under other names or in other
lossless formats) and by signature (:mod:`groove.audio.signature`: other coding, rate or gain).
Groups are what ought to be wholly on one side: a session, a kit.

What belongs here: the audit of a split. What does not: making splits
(:mod:`groove.core.splits`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from groove.audio.signature import same_content
from groove.core.gates import Gate
from groove.readiness.checks.spec import LeakageSpec
from groove.readiness.checks.verdict import Panel, gate

STAGE = "leakage"
_EXAMPLES = 10


def measure(
    events: pd.DataFrame,
    contents: Mapping[str, str] | None,
    signatures: Mapping[str, NDArray[np.float32]] | None,
    groups: Sequence[str],
) -> dict[str, Any] | None:
    """Return what is on more than one side; None where there are no two sides to compare.

    Parameters
    ----------
    events
        ``audio_path``, ``split`` (null: in none), and the columns of ``groups``.
    contents, signatures
        By ``audio_path``; None if the audio is not there.
    groups
        Columns whose values must be on one side each. Null values are no group.

    Returns
    -------
    dict
        ``splits`` (files by side), ``contents`` and ``near`` (crossing sounds, None without audio),
        ``groups`` (column to crossing values), each with examples.
    """
    sided = events[events["split"].notna()]
    if sided["split"].nunique() < 2:
        return None
    files = sided[["audio_path", "split"]].drop_duplicates().reset_index(drop=True)
    paths = sorted(files["audio_path"].unique())
    exact = near = None
    if contents is not None and all(path in contents for path in paths):
        exact = _crossing(files, files["audio_path"].map(contents))
        if signatures is not None and all(path in signatures for path in paths):
            clusters = same_content([signatures[path] for path in paths])
            cluster = dict(zip(paths, clusters, strict=True))
            near = _crossing(files, files["audio_path"].map(cluster))
    return {
        "splits": {str(side): int(size) for side, size in files.groupby("split").size().items()},
        "contents": exact,
        "near": near,
        "groups": {column: _crossing_groups(sided, column) for column in groups},
    }


def _crossing(files: pd.DataFrame, content: pd.Series) -> dict[str, Any]:
    """Return contents on two sides: their number, and files of the first ones."""
    sides = files.groupby(content)["split"].transform("nunique")
    crossed = files[sides > 1].assign(content=content[sides > 1])
    examples = [
        [
            f"{row.split}: {row.audio_path}"
            for row in part.sort_values(["split", "audio_path"]).itertuples()
        ]
        for _, part in crossed.groupby("content", sort=True)
    ]
    return {"count": len(examples), "examples": sorted(examples)[:_EXAMPLES]}


def _crossing_groups(events: pd.DataFrame, column: str) -> dict[str, Any] | None:
    known = events.dropna(subset=[column])
    if not len(known):
        return None
    sides = known.groupby(column)["split"].nunique()
    crossed = sorted(str(name) for name in sides[sides > 1].index)
    return {"count": len(crossed), "examples": crossed[:_EXAMPLES]}


def gates(found: Mapping[str, Any] | None, spec: LeakageSpec, missing: str = "") -> list[Gate]:
    """Return the verdicts: nothing is on two sides."""
    missing = missing or ("" if found else "no two sides: give a manifest for each split")
    silent = missing or "the audio is not there: make its files readable below the root"
    files = sum(found["splits"].values()) if found else None
    listed = []
    for name, key in (("contents", "contents"), ("near_duplicates", "near")):
        part = found[key] if found else None
        note = silent if part is None else ""
        if part and part["examples"]:
            note = f"drop one of {' and '.join(part['examples'][0][:2])}"
        value = None if part is None else float(part["count"])
        listed.append(gate(STAGE, name, value, 0, "at_most", unit="sounds", count=files, note=note))
    for column in spec.groups:
        part = found["groups"][column] if found else None
        note = missing or f"no event has a {column}" if part is None else ""
        if part and part["examples"]:
            note = f"on two sides: {', '.join(part['examples'][:5])}"
        value = None if part is None else float(part["count"])
        listed.append(gate(STAGE, column, value, 0, "at_most", unit="groups", note=note))
    return listed


def panels(found: Mapping[str, Any]) -> list[Panel]:
    """Return sounds that are on two sides."""
    listed = []
    for key, title in (("contents", "Same sound on two sides"), ("near", "Nearly the same sound")):
        if found[key] and found[key]["examples"]:
            rows = [[" = ".join(files)] for files in found[key]["examples"]]
            listed.append(Panel(title, ("files",), rows))
    return listed
