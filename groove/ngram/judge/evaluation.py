"""Everything that is measured of a groove model on loops it never heard.

Three questions, each answered beside something to compare with:

* Does it know what comes next? Bits per bar, hit and step; on the yardstick's 13 labels beside
  plain language models estimated from the same training loops
  (:mod:`groove.ngram.judge.likelihood`, :mod:`groove.ngram.judge.reference`).
* Does it sound like what was played? Distances of drawn from played bars, beside those of
  played from played and of bars without sense (:mod:`groove.ngram.judge.distance`,
  :mod:`groove.ngram.judge.anchors`); figures of both (:mod:`groove.ngram.judge.metrics`); and
  whether it does the style it is asked for (:mod:`groove.ngram.judge.styles`).
* Does it copy? Verbatim runs of drawn grooves in the training loops, beside those of people who
  never heard them (:mod:`groove.ngram.judge.memorisation`).

What belongs here: the report. What does not: any measure itself.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from groove.ngram.judge import anchors, drawn, styles
from groove.ngram.judge.distance import distance
from groove.ngram.judge.hits import in_order
from groove.ngram.judge.likelihood import bits_by_event, coarse_bits_by_event, sum_to_one_error
from groove.ngram.judge.memorisation import Copies, Corpus, copies_of_bars, corpus_of
from groove.ngram.judge.metrics import groove_metrics
from groove.ngram.judge.reference import Reference, estimate, order0, uniform
from groove.ngram.judge.tokens import coarse_of, on_sixteenths, tokens_of
from groove.ngram.language.model import GrooveModel
from groove.ngram.play.sampling import Heat, Sampler
from groove.ngram.spec import EvaluationSpec

VERSION = "1"

#: References by name, weakest first; the last is the one to beat.
REFERENCES = ("uniform", "order0", "witten_bell_4", "kneser_ney_6")
#: Verbatim runs that a report lists, the longest first.
_LISTED = 20
#: Hits from which a loop that was heard before is a leak.
_LEAST_HITS = 16
#: So many bars' worth of hits out of one loop are not called a copy.
_FREE_BARS = 2.0


class EvaluationError(ValueError):
    """Bars that no model can be measured on. The message says why."""


def evaluate(model: GrooveModel, bars: pd.DataFrame, spec: EvaluationSpec) -> dict[str, Any]:
    """Return every figure by name, as plain data for JSON; ``None`` is what can't be measured.

    Parameters
    ----------
    model
        With its training loops.
    bars
        Rows of ``groove_events`` that it was not trained on.
    spec
        How much is drawn, and how.

    Raises
    ------
    EvaluationError
        If there is no bar.
    """
    ordered = in_order(bars)
    if not len(ordered):
        raise EvaluationError("no bars to evaluate on: no drum loop was read")
    training = in_order(model.loops.bars())
    leaked = heard_before(ordered, training)
    sampler = Sampler(model)
    heat = Heat(spec.temperature, None, spec.top_k, spec.top_p)
    grooves = drawn.drawn_like(
        sampler, ordered, grooves=spec.grooves, length=spec.bars, heat=heat, seed=spec.seed
    )
    report = {
        "loops": int(ordered["key"].nunique()),
        "bars": len(ordered),
        "hits": int(ordered["hit_step"].map(len).sum()),
        "events": int(ordered["steps"].sum()),
        "leaked_loops": int(leaked["key"].nunique()),
        "training_loops": int(training["key"].nunique()),
        "training_bars": len(training),
        "settings": spec.model_dump(),
        **likelihood(model, ordered, spec),
        **yardstick(model, ordered, training),
        # What people play again of what they played says nothing about how much people copy.
        **memorisation(grooves, ordered.drop(leaked.index), training, spec),
        **likeness(grooves, ordered, model.labels, spec),
        **conditioning(sampler, ordered, heat, spec),
    }
    plain: dict[str, Any] = _plain(report)
    return plain


def heard_before(bars: pd.DataFrame, training: pd.DataFrame) -> pd.DataFrame:
    """Return the bars of loops that stand among the training loops, step for step.

    Loops with few hits are nobody's: they are let pass.
    """

    def contents(rows: pd.DataFrame) -> pd.Series:
        steps = [np.asarray(symbols, np.int64).tobytes() for symbols in rows["symbols"]]
        grid = rows["resolution"].astype(str).tolist()
        whole = pd.Series(
            [f"{size}:".encode() + step for size, step in zip(grid, steps, strict=True)],
            index=rows.index,
        )
        return whole.groupby(rows["key"]).agg(b"|".join)

    known = {*contents(training)}
    hits = bars["hit_step"].map(len).groupby(bars["key"]).sum()
    same = contents(bars).map(lambda content: content in known) & (hits >= _LEAST_HITS)
    return bars[bars["key"].map(same)]


def likelihood(model: GrooveModel, bars: pd.DataFrame, spec: EvaluationSpec) -> dict[str, Any]:
    """Return bits on the bars' own grids with all labels, without and with their tags."""
    bits = float(bits_by_event(model, bars).sum())
    tagged = float(bits_by_event(model, bars, model.conditions_of(bars)).sum())
    hits, events = int(bars["hit_step"].map(len).sum()), int(bars["steps"].sum())
    return {
        "bits_per_bar": bits / len(bars),
        "bits_per_hit": bits / hits if hits else None,
        "bits_per_event": bits / events,
        "bits_per_bar_conditioned": tagged / len(bars),
        "sum_to_one_max_error": sum_to_one_error(
            model, bars, contexts=spec.contexts, seed=spec.seed
        ),
    }


