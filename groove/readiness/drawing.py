"""How the readiness report draws: numbers, tables with bars, intervals against a threshold.

What belongs here: small pieces of HTML and SVG, and the style sheet. What does not: what the
report says (:mod:`groove.readiness.report`).
"""

from __future__ import annotations

import math
from html import escape

from groove.core.gates import Gate
from groove.readiness.checks.verdict import Interval, Panel

STYLE = (
    ":root{color-scheme:light dark;--ink:#1c2430;--soft:#5b6675;--line:#dfe4ea;--paper:#fff;"
    "--wash:#f5f7f9;--bad:#b3261e;--good:#14703a;--bar:#8fb3d9}"
    "@media(prefers-color-scheme:dark){:root{--ink:#e6eaef;--soft:#9aa5b3;--line:#333b46;"
    "--paper:#14181d;--wash:#1c2229;--bad:#ff8a80;--good:#7ad19a;--bar:#3f6ea3}}"
    "body{font:15px/1.45 system-ui,sans-serif;margin:0;color:var(--ink);background:var(--paper)}"
    "main{max-width:70rem;margin:0 auto;padding:1.5rem}"
    "header{border-left:.5rem solid;padding:.2rem 1rem;margin-bottom:1.5rem;background:var(--wash)}"
    "header.ready{border-color:var(--good)}header.blocked{border-color:var(--bad)}"
    "header.excused{border-color:var(--soft)}"
    "h1{font-size:1.6rem;margin:.4rem 0}h2{font-size:1.15rem;margin:2rem 0 .6rem}"
    "h3{font-size:1rem;margin:0 0 .3rem}p{margin:.2rem 0}"
    "table{border-collapse:collapse;width:100%;font-size:.9rem}"
    "td,th{padding:.3rem .5rem;border-bottom:1px solid var(--line);text-align:left;"
    "vertical-align:top}th{color:var(--soft);font-weight:500;white-space:nowrap}"
    ".n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}"
    ".note{color:var(--soft);overflow-wrap:anywhere}code{font-size:.8rem;overflow-wrap:anywhere}"
    ".pass{color:var(--good)}.fail{color:var(--bad);font-weight:600}"
    ".waived{color:var(--soft);font-weight:600}"
    ".cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(20rem,1fr));gap:.8rem}"
    ".card{border:1px solid var(--line);border-left:.3rem solid var(--bad);padding:.6rem .8rem}"
    ".card b{color:var(--bad)}"
    ".panels{display:grid;grid-template-columns:repeat(auto-fill,minmax(20rem,1fr));gap:1.5rem;"
    "align-items:start}.wide{grid-column:1/-1;overflow-x:auto}"
    ".bar{display:block;height:.7rem;min-width:1px;background:var(--bar)}td.b{width:35%}"
    "svg{display:block;overflow:visible}svg text{font-size:10px;fill:var(--soft)}"
)
_WIDTH, _HEIGHT, _EDGE = 150.0, 14.0, 6.0


def titled(name: str) -> str:
    """Return a name of the code in words.

    >>> titled("macro_f1_not_worse"), titled("fpr_at_95_tpr")
    ('macro-F1 not worse', 'FPR at 95 % TPR')
    """
    words = name.replace("_", " ")
    for plain, shown in (
        ("macro f1", "macro-F1"), ("fpr at 95 tpr", "FPR at 95 % TPR"), ("auroc", "AUROC"),
        ("ece", "ECE"),
    ):  # fmt: skip
        words = f" {words} ".replace(f" {plain} ", f" {shown} ").strip()
    return words


def number(value: float) -> str:
    """Return a number to four figures; whole ones in full.

    >>> number(315000), number(0.123456), number(-0.5)
    ('315,000', '0.1235', '−0.5')
    """
    if not math.isfinite(value):
        return "undefined"
    text = f"{value:,.0f}" if float(value).is_integer() else f"{value:.4g}"
    return text.replace("-", "−")


