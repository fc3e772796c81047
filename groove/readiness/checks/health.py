"""Health of a manifest: what there is of each class, how dynamic, how loud, how often twice.

Two hits repeat each other when they are the same stroke of the same recording: the decoded audio
of their files is equal, and they have one label within the same millisecond. Their ids decide
nothing: a manifest merged twice has new ids and old sounds. Without the audio nothing can be said
of repeats, and that gate is red.

What belongs here: counting a manifest, and its gates. What does not: index tables of the pipeline
(:mod:`groove.readiness.health`), comparing two reports (:mod:`groove.readiness.checks.baseline`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from groove.core.gates import Gate
from groove.midi.taxonomy import CLASSES
from groove.readiness.checks.spec import HealthSpec
from groove.readiness.checks.verdict import Panel, gate

STAGE = "health"
#: Columns of the events that health is measured on. ``klass`` is None for an unknown label.
EVENTS = (
    "sample_id", "session_id", "drummer_id", "kit_id", "source_set", "audio_path", "onset_s",
    "label", "klass", "is_synthetic", "velocity", "dynamic_bucket", "openness", "techniques",
    "lufs", "peak_dbfs", "split_group", "split", "audio_sha256",
)  # fmt: skip
_OPENNESS_BINS = 10
_QUANTILES = {"p05": 0.05, "median": 0.5, "p95": 0.95}
_CLIPPED_DBFS = -0.1


def measure(
    events: pd.DataFrame, contents: Mapping[str, str] | None, durations: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the health of a manifest as plain values.

    Parameters
    ----------
    events
        Columns :data:`EVENTS`; one row per hit, several of one ``sample_id`` at once.
    contents
        ``audio_path`` to a hash of its decoded audio; None if the audio is not there.
    durations
        Seconds by split and by source, of clips made of the manifest; may be empty.

    Returns
    -------
    dict
        ``events, sessions, kits, by_class, by_label, unknown_labels, dynamics, openness,
        techniques, loudness, duplicates, durations_s``.
    """
    known = events[events["klass"].notna()]
    unknown = events.loc[events["klass"].isna(), "label"].value_counts()
    return {
        "events": len(events),
        "sessions": int(events["session_id"].nunique()),
        "kits": int(events["kit_id"].nunique()),
        "by_class": _real_and_synthetic(known, "klass", CLASSES),
        "by_label": _real_and_synthetic(known, "label", sorted(known["label"].unique())),
        "unknown_labels": {str(name): int(count) for name, count in sorted(unknown.items())},
        "dynamics": _counts(events["dynamic_bucket"]),
        "openness": _histogram(events["openness"]),
        "techniques": _counts(events["techniques"].explode()),
        "loudness": _loudness(events),
        "duplicates": _duplicates(events, contents),
        "durations_s": {side: dict(of) for side, of in sorted(durations.items())},
    }


def _real_and_synthetic(
    events: pd.DataFrame, column: str, names: tuple[str, ...] | list[str]
) -> dict[str, dict[str, int]]:
    synthetic = events["is_synthetic"].astype(bool)
    real_of = events.loc[~synthetic, column].value_counts()
    made_of = events.loc[synthetic, column].value_counts()
    return {
        name: {
            "real": int(real_of.get(name, 0)),
            "synthetic": int(made_of.get(name, 0)),
            "total": int(real_of.get(name, 0) + made_of.get(name, 0)),
        }
        for name in names
    }


def _counts(values: pd.Series) -> dict[str, int]:
    counted = values.dropna().astype(str).value_counts()
    return {str(name): int(count) for name, count in sorted(counted.items())}


def _histogram(openness: pd.Series) -> list[int]:
    values = openness.dropna().to_numpy(dtype=np.float64)
    counted, _ = np.histogram(values, bins=_OPENNESS_BINS, range=(0.0, 1.0))
    return [int(count) for count in counted]


def _loudness(events: pd.DataFrame) -> dict[str, float]:
    found: dict[str, float] = {}
    for column in ("lufs", "peak_dbfs"):
        values = events[column].dropna().to_numpy(dtype=np.float64)
        for name, share in _QUANTILES.items():
            if len(values):
                found[f"{column}_{name}"] = float(np.quantile(values, share))
    peaks = events["peak_dbfs"].dropna()
    if len(peaks):
        found["clipped_share"] = float((peaks >= _CLIPPED_DBFS).mean())
    return found


def _duplicates(events: pd.DataFrame, contents: Mapping[str, str] | None) -> dict[str, Any] | None:
    if contents is None or not len(events):
        return None
    stroke = pd.DataFrame(
        {
            "content": events["audio_path"].map(contents),
            "millisecond": np.round(events["onset_s"].to_numpy(dtype=np.float64) * 1000),
            "label": events["label"],
        }
    )
    if stroke["content"].isna().any():
        return None
    again = stroke.duplicated()
    listed = events.loc[again, "sample_id"].astype(str)
    return {
        "count": int(again.sum()),
        "rate": float(again.mean()),
        "examples": sorted(listed)[:10],
    }