def yardstick(model: GrooveModel, bars: pd.DataFrame, training: pd.DataFrame) -> dict[str, Any]:
    """Return perplexity and bits on 16 steps and 13 labels, beside the references.

    ``perplexity_16x13_all_labels`` and ``bits_per_bar_16x13_all_labels`` are what the model needs
    for its full sets on the same steps: more than for the 13, so an upper bound.
    """
    coarse = coarse_of(model.labels)
    played = on_sixteenths(bars)
    missing: dict[str, Any] = {
        "perplexity_16x13": None,
        "bits_per_bar_16x13": None,
        "tokens_16x13": 0,
        "bars_16x13": len(played),
        "reference": dict.fromkeys(REFERENCES),
    }
    if coarse is None or not len(played):
        return missing
    tokens, shown = tokens_of(played, coarse), tokens_of(on_sixteenths(training), coarse)
    if not len(tokens) or not len(shown):
        return missing
    bits = float(coarse_bits_by_event(model, played, coarse).sum())
    whole = float(bits_by_event(model, played).sum())
    made: Mapping[str, Reference] = {
        "uniform": uniform(),
        "order0": order0(shown),
        "witten_bell_4": estimate(shown, 4, "witten_bell"),
        "kneser_ney_6": estimate(shown, 6, "kneser_ney"),
    }
    return {
        "perplexity_16x13": _perplexity(bits, len(tokens)),
        "bits_per_bar_16x13": bits / len(played),
        "perplexity_16x13_all_labels": _perplexity(whole, len(tokens)),
        "bits_per_bar_16x13_all_labels": whole / len(played),
        "tokens_16x13": len(tokens),
        "bars_16x13": len(played),
        "reference": {
            name: {
                "perplexity": _perplexity(needed, len(tokens)),
                "bits_per_bar": needed / len(played),
            }
            for name, needed in ((name, made[name].bits(tokens)) for name in REFERENCES)
        },
    }


def memorisation(
    grooves: pd.DataFrame, bars: pd.DataFrame, training: pd.DataFrame, spec: EvaluationSpec
) -> dict[str, Any]:
    """Return the longest verbatim runs of drawn grooves, and those of played ones as long.

    ``memorised_max_hits`` is the run with the most hits, wherever it stands; ``single_hits`` are
    those of runs that stand in one training loop only, own repetition left out, per groove;
    ``copied_share`` is the share of drawn grooves with more of them than 95 % of what people
    played, and than two bars have.
    """
    corpus = corpus_of(training)
    found = copies_of_bars(grooves, corpus)
    worst = max(found, key=lambda one: (one.longest.hits, one.longest.steps))
    steps = float(grooves["steps"].mean())
    people = copies_of_bars(drawn.stretches(bars, spec.bars), corpus)
    origin = training.iloc[worst.longest.bar] if worst.longest.steps else None
    much = None
    if people:
        # Two bars' worth of hits is the vocabulary of drumming, however seldom it was played.
        usual = np.percentile([one.single.fresh for one in people], 95)
        much = max(float(usual), _FREE_BARS * float(grooves["hit_step"].map(len).mean()))
    return {
        "memorised_max_hits": worst.longest.hits,
        "memorised_max_steps": worst.longest.steps,
        "memorised_max_bars": worst.longest.steps / steps,
        "memorised_loops": worst.longest.loops,
        "memorised_file": None if origin is None else str(origin["path"]),
        "memorised_license": None if origin is None else str(origin["license"]),
        "copied_share": (
            None if much is None else float(np.mean([one.single.fresh > much for one in found]))
        ),
        "memorisation": {
            "bars_of_a_groove": spec.bars,
            "drawn": {**_runs(found, corpus), **whole_bars(grooves, corpus)},
            "played": {**_runs(people, corpus), **whole_bars(bars, corpus)} if people else None,
            "longest": _origins(found, training),
        },
    }


