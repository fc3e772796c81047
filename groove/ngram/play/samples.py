"""The table of samples: grooves under every condition, what they are and where they come from.

What belongs here: rows from grooves. What does not: drawing (:mod:`groove.ngram.play.sampling`),
files (:mod:`groove.ngram.play.output`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from groove.core.digest import seed_of
from groove.core.store import Store
from groove.ngram.corpus.conditions import tags_of_name
from groove.ngram.judge.memorisation import Copies, copies_of_bars, corpus_of
from groove.ngram.judge.metrics import groove_metrics
from groove.ngram.language.codec import unpack
from groove.ngram.language.model import GrooveModel
from groove.ngram.play.arrangement import usual_form
from groove.ngram.play.heat import Form, Heat
from groove.ngram.play.output import bars_frame, midi_of
from groove.ngram.play.player import Humanise
from groove.ngram.play.sampling import Groove, Sampler
from groove.ngram.spec import SampleSpec

VERSION = "3"


def sampled_conditions(model: GrooveModel, most: int) -> list[str]:
    """Return any (``""``), then at most ``most`` conditions with the most training bars.

    Those that only say that a loop is no fill are left out: they are what the others are.
    """
    forms = model.card["forms"]
    bars = {name: sum(int(form["bars"]) for form in listed) for name, listed in forms.items()}
    named = sorted(
        (name for name in forms if name and tags_of_name(name).get("fill") != "no"),
        key=lambda name: (-bars[name], name),
    )
    return ["", *sorted(named[:most])]


def draw(groove_model: pd.DataFrame, *, spec: SampleSpec, store: Store) -> Iterator[dict[str, Any]]:
    """Yield the rows of ``groove_samples``: some of any kind, then some under each condition.

    A groove that stands in a training loop from its first step to its last is drawn again, at
    most ``spec.attempts`` times and each time a little freer; the last one is kept and counted.
    """
    trained = groove_model.iloc[0]
    model = unpack(store.read(trained["blob"]))
    training = model.loops.bars()
    corpus = corpus_of(training)
    sampler = Sampler(model)
    human = Humanise(spec.humanise, spec.velocity_limit, spec.offset_limit_ticks)
    for name in sampled_conditions(model, spec.max_conditions):
        condition = tags_of_name(name)
        form, tempo_bpm = usual_form(model, condition)
        for number in range(spec.per_condition):
            for attempt in range(spec.attempts):
                seed = seed_of("groove_samples", spec.seed, name, number, attempt)
                heat = heat_of(spec, attempt)
                groove = sampler.draw(
                    form,
                    spec.bars,
                    heat,
                    seed,
                    condition=condition,
                    fill_every=spec.fill_every,
                    swing=None if spec.swing < 0 else spec.swing,
                    humanise=human,
                )
                bars = bars_frame(groove, tempo_bpm=tempo_bpm)
                copies = copies_of_bars(bars, corpus)[0]
                if copies.most_steps.steps < len(groove.symbols):
                    break
            data = midi_of(model, groove, tempo_bpm)
            yield {
                "model_id": str(trained["model_id"]),
                "condition": name,
                "number": number,
                "seed": seed,
                "attempts": attempt + 1,
                "bars": spec.bars,
                "meter": form.meter,
                "quarters": form.quarters,
                "resolution": form.resolution,
                "tempo_bpm": tempo_bpm,
                "temperature": heat.temperature,
                "remarks": "; ".join(groove.remarks),
                "licenses": "; ".join(model.card["licenses"]),
                "blob": store.write(data, ".mid"),
                "bytes": len(data),
                **_measured(groove, bars, model),
                **_copied(groove, copies, training),
            }


def heat_of(spec: SampleSpec, attempt: int) -> Heat:
    """Return how freely attempt ``attempt`` (from 0) is drawn.

    A small corpus has bars so likely that a cool draw repeats a loop word for word. Each
    attempt is ``spec.hotter`` times as hot as the one before, and the probability that top-p
    leaves out shrinks by the same factor.
    """
    factor = spec.hotter**attempt
    end = spec.temperature_end * factor if spec.temperature_end else None
    return Heat(spec.temperature * factor, end, spec.top_k, 1 - (1 - spec.top_p) / factor)


def typical_hits(groove_samples: pd.DataFrame) -> tuple[dict[str, Any], str]:
    """Return (parameters of a :class:`groove.plots.rolls.Roll`, title) of the median sample.

    The median is that of density.
    """
    order = groove_samples["hits_per_bar"].argsort(kind="stable")
    row = groove_samples.iloc[int(order.iloc[len(order) // 2])]
    upper, lower = (int(part) for part in str(row["meter"]).split("/"))
    form = Form(upper, lower, int(row["resolution"]))
    step = np.asarray(row["hit_step"], dtype=np.int64)
    offset = np.asarray(row["hit_offset_ticks"], dtype=np.float64)
    start = step // form.steps * form.quarters + step % form.steps / form.resolution
    hits = {
        "quarter": start + offset / 480,
        "label": np.asarray(row["hit_label"], dtype=np.int64),
        "velocity": np.asarray(row["hit_velocity"], dtype=np.int64),
        "bar_quarters": form.quarters,
        "beat_quarters": 1.5 if form.compound else 4.0 / lower,
        "bars": int(row["bars"]),
    }
    return hits, f"{row['condition'] or 'any'}, {form.meter}, {row['tempo_bpm']:.0f} bpm"


def _measured(groove: Groove, bars: pd.DataFrame, model: GrooveModel) -> dict[str, Any]:
    velocity = np.concatenate([bar.velocity for bar in groove.bars])
    figures = groove_metrics(bars, labels=model.labels)
    steps = [bar.step + number * groove.form.steps for number, bar in enumerate(groove.bars)]
    return {
        "steps": len(groove.symbols),
        "hits": groove.hits,
        "hits_per_bar": groove.hits / len(groove.bars),
        "filled_share": float((groove.symbols > 0).mean()),
        "density": figures["density"],
        "swing": figures["swing"],
        "mean_velocity": float(velocity.mean()) if len(velocity) else None,
        "velocity_variance": figures["velocity_variance"],
        "symbols": groove.symbols.tolist(),
        "hit_step": np.concatenate(steps).tolist(),
        "hit_label": np.concatenate([bar.label for bar in groove.bars]).tolist(),
        "hit_velocity": velocity.tolist(),
        "hit_offset_ticks": np.concatenate([bar.offset_ticks for bar in groove.bars]).tolist(),
    }


def _copied(groove: Groove, copies: Copies, training: pd.DataFrame) -> dict[str, Any]:
    found: dict[str, Any] = {
        "verbatim_steps": copies.most_steps.steps,
        "verbatim_share": copies.most_steps.steps / len(groove.symbols),
        "verbatim_hits": copies.longest.hits,
        "verbatim_loops": copies.longest.loops,
        "single_hits": copies.single.hits,
    }
    for name, run in (("verbatim", copies.longest), ("single", copies.single)):
        origin = training.iloc[run.bar] if run.bar >= 0 else None
        found[f"{name}_path"] = None if origin is None else str(origin["path"])
        found[f"{name}_license"] = None if origin is None else str(origin["license"])
    return found