def gates(found: Mapping[str, Any] | None, spec: HealthSpec, missing: str = "") -> list[Gate]:
    """Return the verdicts on a manifest.

    Where nothing is required by name there is no gate of it: an empty list is no verdict
    (:func:`not_required` says so).
    """
    empty = found is not None and not found["events"]
    if empty:
        found, missing = None, "the manifest has no event"
    count = found["events"] if found else None
    totals = _totals(found) if found else {}
    return [
        _duplication(found, spec, count, missing),
        _least(totals, spec, missing),
        *_floors(totals if found else None, spec, missing),
        *(
            _present(name, wanted, there if found else None, missing)
            for name, wanted, there in (
                ("required_labels", spec.required_labels, totals),
                ("required_techniques", spec.required_techniques, (found or {}).get("techniques")),
            )
            if wanted
        ),
        _unknown(found, spec, count, missing),
    ]


def not_required(spec: HealthSpec) -> list[str]:
    """Return a line for each list of what must be there that is empty, and so has no gate."""
    return [
        f"{name}: nothing was required, so nothing was judged"
        for name in ("required_labels", "required_techniques")
        if not getattr(spec, name)
    ]


def _totals(found: Mapping[str, Any]) -> dict[str, int]:
    """Return the hits of each label and class; where both have one name, of the class."""
    named = {**found["by_label"], **found["by_class"]}
    return {name: counted["total"] for name, counted in named.items()}


def _duplication(
    found: Mapping[str, Any] | None, spec: HealthSpec, count: int | None, missing: str
) -> Gate:
    repeats = found["duplicates"] if found else None
    note = missing or "the audio is not there: make its files readable below the root"
    if repeats:
        note = f"{repeats['count']} hits repeat another"
        if repeats["examples"]:
            note += f": drop {', '.join(repeats['examples'][:3])} …"
    return gate(
        STAGE, "duplication_rate", repeats["rate"] if repeats else None, spec.duplication_rate,
        "at_most", count=count, note=note,
    )  # fmt: skip


def _least(totals: Mapping[str, int], spec: HealthSpec, missing: str) -> Gate:
    rarest = min(CLASSES, key=lambda name: totals[name]) if totals else None
    return gate(
        STAGE, "min_class_count", float(totals[rarest]) if rarest else None, spec.min_class_count,
        "at_least", unit="hits", count=len(CLASSES) if totals else None,
        note=f"fewest: {rarest}; add hits of it" if rarest else missing,
    )  # fmt: skip


def _floors(totals: Mapping[str, int] | None, spec: HealthSpec, missing: str) -> list[Gate]:
    return [
        gate(
            STAGE, f"min_count_{name}", None if totals is None else float(totals.get(name, 0)),
            least, "at_least", unit="hits", note=missing or f"add hits of {name}",
        )
        for name, least in sorted(spec.min_counts.items())
    ]  # fmt: skip


def _present(name: str, wanted: list[str], there: Mapping[str, int] | None, missing: str) -> Gate:
    absent = None if there is None else [one for one in wanted if not there.get(one, 0)]
    note = missing
    if absent:
        note = f"absent: {', '.join(sorted(absent))}"
    elif absent is not None:
        note = f"{len(wanted)} required"
    return gate(
        STAGE, name, None if absent is None else float(len(absent)), 0, "at_most",
        unit="absent", count=len(wanted), note=note,
    )  # fmt: skip


def _unknown(
    found: Mapping[str, Any] | None, spec: HealthSpec, count: int | None, missing: str
) -> Gate:
    names = found["unknown_labels"] if found else {}
    note = missing
    if names:
        first = ", ".join(sorted(names, key=lambda name: (-names[name], name))[:5])
        note = f"unknown: {first}; add an alias to the taxonomy, or correct the manifest"
    return gate(
        STAGE, "unknown_labels", float(sum(names.values())) if found else None,
        spec.unknown_labels, "at_most", unit="hits", count=count, note=note,
    )  # fmt: skip


def panels(found: Mapping[str, Any]) -> list[Panel]:
    """Return classes, dynamics, openness, techniques, loudness and durations."""
    listed = [
        Panel(
            "Hits by class",
            ("class", "recorded", "synthetic", "total"),
            [
                (name, of["real"], of["synthetic"], of["total"])
                for name, of in found["by_class"].items()
            ],
            bars=3,
        )
    ]
    step = 1 / _OPENNESS_BINS
    bins = [f"{place * step:.1f} to {(place + 1) * step:.1f}" for place in range(_OPENNESS_BINS)]
    counted = {
        "Dynamics": found["dynamics"],
        "Hi-hat openness": dict(zip(bins, found["openness"], strict=True)),
        "Techniques": found["techniques"],
        "Unknown labels": found["unknown_labels"],
    }
    listed += [
        Panel(title, (title.lower(), "hits"), list(counts.items()), bars=1)
        for title, counts in counted.items()
        if any(counts.values())
    ]
    if found["loudness"]:
        listed.append(Panel("Loudness", ("figure", "value"), list(found["loudness"].items())))
    for side, seconds in found["durations_s"].items():
        rows = list(seconds.items())
        listed.append(Panel(f"Clip durations by {side}", (side, "seconds"), rows, bars=1))
    return listed
