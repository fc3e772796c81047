"""What each bar of a groove is drawn under: conditions, and which bars are fills.

Loops of fills are fills from end to end, and no loop says how a groove leads into one. So a bar that
is to be a fill is drawn by itself, as the first bar of a fill, under the same conditions and
``fill=yes``. A model that knows no fills gets hotter bars instead, within the groove.

What belongs here: the plan. What does not: drawing (:mod:`groove.ngram.play.sampling`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from groove.ngram.corpus import conditions as lattice
from groove.ngram.language.model import GrooveModel
from groove.ngram.play.heat import SampleError

#: Factor of the temperature in a bar that is to be a fill, where the model knows no fills.
FILL_HEAT = 1.5
#: Fills are all different. Drawn at less than temperature 1, or with a sharper cut than this, what
#: is left of them is silence.
FILL_TOP_P = 0.98


@dataclass(frozen=True)
class Plan:
    """What each bar is drawn under.

    Parameters
    ----------
    conditions
        Per bar, numbers of conditions.
    warmth
        Per bar, a factor of the temperature.
    apart
        Per bar, whether it is a fill by itself.
    groove
        Conditions of bars that are no fills.
    ignored
        Tags asked for that the model does not know.
    fills
        Numbers of the bars that are fills.
    remarks
        What was not done as asked for.
    """

    conditions: tuple[tuple[int, ...], ...]
    warmth: tuple[float, ...]
    apart: tuple[bool, ...]
    groove: tuple[int, ...]
    ignored: tuple[str, ...] = ()
    fills: tuple[int, ...] = ()
    remarks: tuple[str, ...] = ()


def plan_of(
    model: GrooveModel, condition: Mapping[str, str | None], bars: int, fill_every: int
) -> Plan:
    """Return the plan of a groove.

    Parameters
    ----------
    model
        Whose conditions are asked for.
    condition
        Tags.
    bars
        How many bars.
    fill_every
        Every so many bars is a fill; 0 plans none.

    Raises
    ------
    SampleError
        If there is no such tag, or ``fill_every`` is below 0.
    """
    if fill_every < 0:
        raise SampleError("fill-every must be 0 (never) or a number of bars")
    if unknown := sorted(set(condition) - set(lattice.KEYS)):
        keys = ", ".join(lattice.KEYS)
        raise SampleError(f"no condition {', '.join(unknown)}; there are: {keys}")
    numbers, ignored = model.resolve(condition)
    fills = tuple(range(fill_every - 1, bars, fill_every)) if fill_every else ()
    if not fills:
        return Plan((numbers,) * bars, (1.0,) * bars, (False,) * bars, numbers, ignored)
    of_fill, left = model.resolve({**condition, "fill": "yes"})
    heard = "fill=yes" not in left
    chosen = [(bar + 1) % fill_every == 0 for bar in range(bars)]
    return Plan(
        conditions=tuple(of_fill if fill and heard else numbers for fill in chosen),
        warmth=tuple(FILL_HEAT if fill and not heard else 1.0 for fill in chosen),
        apart=tuple(fill and heard for fill in chosen),
        groove=numbers,
        ignored=ignored,
        fills=fills,
        remarks=()
        if heard
        else (f"the model knows no fills: they are drawn {FILL_HEAT:g} times as hot",),
    )