def amount(value: float, unit: str) -> str:
    """Return a number with its unit, which is singular after 1.

    >>> amount(1, "hits"), amount(3, "hits"), amount(1, "ms"), amount(0.5, "")
    ('1 hit', '3 hits', '1 ms', '0.5')
    """
    if value == 1 and len(unit) > 3 and unit.isalpha():
        unit = unit.removesuffix("s")
    return f"{number(value)} {unit}".rstrip()


def sign_of(gate: Gate) -> str:
    """Return the sign that stands before the gate's threshold."""
    return "≥" if gate.direction == "at_least" else "≤"


def interval_of(gate: Gate) -> str:
    """Return a gate's interval drawn on a line, with its threshold, and its ends in words."""
    low, high = gate.low, gate.high
    if low is None or high is None or not (math.isfinite(low) and math.isfinite(high)):
        return ""
    shown = [low, high, gate.threshold]
    if gate.value is not None and math.isfinite(gate.value):
        shown.append(gate.value)
    first, last = min(shown), max(shown)
    scale = (_WIDTH - 2 * _EDGE) / ((last - first) or 1.0)
    colour = "var(--good)" if gate.passed else "var(--bad)"

    def at(value: float) -> str:
        return f"{_EDGE + (value - first) * scale:.1f}"

    middle = _HEIGHT / 2
    point = ""
    if gate.value is not None and math.isfinite(gate.value):
        point = f'<circle cx="{at(gate.value)}" cy="{middle}" r="3.5" fill="{colour}"/>'
    return (
        f'<svg width="{_WIDTH:g}" height="{_HEIGHT:g}" role="img" '
        f'aria-label="{number(low)} to {number(high)}">'
        f'<line x1="{at(low)}" x2="{at(high)}" y1="{middle}" y2="{middle}" stroke="{colour}" '
        f'stroke-width="2.5"/><line x1="{at(gate.threshold)}" x2="{at(gate.threshold)}" y1="0" '
        f'y2="{_HEIGHT:g}" stroke="currentColor" stroke-dasharray="2 2"/>{point}</svg>'
        f"<span class=note>{number(low)} to {number(high)}</span>"
    )


def table_of(panel: Panel) -> str:
    """Return a panel as a table; wide ones take the whole width."""
    largest = 0.0
    if panel.bars is not None:
        largest = max((_size(row[panel.bars]) for row in panel.rows), default=0.0)
    columns = range(len(panel.head))
    numeric = {
        column
        for column in columns
        if all(not isinstance(row[column], str) for row in panel.rows) and panel.rows
    }
    head = "".join(
        f"<th{' class=n' if column in numeric else ''}>{escape(title)}"
        for column, title in enumerate(panel.head)
    )
    rows = []
    for row in panel.rows:
        cells = "".join(
            f"<td{' class=n' if column in numeric else ''}>{_cell(row[column])}"
            for column in columns
        )
        if panel.bars is not None:
            share = 100 * _size(row[panel.bars]) / largest if largest else 0.0
            cells += f'<td class=b><span class=bar style="width:{share:.1f}%"></span>'
        rows.append(f"<tr>{cells}</tr>")
    extra = "<th>" if panel.bars is not None else ""
    shown = len(panel.head) + (panel.bars is not None)
    wide = " class=wide" if shown > 4 or shown == 1 else ""
    return (
        f"<div{wide}><h3>{escape(panel.title)}</h3>"
        f"<table><tr>{head}{extra}</tr>{''.join(rows)}</table></div>"
    )


def _size(value: str | float | Interval | None) -> float:
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else 0.0


def _cell(value: str | float | Interval | None) -> str:
    if isinstance(value, Interval):
        ends = ""
        if math.isfinite(value.low) and math.isfinite(value.high):
            ends = f" <span class=note>{number(value.low)} to {number(value.high)}</span>"
        return number(value.value) + ends
    if value is None:
        return ""
    return escape(value) if isinstance(value, str) else number(value)
