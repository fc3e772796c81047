"""A run: every check that is configured or required, one outcome.

A check that cannot run is red, with the reason. Inputs that are not there are that and no more;
inputs that are there and cannot be used make the whole run *bad input*.

What belongs here: order, halting, the report as plain values. What does not: any check.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from groove.core.gates import Gate
from groove.readiness.checks.verdict import Panel
from groove.readiness.run.config import CHECKS as ORDER
from groove.readiness.run.config import Config
from groove.readiness.run.files import InputError, MissingError, Root
from groove.readiness.run.reports import FORMAT, VERSION
from groove.readiness.run.sections import CHECKS, Result


@dataclass
class Outcome:
    """What a run found: gates, figures and panels by check, and inputs that cannot be used.

    ``remarks`` say how figures came about, and which gates were not asked for.
    """

    gates: list[Gate] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)
    panels: dict[str, Sequence[Panel]] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """Whether there are gates and all of them are green."""
        return bool(self.gates) and all(one.passed for one in self.gates) and not self.errors

    def exit_code(self, *, strict: bool) -> int:
        """Return 2 for bad input; 1 for a red gate, if strict; otherwise 0."""
        if self.errors:
            return 2
        return 1 if strict and not self.passed else 0

    def as_dict(self) -> dict[str, Any]:
        """Return the report as values that JSON can hold."""
        report = {
            "format": FORMAT,
            "version": VERSION,
            "passed": self.passed,
            "gates": [one.as_json() for one in self.gates],
            "figures": self.figures,
            "remarks": self.remarks,
            "errors": self.errors,
        }
        return {name: _plain(value) for name, value in report.items()}


def _plain(value: Any) -> Any:
    """Return a value without nan and infinities, which JSON has no words for."""
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if hasattr(value, "item"):
        value = value.item()
    if hasattr(value, "__dataclass_fields__"):
        return _plain(vars(value))
    return None if isinstance(value, float) and not math.isfinite(value) else value


def run(config: Config, root: Root, *, halt_on_first_failure: bool = False) -> Outcome:
    """Return the outcome of every check that is configured or required.

    Parameters
    ----------
    config
        Inputs and thresholds.
    root
        Where inputs are.
    halt_on_first_failure
        Run no further check after one that is red; the others are red, too, as not run.
    """
    outcome = Outcome()
    halted = ""
    for name in ORDER:
        section, check = getattr(config, name), CHECKS[name]
        if section is None and name not in config.required:
            continue
        root.digests.clear()
        result = Result([])
        if halted:
            why = f"not run: halted after {halted}"
        elif section is None:
            why = f"missing input: add a section `{name}` to the configuration"
        else:
            result, why = _checked(name, section, root, outcome)
        if why:
            gates = check.missing(section or check.defaults(), why)
        else:
            gates = result.gates
            outcome.figures[name] = result.figures
            outcome.panels[name] = result.panels
            if result.remarks:
                told = Panel("Remarks", ("remark",), [(remark,) for remark in result.remarks])
                outcome.panels[name] = [*result.panels, told]
                outcome.remarks += [f"{name}: {remark}" for remark in result.remarks]
        inputs = dict(sorted(root.digests.items()))
        outcome.gates += [one.model_copy(update={"inputs": inputs}) for one in gates]
        if halt_on_first_failure and not halted and not all(one.passed for one in gates):
            halted = name
    return outcome


def _checked(name: str, section: Any, root: Root, outcome: Outcome) -> tuple[Result, str]:
    """Return what a check found, and why it found nothing."""
    try:
        return CHECKS[name].run(section, root, outcome.as_dict()), ""
    except MissingError as error:
        return Result([]), f"missing input: {error}"
    except InputError as error:
        outcome.errors.append(f"{name}: {error}")
        return Result([]), f"bad input: {error}"
