"""Gates that every index table has: nothing on two sides of the split, enough to split at all.

What belongs here: verdicts on ``split_group``, ``split``, ``duplicate_of`` and ``license``, which
all index tables share. What does not: what one table alone promises (the rooms' ``quality.py``).
"""

from __future__ import annotations

import pandas as pd

from groove.core.gates import Gate
from groove.core.inputs import UNKNOWN_LICENSE
from groove.core.splits import SPLITS, crossing


def content_crossing(table: pd.DataFrame, stage: str) -> Gate:
    """Return whether any content or split group lies on two sides of the split."""
    value = None
    if len(table):
        content = table["duplicate_of"].fillna(table["path"])
        value = float(
            crossing(table.assign(content=content), "content") + crossing(table, "split_group")
        )
    return Gate(
        name=f"{stage}_content_on_two_sides",
        stage=stage,
        value=value,
        threshold=0,
        direction="at_most",
        unit="contents and groups",
        count=len(table),
        note="" if len(table) else f"no usable file for {stage}: see the quarantine table",
    )


def split_groups(table: pd.DataFrame, stage: str, at_least: int = 3) -> Gate:
    """Return whether there are groups enough for training, validation and test."""
    groups = int(table["split_group"].nunique())
    sides = int(table["split"].nunique())
    return Gate(
        name=f"{stage}_split_groups",
        stage=stage,
        value=float(groups) if sides == len(SPLITS) else None,
        threshold=at_least,
        direction="at_least",
        unit="groups",
        count=groups,
        note="" if sides == len(SPLITS) else f"{sides} of {len(SPLITS)} sides of the split filled",
    )


def known_licenses(table: pd.DataFrame, stage: str, at_least: float = 0.9) -> Gate:
    """Return whether nearly every file says under which licence it is."""
    known = (table["license"] != UNKNOWN_LICENSE).mean() if len(table) else None
    return Gate(
        name=f"{stage}_licenses_known",
        stage=stage,
        value=None if known is None else float(known),
        threshold=at_least,
        direction="at_least",
        count=len(table),
        note="name licences in source.yaml, side-cars, a manifest or the sources file",
    )


def originals_share(table: pd.DataFrame, stage: str, at_least: float = 0.5) -> Gate:
    """Return whether most files are not copies of another one."""
    share = table["duplicate_of"].isna().mean() if len(table) else None
    return Gate(
        name=f"{stage}_originals",
        stage=stage,
        value=None if share is None else float(share),
        threshold=at_least,
        direction="at_least",
        count=len(table),
        note="the share of files that repeat no other file's content",
    )
