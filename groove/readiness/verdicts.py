"""Verdicts as rows and rows as verdicts, and which models they let through.

What belongs here: the table form of gates. What does not: computing them.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING

import pandas as pd

from groove.core.gates import Gate
from groove.core.tables import frame_of, records
from groove.readiness.tables import READINESS

if TYPE_CHECKING:
    from groove.readiness.spec import Waiver


class WaiverError(ValueError):
    """A waiver that means nothing. The message says which."""


def rows_of(gates: Iterable[Gate]) -> pd.DataFrame:
    """Return gates as the table ``readiness``, by stage and name."""
    listed = sorted(gates, key=lambda gate: (gate.stage, gate.name))
    return frame_of(
        (
            {
                **gate.model_dump(exclude={"inputs"}),
                "inputs_json": json.dumps(dict(gate.inputs), sort_keys=True),
            }
            for gate in listed
        ),
        READINESS,
    )


def gates_of(readiness: pd.DataFrame) -> list[Gate]:
    """Return the rows of ``readiness`` as gates. Verdicts are derived again, not believed."""
    return [
        Gate(
            name=row["name"],
            stage=row["stage"],
            value=_number(row["value"]),
            threshold=row["threshold"],
            direction=row["direction"],
            unit=row["unit"],
            count=None if pd.isna(row["count"]) else int(row["count"]),
            low=_number(row["low"]),
            high=_number(row["high"]),
            inputs=json.loads(row["inputs_json"]),
            note=row["note"],
            waiver=row.get("waiver", ""),  # a table of an older release has none
        )
        for row in readiness.to_dict(orient="records")
    ]


def waived(gates: Iterable[Gate], waivers: Mapping[str, Waiver]) -> list[Gate]:
    """Return the gates, red ones with the reason why they do not block a release.

    Parameters
    ----------
    gates
        Every gate.
    waivers
        ``stage/name`` of a gate to why it does not apply to these data, and how red it may be. A
        green gate needs none and gets none; one beyond the bound, or not measured, blocks and
        says so in its note.

    Raises
    ------
    WaiverError
        If there is no such gate, or its bound is on the other side than the gate's threshold.
    """
    listed = list(gates)
    named = {f"{gate.stage}/{gate.name}": gate for gate in listed}
    unknown = sorted(set(waivers) - set(named))
    if unknown:
        raise WaiverError(f"no gate is called {', '.join(unknown)}: take the waiver away")
    for name, waiver in sorted(waivers.items()):
        if getattr(waiver, named[name].direction) is None:
            raise WaiverError(f"{name} holds {named[name].direction}: give the waiver that bound")
    return [_waived(gate, waivers.get(f"{gate.stage}/{gate.name}")) for gate in listed]


def _waived(gate: Gate, waiver: Waiver | None) -> Gate:
    if gate.passed or waiver is None:
        return gate
    if waiver.covers(gate.value):
        return gate.model_copy(update={"waiver": f"{waiver.reason.strip()} ({waiver.bound})"})
    note = f"{gate.note}; waived only where {waiver.bound}".removeprefix("; ")
    return gate.model_copy(update={"note": note})


def _number(value: float | None) -> float | None:
    return None if value is None or pd.isna(value) else float(value)


def passing_models(
    readiness: pd.DataFrame,
    models: Mapping[str, pd.DataFrame],
    lines: Mapping[str, Collection[str]],
    gated: Collection[str] = (),
) -> dict[str, str]:
    """Return registered model name to MLflow run, of the models that rest on green gates alone.

    A waiver lets a release go on; it does not make a model one to compare others with.

    Parameters
    ----------
    readiness
        Gate rows.
    models
        Training tables by stage. A stage without a gate does not pass.
    lines
        Stage to the other tables that its model depends on or is judged by: their gates must
        be green, too. A table without gates passes.
    gated
        Tables that have gates: one of them without a row was not judged, and does not pass.
    """
    verdict = readiness["passed"].astype(bool).groupby(readiness["stage"]).all()
    names: dict[str, str] = {}
    for stage, table in models.items():
        others = all(bool(verdict.get(other, other not in gated)) for other in lines.get(stage, ()))
        if not (bool(verdict.get(stage, False)) and others):
            continue
        for row in records(table):
            if not row.get("released", True):
                continue
            name = f"{stage}_{row['ranker']}" if "ranker" in row else stage
            names[name] = str(row["run_id"])
    return names
