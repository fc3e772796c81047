"""Gates as asset checks: every subject's verdicts, bound to the tables they are about.

What belongs here: the one list of gates, and their form as Dagster checks. What does not:
how a gate is computed (each subject's ``quality.py``).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

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
from groove.drums.techniques import INFERRED
from groove.readiness import drum_gates
from groove.readiness.checks.verdict import Panel
from resources.tables import digest_of

GateFunction = Callable[[pd.DataFrame], Gate]


def merged(
    subjects: Iterable[Mapping[str, Sequence[GateFunction]]],
) -> dict[str, tuple[GateFunction, ...]]:
    """Return table name to the gates of all subjects, in their order.

    Raises
    ------
    ValueError
        If a table has two gates of one name: one would hide the other.
    """
    found: dict[str, tuple[GateFunction, ...]] = {}
    for gates in subjects:
        for table, functions in gates.items():
            found[table] = (*found.get(table, ()), *functions)
    for table, functions in found.items():
        names = [name_of(function) for function in functions]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"{table} has two gates called {', '.join(twice)}")
    return found


def name_of(function: GateFunction) -> str:
    """Return the name of a gate's check."""
    return str(getattr(function, "__name__", "gate"))


#: What the pipeline finds of the ways of playing is what notes alone show: more cannot be asked.
DRUMS = drum_gates.DrumReadiness(INFERRED)

#: Tables that the report shows parts of.
PANELLED = drum_gates.TABLES

#: Table name to the gates that are computed from it.
GATES: Mapping[str, tuple[GateFunction, ...]] = merged(
    (
        groove.midi.quality.GATES,
        groove.audio.quality.GATES,
        groove.phase.quality.GATES,
        groove.ngram.quality.GATES,
        groove.loops.quality.GATES,
        groove.drums.quality.GATES,
        groove.sequence.quality.GATES,
        groove.export.quality.GATES,
        groove.readiness.quality.GATES,
        DRUMS.gates,
    )
)


def as_check(gate: Gate) -> dg.AssetCheckResult:
    """Return a gate as the result of an asset check; what was not measured says so."""

    def shown(value: float | None) -> float | str:
        return "missing" if value is None else value

    return dg.AssetCheckResult(
        passed=gate.passed,
        severity=dg.AssetCheckSeverity.ERROR,
        description=str(gate),
        metadata={
            "value": shown(gate.value),
            "threshold": gate.threshold,
            "direction": gate.direction,
            "shortfall": shown(gate.shortfall),
            "low": shown(gate.low),
            "high": shown(gate.high),
            "unit": gate.unit,
            "count": shown(gate.count),
            "note": gate.note,
            **{f"digest of {table}": digest for table, digest in sorted(gate.inputs.items())},
        },
    )


def _check(asset: str, function: GateFunction) -> dg.AssetChecksDefinition:
    doc = (function.__doc__ or "").split("\n")[0]

    @dg.asset_check(asset=asset, name=name_of(function), description=doc)
    def check(table: pd.DataFrame) -> dg.AssetCheckResult:
        inputs = {asset: digest_of(asset, table)}
        return as_check(function(table).model_copy(update={"inputs": inputs}))

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


def panels(tables: Mapping[str, pd.DataFrame]) -> dict[str, Sequence[Panel]]:
    """Return the tables behind the gates for the report, by the table that they are about."""
    return DRUMS.panels(tables)