def _runs(found: Sequence[Copies], corpus: Corpus) -> dict[str, Any]:
    """Return how long runs are, in hits: the middle, the upper end, the most."""
    loops = int(corpus.loop.max()) + 1
    report: dict[str, Any] = {"grooves": len(found)}
    for name in ("longest", "single"):
        runs = [getattr(one, name) for one in found]
        hits = np.array([run.fresh if name == "single" else run.hits for run in runs])
        report[f"{name}_hits"] = {
            "median": float(np.median(hits)),
            "p95": float(np.percentile(hits, 95)),
            "max": int(hits.max()),
        }
    shared = [one.longest.loops / loops for one in found]
    report["share_of_loops_with_longest"] = float(np.median(shared))
    return report


def whole_bars(bars: pd.DataFrame, corpus: Corpus) -> dict[str, float | None]:
    """Return the share of bars with a hit that stand whole in a training loop, and in one only."""
    ordered = in_order(bars)
    found = copies_of_bars(ordered.assign(key=[f"{row:09d}" for row in range(len(bars))]), corpus)
    struck = [
        (one.most_steps.steps == steps, one.most_steps.loops)
        for one, steps, hits in zip(
            found, ordered["steps"], ordered["hit_step"].map(len), strict=True
        )
        if hits
    ]
    if not struck:
        return {"whole_bars": None, "whole_bars_single": None}
    return {
        "whole_bars": float(np.mean([whole for whole, _ in struck])),
        "whole_bars_single": float(np.mean([whole and loops == 1 for whole, loops in struck])),
    }


def _origins(found: Sequence[Copies], training: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the longest runs with the file and the licence that they stand in."""
    runs = [(number, one.longest) for number, one in enumerate(found) if one.longest.steps]
    runs.sort(key=lambda pair: (-pair[1].hits, -pair[1].steps, pair[0]))
    return [
        {
            "groove": number,
            "steps": run.steps,
            "hits": run.hits,
            "loops": run.loops,
            "file": str(training["path"].iloc[run.bar]),
            "license": str(training["license"].iloc[run.bar]),
        }
        for number, run in runs[:_LISTED]
    ]


def likeness(
    grooves: pd.DataFrame, bars: pd.DataFrame, labels: Sequence[str], spec: EvaluationSpec
) -> dict[str, Any]:
    """Return figures of drawn and played bars, and their distance beside what it can be held to."""
    names = list(labels)
    report: dict[str, Any] = {
        "metrics": {
            "drawn": groove_metrics(grooves, bars, names),
            "played": groove_metrics(bars, None, names),
        }
    }
    if not bars["hit_step"].map(len).sum():
        return {**report, "distance": None, "distance_anchors": None}
    found = distance(grooves, bars, bootstrap=spec.bootstrap, seed=spec.seed, labels=names)
    senseless = {
        name: distance(made(bars, spec.seed), bars, bootstrap=0, labels=names)
        for name, made in (("shuffled", anchors.shuffled), ("uniform", anchors.uniform))
    }
    return {
        **report,
        "distance": found.as_dict(),
        "distance_anchors": {
            "floor": anchors.floor(bars, splits=spec.floor_splits, seed=spec.seed, labels=names),
            **{
                name: {"total": one.total.value, "joint": one.joint.value}
                for name, one in senseless.items()
            },
        },
    }


def conditioning(
    sampler: Sampler, bars: pd.DataFrame, heat: Heat, spec: EvaluationSpec
) -> dict[str, Any]:
    """Return whether styles asked for are heard, and bits by style; ``None`` with under two."""
    model = sampler.model
    cut = drawn.stretches(bars, spec.style_bars)
    chosen = styles.styles_to_judge(model, cut, least=spec.style_loops, most=spec.max_styles)
    if len(chosen) < 2:
        return {"by_style": {}, "conditioning": None}
    made = [
        drawn.drawn_in_style(
            sampler,
            cut,
            chosen,
            grooves=spec.style_grooves,
            length=spec.style_bars,
            heat=heat,
            seed=spec.seed,
            conditioned=conditioned,
        )
        for conditioned in (True, False)
    ]
    return {
        "by_style": styles.bits_by_style(model, bars, chosen),
        "conditioning": styles.judge_styles(
            cut, made[0], made[1], chosen, seed=spec.seed, labels=list(model.labels)
        ),
    }


def _perplexity(bits: float, tokens: int) -> float:
    return float(2.0 ** min(1000.0, bits / tokens))


def _plain(value: Any) -> Any:
    """Return what JSON can say: no arrays, and nothing that isn't finite."""
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def as_json(report: Mapping[str, Any]) -> str:
    """Return a report as JSON with sorted keys."""
    return json.dumps(report, sort_keys=True, allow_nan=False)
