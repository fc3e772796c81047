"""Whether a model does what it is told: styles heard in what it draws, and in its bits.

A classifier that knows the styles of held-out loops names the style of drawn grooves. It has
never heard the training loops, so a model cannot please it by playing them back. Grooves drawn
in the same forms, without asking for the style, are the control: what the classifier makes of
a meter or a grid alone. How well it names held-out loops that it was not shown is the ceiling.

What belongs here: the classifier and its figures, bits by style. What does not: drawing
(:mod:`groove.ngram.judge.drawn`), what is enough (:mod:`groove.ngram.quality`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from groove.midi.taxonomy import LABELS
from groove.ngram.judge.features import vectors_of
from groove.ngram.judge.hits import GROUP_NAMES, Floats, groups_of, hits_of, in_order, loops_of
from groove.ngram.judge.likelihood import bits_by_event
from groove.ngram.language.context import Ints, events_of_bars
from groove.ngram.language.model import GrooveModel

_PLACES = 16
_TREES = 300
_FOLDS = 3


def styles_to_judge(
    model: GrooveModel, stretches: pd.DataFrame, *, least: int, most: int
) -> list[str]:
    """Return styles that the model can be asked for and that enough performances are of.

    Parameters
    ----------
    model
        Who is asked.
    stretches
        Held-out bars of :func:`groove.ngram.judge.drawn.stretches`.
    least
        Performances that a style needs at least.
    most
        Styles at most, those with most performances first; the result is sorted.
    """
    named = stretches[stretches["style"].notna()]
    sizes = named.groupby("style")["performance"].nunique()
    known = [
        (-int(size), str(style))
        for style, size in sizes.items()
        if size >= least and model.resolve({"style": str(style)})[0]
    ]
    return sorted(style for _, style in sorted(known)[:most])


def judge_styles(
    held_out: pd.DataFrame,
    drawn: pd.DataFrame,
    control: pd.DataFrame,
    styles: Sequence[str],
    *,
    seed: int = 0,
    labels: Sequence[str] = LABELS,
) -> dict[str, Any]:
    """Return how often the style of drawn grooves is named rightly.

    Parameters
    ----------
    held_out
        Played stretches (:func:`groove.ngram.judge.drawn.stretches`), with their ``style``.
    drawn, control
        Bars drawn in each style, and those drawn in the same forms without asking for it.
    styles
        Two or more.
    seed
        Of the classifier.
    labels
        Names of the labels that the tables number.

    Returns
    -------
    dict
        ``accuracy`` with ``low`` and ``high`` (95 %, Wilson), ``chance`` (each style is drawn
        equally often), ``control_accuracy``, ``held_out_accuracy`` (mean over styles, loops of
        one performance never on both sides; ``None`` with too few of them), ``grooves`` and
        ``confusion``: asked for, then named.
    """
    from scipy.stats import binomtest

    known = in_order(held_out[held_out["style"].isin(list(styles))])
    features, style, performance = described(known, labels)
    forest = _forest(seed).fit(features, style)
    drawn_features, wanted, _ = described(in_order(drawn), labels)
    named = forest.predict(drawn_features)
    control_features, control_wanted, _ = described(in_order(control), labels)
    right = int((named == wanted).sum())
    interval = binomtest(right, len(wanted)).proportion_ci(method="wilson")
    confusion = pd.crosstab(wanted, named).reindex(
        index=list(styles), columns=list(styles), fill_value=0
    )
    return {
        "accuracy": right / len(wanted),
        "low": float(interval.low),
        "high": float(interval.high),
        "chance": 1.0 / len(styles),
        "control_accuracy": float((forest.predict(control_features) == control_wanted).mean()),
        "held_out_accuracy": _held_out_accuracy(features, style, performance, seed),
        "grooves": len(wanted),
        "styles": list(styles),
        "confusion": confusion.to_numpy(np.int64).tolist(),
    }


def described(
    bars: pd.DataFrame, labels: Sequence[str] = LABELS
) -> tuple[Floats, np.typing.NDArray[np.str_], np.typing.NDArray[np.str_]]:
    """Return (features, style, performance) of each groove of a table of bars in order.

    Features: how often each drum falls on each sixteenth of the bar, the means over its bars of
    :func:`groove.ngram.judge.features.vectors_of`, and the mean place of off-beats.
    """
    loop = loops_of(bars)
    grooves = int(loop[-1]) + 1 if len(loop) else 0
    hits = hits_of(bars)
    part = groups_of(labels)[hits.label]
    steps = bars["steps"].to_numpy(np.int64)[hits.row]
    place = hits.step * _PLACES // steps
    width = len(labels) * _PLACES
    flat = np.bincount(
        hits.loop * width + hits.label * _PLACES + place, minlength=grooves * width
    ).reshape(grooves, width)
    sizes = np.bincount(loop, minlength=grooves)[:, None]
    means = vectors_of(bars, labels).groupby(loop).mean().fillna(0.0).to_numpy(np.float64)
    beat = hits.beat_place
    late = (beat >= 0.4) & (beat <= 0.8)
    offbeats = np.maximum(np.bincount(hits.loop[late], minlength=grooves), 1)
    swung = np.bincount(hits.loop[late], beat[late], grooves) / offbeats
    parts = np.bincount(hits.loop * len(GROUP_NAMES) + part, minlength=grooves * len(GROUP_NAMES))
    struck = np.maximum(np.bincount(hits.loop, minlength=grooves), 1)[:, None]
    shares = parts.reshape(grooves, -1) / struck
    first = np.flatnonzero(np.diff(loop, prepend=-1))
    names = [
        bars[name].to_numpy()[first].astype(str) if name in bars else np.full(grooves, "")
        for name in ("style", "performance")
    ]
    return np.hstack([flat / sizes, means, swung[:, None], shares]), names[0], names[1]


def bits_by_style(
    model: GrooveModel, bars: pd.DataFrame, styles: Sequence[str]
) -> dict[str, dict[str, float]]:
    """Return, per style, bits per bar with the right style, with none and with a wrong one.

    The wrong one is the next in the list, the first after the last.
    """
    ordered = in_order(bars[bars["style"].isin(list(styles))])
    numbers = [_padded(model.resolve({"style": style})[0]) for style in styles]
    at = ordered["style"].map({style: index for index, style in enumerate(styles)})
    own = at.to_numpy(np.int64)
    rows = events_of_bars(ordered).bar
    table = np.stack(numbers)
    found: dict[str, Floats] = {}
    for name, condition in (
        ("right", table[own]),
        ("none", None),
        ("wrong", table[(own + 1) % len(styles)]),
    ):
        bits = bits_by_event(model, ordered, condition)
        found[name] = np.bincount(rows, bits, len(ordered)).astype(np.float64)
    return {
        style: {
            **{name: float(bits[own == index].mean()) for name, bits in found.items()},
            "bars": int((own == index).sum()),
        }
        for index, style in enumerate(styles)
        if (own == index).any()
    }


def _padded(numbers: Sequence[int]) -> Ints:
    """Return the numbers of one wish as a row; a style alone is served by one condition."""
    return np.array([numbers[0] if numbers else -1], dtype=np.int64)


def _forest(seed: int) -> Any:
    from sklearn.ensemble import ExtraTreesClassifier

    return ExtraTreesClassifier(
        _TREES,
        # Leaves of several stretches, so that weights balance the votes of rare styles too.
        min_samples_leaf=3,
        class_weight="balanced",
        random_state=seed,
        n_jobs=1,
    )


def _held_out_accuracy(
    features: Floats,
    style: np.typing.NDArray[np.str_],
    performance: np.typing.NDArray[np.str_],
    seed: int,
) -> float | None:
    """Return the mean recall over styles of stretches whose performance was not shown."""
    from sklearn.metrics import recall_score
    from sklearn.model_selection import StratifiedGroupKFold

    pairs = pd.DataFrame({"style": style, "performance": performance}).drop_duplicates()
    if pairs["style"].value_counts().min() < _FOLDS:
        return None
    folds = StratifiedGroupKFold(_FOLDS, shuffle=True, random_state=seed)
    named = np.empty_like(style)
    for shown, hidden in folds.split(features, style, performance):
        named[hidden] = _forest(seed).fit(features[shown], style[shown]).predict(features[hidden])
    return float(recall_score(style, named, average="macro", zero_division=0.0))
