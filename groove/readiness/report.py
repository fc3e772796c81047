"""The readiness report: one HTML page that a reviewer reads in a minute.

What belongs here: the page. What does not: the verdicts on it.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from groove.core.gates import Gate

_STYLE = """
body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem;color:#1c2430}
h1{font-size:1.5rem}table{border-collapse:collapse;width:100%}
td,th{padding:.35rem .6rem;border-bottom:1px solid #dfe4ea;text-align:left}
td.n{text-align:right;font-variant-numeric:tabular-nums}
.pass{color:#14703a}.fail{color:#b3261e;font-weight:600}
"""


def page(gates: Sequence[Gate]) -> bytes:
    """Return the report: red gates first, each with value, threshold and how far off it is."""
    red = [gate for gate in gates if not gate.passed]
    title = (
        f"Ready: all {len(gates)} gates pass"
        if gates and not red
        else f"Not ready: {len(red)} of {len(gates)} gates are red"
    )
    rows = "\n".join(_row(gate) for gate in sorted(gates, key=lambda gate: gate.passed))
    head = "<tr><th>gate<th>stage<th>value<th>threshold<th>n<th>verdict<th>note</tr>"
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{_STYLE}</style><h1>{escape(title)}</h1><table>{head}{rows}</table></html>"
    ).encode()


def _row(gate: Gate) -> str:
    sign = "≥" if gate.direction == "at_least" else "≤"
    value = "missing" if gate.value is None else f"{gate.value:.4g}"
    verdict = "pass" if gate.passed else "fail"
    count = "" if gate.count is None else str(gate.count)
    return (
        f"<tr><td>{escape(gate.name)}<td>{escape(gate.stage)}<td class=n>{value} "
        f"{escape(gate.unit)}<td class=n>{sign} {gate.threshold:g}<td class=n>{count}"
        f'<td class="{verdict}">{verdict}<td>{escape(gate.note)}</tr>'
    )
