"""The readiness report: one HTML page that a reviewer reads in a minute.

First what blocks, by how much, and what would unblock it; then every gate with its interval drawn
against its threshold; then the counts behind them; last the hashes of what was read. The page is
whole: no script, nothing from elsewhere.

What belongs here: the page. What does not: the verdicts on it, and how a table is drawn
(:mod:`groove.readiness.drawing`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from groove.core.gates import Gate
from groove.readiness.checks.verdict import Panel
from groove.readiness.drawing import STYLE, amount, interval_of, number, sign_of, table_of, titled

_NO_PANELS: Mapping[str, Sequence[Panel]] = {}


def page(
    gates: Sequence[Gate],
    panels: Mapping[str, Sequence[Panel]] = _NO_PANELS,
    errors: Sequence[str] = (),
) -> bytes:
    """Return the report.

    Parameters
    ----------
    gates
        Verdicts; red ones come first.
    panels
        Tables behind them, by stage.
    errors
        Inputs that could not be used.
    """
    red = [gate for gate in gates if gate.blocks]
    waived = [gate for gate in gates if not gate.passed and not gate.blocks]
    ready = bool(gates) and not red and not errors
    passing = f"all {len(gates)} gates pass"
    if waived:
        passing = f"{len(gates) - len(waived)} of {len(gates)} gates pass, the others are waived"
    title = f"Ready: {passing}" if ready else f"Not ready: {len(red)} of {len(gates)} gates block"
    state = "blocked" if not ready else "excused" if waived else "ready"
    unread = f", {amount(len(errors), 'inputs')} cannot be used" if errors else ""
    parts = [
        f'<header class="{state}"><h1>{escape(title + unread)}</h1>',
        f"<p>{escape(_summary(gates, red, len(waived)))}</p></header>",
        _errors(errors),
        _blocking(red),
        _waivers(waived),
        _every(gates),
        *(_panels(stage, listed) for stage, listed in panels.items() if listed),
        _inputs(gates),
    ]
    # On one line: a blank one would end the page where it is shown inside Markdown.
    body = "".join(part for part in parts if part).replace("\n", " ")
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head>"
        f"<body><main>{body}</main></body></html>"
    ).encode()


def _summary(gates: Sequence[Gate], red: Sequence[Gate], waived: int) -> str:
    if not gates:
        return "No gate was computed, so none has passed."
    missing = sum(gate.value is None for gate in red)
    parts = [f"{len(gates) - len(red) - waived} pass"]
    if len(red) > missing:
        parts.append(f"{len(red) - missing} measured and on the wrong side")
    if missing:
        parts.append(f"{missing} not measured: what was not measured has not passed")
    if waived:
        parts.append(f"{waived} red and waived: they do not block, for the reasons given")
    return ", ".join(parts) + "."


def _errors(errors: Sequence[str]) -> str:
    if not errors:
        return ""
    items = "".join(f"<li>{escape(error)}" for error in errors)
    return f"<section><h2>Inputs that cannot be used</h2><ul>{items}</ul></section>"


def _blocking(red: Sequence[Gate]) -> str:
    """Return a card for each measured red gate; those not measured for one reason share one."""
    if not red:
        return ""
    cards = [_card(gate) for gate in sorted(red, key=_off, reverse=True) if gate.value is not None]
    silent: dict[tuple[str, str], list[str]] = {}
    for gate in red:
        if gate.value is None:
            silent.setdefault((gate.stage, gate.note), []).append(titled(gate.name))
    cards += [
        f'<div class="card"><h3>{escape(titled(stage))} <b>not measured</b></h3>'
        f"<p>{escape(', '.join(names))}</p><p class=note>{escape(note or 'no input')}</p></div>"
        for (stage, note), names in silent.items()
    ]
    return f"<section><h2>What blocks</h2><div class=cards>{''.join(cards)}</div></section>"


def _waivers(waived: Sequence[Gate]) -> str:
    """Return the red gates that do not block, by reason."""
    if not waived:
        return ""
    by_reason: dict[str, list[str]] = {}
    for gate in waived:
        value = "not measured" if gate.value is None else amount(gate.value, gate.unit)
        said = f"{titled(gate.stage)}: {titled(gate.name)} ({value}, needs {sign_of(gate)} "
        by_reason.setdefault(gate.waiver, []).append(f"{said}{amount(gate.threshold, gate.unit)})")
    items = "".join(
        f"<li>{escape('; '.join(names))}<p class=note>{escape(reason)}</p>"
        for reason, names in by_reason.items()
    )
    return (
        "<section><h2>Waived: red, and not in the way</h2><p>A model that rests on one of these is "
        f"not given the alias <code>challenger</code>.</p><ul>{items}</ul></section>"
    )


def _off(gate: Gate) -> float:
    """Return how far a gate is off, relative to its threshold, so that units compare."""
    short = gate.shortfall
    return float("inf") if short is None else short / (abs(gate.threshold) or 1.0)


def _card(gate: Gate) -> str:
    short, value = gate.shortfall, gate.value
    way = "short by" if gate.direction == "at_least" else "over by"
    by = "not a finite number" if short is None else f"{way} {amount(short, gate.unit)}"
    shown = "" if value is None else amount(value, gate.unit)
    return (
        f'<div class="card"><h3>{escape(titled(gate.stage))}: {escape(titled(gate.name))} '
        f"<b>{escape(by)}</b></h3><p>{escape(shown)}, needs {sign_of(gate)} "
        f"{escape(amount(gate.threshold, gate.unit))}{_count(gate)}</p>"
        f"<p class=note>{escape(gate.note)}</p></div>"
    )


def _count(gate: Gate) -> str:
    return "" if gate.count is None else f" · n = {gate.count:,}"


def _every(gates: Sequence[Gate]) -> str:
    if not gates:
        return ""
    ordered = sorted(gates, key=lambda gate: (gate.passed, not gate.blocks))
    head = (
        "<tr><th>gate<th>stage<th class=n>value<th class=n>threshold<th>95 % interval"
        "<th class=n>n<th>verdict</tr>"
    )
    rows = "".join(_row(gate) for gate in ordered)
    return f"<section><h2>Every gate</h2><table>{head}{rows}</table></section>"


def _row(gate: Gate) -> str:
    value = "missing" if gate.value is None else amount(gate.value, gate.unit)
    verdict = "pass" if gate.passed else "fail" if gate.blocks else "waived"
    count = "" if gate.count is None else f"{gate.count:,}"
    return (
        f"<tr><td>{escape(gate.name)}<td>{escape(gate.stage)}<td class=n>{escape(value)}"
        f"<td class=n>{sign_of(gate)} {number(gate.threshold)}<td>{interval_of(gate)}"
        f'<td class=n>{count}<td class="{verdict}">{verdict}</tr>'
    )


def _panels(stage: str, panels: Sequence[Panel]) -> str:
    tables = "".join(table_of(panel) for panel in panels)
    return f"<section><h2>{escape(titled(stage))}</h2><div class=panels>{tables}</div></section>"


def _inputs(gates: Sequence[Gate]) -> str:
    read: dict[str, tuple[str, set[str]]] = {}
    for gate in gates:
        for name, digest in gate.inputs.items():
            read.setdefault(name, (digest, set()))[1].add(gate.stage)
    if not read:
        return ""
    rows = "".join(
        f"<tr><td>{escape(name)}<td>{escape(', '.join(sorted(stages)))}"
        f"<td><code>{escape(digest)}</code></tr>"
        for name, (digest, stages) in sorted(read.items())
    )
    head = "<tr><th>input<th>read by<th>SHA-256</tr>"
    return f"<section><h2>What was read</h2><table>{head}{rows}</table></section>"
