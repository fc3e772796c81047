"""Grooves drawn to be judged: as many, as long, and asked for as those that were played.

What belongs here: which grooves are drawn, and their bars as a table. What does not: drawing
(:mod:`groove.ngram.play.sampling`), judging (:mod:`groove.ngram.judge.evaluation`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from groove.core.digest import seed_of
from groove.ngram.corpus.conditions import tags_of_row
from groove.ngram.judge.hits import in_order
from groove.ngram.play.output import bars_frame
from groove.ngram.play.sampling import Form, Heat, Sampler

_FORM = ["numerator", "denominator", "resolution"]


def drawn_like(
    sampler: Sampler, bars: pd.DataFrame, *, grooves: int, length: int, heat: Heat, seed: int
) -> pd.DataFrame:
    """Return bars of grooves in the forms and under the tags of bars that were played.

    Grooves follow the bars, evenly from the first to the last: what most bars are, most grooves
    are asked for.

    Parameters
    ----------
    sampler
        What draws.
    bars
        Played bars, rows of ``groove_events``.
    grooves, length
        How many, and of how many bars each.
    heat, seed
        How freely, and from which seed.
    """
    ordered = in_order(bars)
    rows = np.floor((np.arange(grooves) + 0.5) * len(ordered) / grooves).astype(np.int64)
    listed = []
    asked = ordered.iloc[rows]
    for number in range(grooves):
        row = {str(name): asked[name].iloc[number] for name in asked}
        form = Form(*(int(row[name]) for name in _FORM))
        wanted = {key: value for key, value in tags_of_row(row).items() if value}
        groove = sampler.draw(form, length, heat, seed_of("judge", seed, number), condition=wanted)
        listed.append(bars_frame(groove, f"groove{number:05d}"))
    return pd.concat(listed, ignore_index=True)


def drawn_in_style(
    sampler: Sampler,
    bars: pd.DataFrame,
    styles: Sequence[str],
    *,
    grooves: int,
    length: int,
    heat: Heat,
    seed: int,
    conditioned: bool,
) -> pd.DataFrame:
    """Return bars of grooves of each style, in the forms of its played bars; see ``style``.

    Without ``conditioned`` the forms are the same and the style is not asked for.
    """
    listed = []
    for style in styles:
        own = in_order(bars[bars["style"] == style])
        rows = np.floor((np.arange(grooves) + 0.5) * len(own) / grooves).astype(np.int64)
        forms = own.iloc[rows][_FORM].to_numpy(np.int64).tolist()
        for number, form in enumerate(forms):
            wanted: Mapping[str, str] = {"style": style} if conditioned else {}
            at = seed_of("style", seed, style, number)
            groove = sampler.draw(Form(*form), length, heat, at, condition=wanted)
            name = f"{style}{number:04d}"
            listed.append(bars_frame(groove, name).assign(style=style))
    return pd.concat(listed, ignore_index=True)


def stretches(bars: pd.DataFrame, length: int) -> pd.DataFrame:
    """Return played bars cut into stretches of ``length`` bars, as long as what is drawn.

    What is left over at the end of a loop is left out. ``performance`` is the loop's own key.
    """
    ordered = in_order(bars)
    number = ordered.groupby("key").cumcount() // length
    cut = ordered.assign(
        performance=ordered["key"],
        key=ordered["key"] + "#" + number.astype(str).str.zfill(6),
    )
    return in_order(cut[cut.groupby("key")["bar"].transform("size") == length])
