"""Gates as asset checks: every subject's verdicts, bound to the tables they are about.

What belongs here: the one list of gates, and their form as Dagster checks. What does not:
how a gate is computed (each subject's ``quality.py``).
"""

from collections.abc import Callable, Mapping

import dagster as dg
import pandas as pd

import groove.audio.quality
import groove.drums.quality
import groove.export.quality
import groove.loops.quality
import groove.midi.quality
import groove.ngram.quality
import groove.phase.quality
import groove.readiness.quality
import groove.sequence.quality
from groove.contracts import CONTRACTS
from groove.core.gates import Gate

GateFunction = Callable[[pd.DataFrame], Gate]

#: Table name to the gates that are computed from it.
GATES: Mapping[str, tuple[GateFunction, ...]] = {
    **groove.midi.quality.GATES,
    **groove.audio.quality.GATES,
    **groove.phase.quality.GATES,
    **groove.ngram.quality.GATES,
    **groove.loops.quality.GATES,
    **groove.drums.quality.GATES,
    **groove.sequence.quality.GATES,
    **groove.export.quality.GATES,
    **groove.readiness.quality.GATES,
}


def as_check(gate: Gate) -> dg.AssetCheckResult:
    """Return a gate as the result of an asset check."""
    return dg.AssetCheckResult(
        passed=gate.passed,
        severity=dg.AssetCheckSeverity.ERROR,
        description=str(gate),
        metadata={
            "value": "missing" if gate.value is None else gate.value,
            "threshold": gate.threshold,
            "direction": gate.direction,
            "count": gate.count or 0,
            "note": gate.note,
        },
    )


def _check(asset: str, function: GateFunction) -> dg.AssetChecksDefinition:
    name = getattr(function, "__name__", "gate")

    @dg.asset_check(asset=asset, name=name, description=(function.__doc__ or "").split("\n")[0])
    def check(table: pd.DataFrame) -> dg.AssetCheckResult:
        return as_check(function(table))

    return check


def checks() -> list[dg.AssetChecksDefinition]:
    """Return one asset check per gate."""
    return [_check(table, function) for table, functions in GATES.items() for function in functions]


def verdicts(tables: Mapping[str, pd.DataFrame], digests: Mapping[str, str]) -> list[Gate]:
    """Return every gate's verdict on the tables given.

    Parameters
    ----------
    tables, digests
        Table name to its rows and to its digest. A gate whose table is missing is red:
        it gets an empty table.
    """
    gates = []
    for table, functions in GATES.items():
        for function in functions:
            gate = function(tables.get(table, CONTRACTS[table].empty()))
            gates.append(gate.model_copy(update={"inputs": {table: digests.get(table, "")}}))
    return gates
