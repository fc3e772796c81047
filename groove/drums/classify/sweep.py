"""Sweeps: one training per setting, those that are done skipped, all of them in one report.

A trial's name is a hash of its sounds and settings; its folder holds its figures. A sweep that is
started again, or extended, trains what is missing.

With a grid, every combination is tried. Without one, Optuna's sampler (Bergstra et al. 2011,
tree-structured Parzen estimator) thinks of the next settings; it is seeded and told the results in
order, so that a sweep that was stopped asks for the same settings again and finds them done.

Trials are compared on the validation kits.

What belongs here: which settings are tried, what is kept. What does not: a training
(:mod:`groove.drums.classify.teach`).
"""

from __future__ import annotations

import itertools
import json
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from groove.core.digest import digest
from groove.core.files import write_whole
from groove.drums.model_files import first_error
from groove.drums.spec import TeachSpec

OBJECTIVE = "validation_macro_f1"
#: What a search without a grid varies: (lowest, highest, logarithmic) or choices.
SPACE: Mapping[str, tuple[float, float, bool] | list[Any]] = {
    "learning_rate": (3e-4, 6e-3, True),
    "weight_decay": (1e-3, 1e-1, True),
    "dropout": (0.1, 0.6, False),
    "mix": (0.0, 0.4, False),
    "batch_size": [32, 64, 128],
}

#: Settings of what is learnt from: all trials of a sweep learn from the same.
_SAME = ("clip", "synthesised_kits", "beds", "checked_kits")

#: Trains with settings and returns figures.
Train = Callable[[TeachSpec, Path], Mapping[str, float]]


class SweepError(ValueError):
    """A sweep that cannot be made; the message says why."""


def grid_of(texts: Sequence[str]) -> dict[str, list[Any]]:
    """Return ``name=value,value`` texts as names with values.

    >>> grid_of(["epochs=3,5", "compose.noise=0.2"])
    {'epochs': [3, 5], 'compose.noise': [0.2]}

    Raises
    ------
    SweepError
        If one is not of that form.
    """
    found: dict[str, list[Any]] = {}
    for text in texts:
        name, equals, values = text.partition("=")
        if not equals or not name or not values:
            raise SweepError(f"--grid {text!r}: write name=value,value")
        if name.partition(".")[0] in _SAME:
            raise SweepError(f"--grid {name}: all trials learn from the same sounds; use --config")
        found[name] = [_value(value) for value in values.split(",")]
    return found


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def combinations(grid: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    """Return every combination of a grid's values, the last name varying fastest."""
    return [dict(zip(grid, values, strict=True)) for values in itertools.product(*grid.values())]


def changed(spec: TeachSpec, changes: Mapping[str, Any]) -> TeachSpec:
    """Return settings with changes; ``compose.noise`` means a setting inside another.

    Raises
    ------
    SweepError
        If there is no such setting, or it has no such value.
    """
    content = spec.model_dump()
    for name, value in changes.items():
        *outer, last = name.split(".")
        inner = content
        for part in outer:
            inner = inner.setdefault(part, {})
            if not isinstance(inner, dict):
                raise SweepError(f"{name}: {part} has no settings inside")
        inner[last] = value
    try:
        return TeachSpec.model_validate(content)
    except ValidationError as error:
        raise SweepError(first_error(error)) from None


def trials(
    train: Train,
    spec: TeachSpec,
    identity: str,
    out: Path,
    *,
    grid: Mapping[str, Sequence[Any]] | None = None,
    count: int = 0,
    again: bool = False,
) -> Iterator[dict[str, Any]]:
    """Yield a row per trial: its name, settings, figures, and whether it was done before.

    Parameters
    ----------
    train
        Called with settings and a folder of its own.
    spec
        What is not varied.
    identity
        Of the sounds that all trials learn from.
    out
        Folder; each trial's figures are kept in one below it.
    grid
        Values by setting; none: Optuna chooses.
    count
        Trials that Optuna chooses.
    again
        Train also what is done.
    """
    if grid:
        for changes in combinations(grid):
            yield _trial(train, changed(spec, changes), changes, identity, out, again=again)
        return
    import optuna

    optuna.logging.set_verbosity(logging.WARNING)
    study = optuna.create_study(
        direction="maximize", sampler=optuna.samplers.TPESampler(seed=spec.seed)
    )
    for _ in range(count):
        trial = study.ask()
        changes = {
            name: trial.suggest_categorical(name, space)
            if isinstance(space, list)
            else trial.suggest_float(name, space[0], space[1], log=space[2])
            for name, space in SPACE.items()
        }
        row = _trial(train, changed(spec, changes), changes, identity, out, again=again)
        study.tell(trial, row["figures"][OBJECTIVE])
        yield row


def report(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return all trials, the best first by validation, as one JSON-able report."""
    ranked = sorted(rows, key=lambda row: -row["figures"][OBJECTIVE])
    return {
        "objective": OBJECTIVE,
        "best": ranked[0] if ranked else None,
        "trials": list(ranked),
    }


def _trial(
    train: Train,
    spec: TeachSpec,
    changes: Mapping[str, Any],
    identity: str,
    out: Path,
    *,
    again: bool,
) -> dict[str, Any]:
    name = digest(identity, spec.model_dump_json())[:16]
    kept = out / name / "metrics.json"
    found = None if again else _kept(kept)
    skipped = found is not None
    if found is None:
        kept.parent.mkdir(parents=True, exist_ok=True)
        found = dict(train(spec, kept.parent))
        text = json.dumps({"settings": dict(changes), "figures": found}, indent=1, sort_keys=True)
        write_whole(kept, (text + "\n").encode())
    return {"trial": name, "settings": dict(changes), "figures": found, "skipped": skipped}


def _kept(path: Path) -> dict[str, float] | None:
    """Return a finished trial's figures; None where there is none, or half a file."""
    try:
        figures = json.loads(path.read_bytes())["figures"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return figures if isinstance(figures, dict) and OBJECTIVE in figures else None
