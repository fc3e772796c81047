"""A given loop as the lead-in of a groove that goes on from it.

What belongs here: what a groove takes from the loop. What does not: drawing.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import pandas as pd

from groove.ngram.corpus.conditions import tags_of_row
from groove.ngram.play.heat import Form, SampleError
from groove.ngram.play.hits import UNITS, Hits, hits_of

_FORM = ["numerator", "denominator", "resolution", "steps"]


@dataclasses.dataclass(frozen=True)
class Lead:
    """The last bars of a loop, all of one form.

    Parameters
    ----------
    symbols
        Steps of these bars.
    hits
        How they were played; times are before 0.
    tags
        What the loop is tagged with; that it was a fill is left out.
    """

    symbols: list[int]
    hits: Hits
    tags: dict[str, str | None]


def form_of_loop(bars: pd.DataFrame) -> tuple[Form, float]:
    """Return (form, tempo in quarters a minute) of a loop's last whole bar.

    Parameters
    ----------
    bars
        Rows of ``groove_events`` of one loop, in order.

    Raises
    ------
    SampleError
        If there is no whole bar.
    """
    for row in reversed(bars.to_dict(orient="records")):
        form = Form(int(row["numerator"]), int(row["denominator"]), int(row["resolution"]))
        if int(row["steps"]) == form.steps:
            return form, float(row["tempo_bpm"])
    raise SampleError("the loop to continue has no whole bar")


def lead_of(bars: pd.DataFrame, form: Form, labels: Sequence[str]) -> Lead:
    """Return the last bars of a loop that are in a form.

    Parameters
    ----------
    bars
        Rows of ``groove_events`` of one loop, in order.
    form
        What the bars that count are in; bars before the last one in another form don't.
    labels
        What the model can strike.

    Raises
    ------
    SampleError
        If the loop does not end in this form, or has labels that are not the model's.
    """
    if bars.empty:
        raise SampleError("the loop to continue has no bars")
    wanted = (form.numerator, form.denominator, form.resolution, form.steps)
    alike = (bars[_FORM].to_numpy(np.int64) == wanted).all(axis=1)
    # A last bar that was cut short is passed over.
    places = np.flatnonzero(alike)
    if not len(places):
        raise SampleError(
            f"the loop to continue has no whole bar in {form.meter} on a grid of "
            f"{form.resolution} steps to the quarter"
        )
    last = int(places[-1])
    others = np.flatnonzero(~alike[: last + 1])
    chosen = bars.iloc[(int(others[-1]) + 1 if len(others) else 0) : last + 1]
    symbols = np.concatenate([np.asarray(bar, dtype=np.int64) for bar in chosen["symbols"]])
    if int(symbols.max(initial=0)) >> len(labels):
        raise SampleError("the loop to continue strikes labels that the model does not have")
    hits = hits_of(chosen.assign(key="loop"))
    length = len(chosen) * round(UNITS * form.quarters)
    tags = tags_of_row({str(name): value for name, value in chosen.iloc[-1].items()})
    return Lead(
        symbols=symbols.tolist(),
        hits=dataclasses.replace(hits, time=hits.time - length),
        tags={key: value for key, value in tags.items() if key != "fill"},
    )
