"""The table of samples: grooves in every style, with what they are and where they come from.

What belongs here: rows from grooves. What does not: drawing (:mod:`groove.ngram.play.sampling`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from groove.core.digest import seed_of
from groove.core.splits import TRAIN
from groove.core.store import Store
from groove.midi.notes import write_midi
from groove.ngram.judge.memorisation import Run, corpus_of, longest_run
from groove.ngram.language.codec import unpack
from groove.ngram.language.model import GrooveModel
from groove.ngram.play.render import song_of_bars
from groove.ngram.play.sampling import Form, Groove, Heat, SampleError, Sampler
from groove.ngram.spec import SampleSpec

VERSION = "2"


def form_of(
    model: GrooveModel, style: str | None = None, meter: str | None = None
) -> tuple[Form, float]:
    """Return (form, tempo in quarters a minute) that a style is commonest in.

    Parameters
    ----------
    model
        Whose training data are asked.
    style
        A style; empty or ``None`` for any. One that was too rare has the form of any.
    meter
        ``"3/4"``: the commonest grid of this meter, in this style or else in any.

    Raises
    ------
    SampleError
        If no training loop was in that meter.
    """
    forms = model.card["forms"]
    everything = forms[""]
    for candidates in (forms.get(style or "", everything), everything):
        for form in candidates:
            if meter in (None, f"{form['numerator']}/{form['denominator']}"):
                found = Form(form["numerator"], form["denominator"], form["resolution"])
                return found, float(form["tempo_bpm"])
    known = sorted({f"{form['numerator']}/{form['denominator']}" for form in everything})
    raise SampleError(f"no training loop is in {meter}; the model knows {', '.join(known)}")


def midi_of(model: GrooveModel, groove: Groove, tempo_bpm: float) -> bytes:
    """Return a groove as a MIDI file with tempo and meter, on channel 10."""
    return write_midi(song_of_bars(groove.bars, tempo_bpm, model.labels))


def sampled_styles(model: GrooveModel, most: int) -> list[str]:
    """Return any style (``""``), then at most ``most`` styles with the most training bars."""
    forms = model.card["forms"]
    bars = {name: sum(int(form["bars"]) for form in listed) for name, listed in forms.items()}
    named = sorted((name for name in forms if name), key=lambda name: (-bars[name], name))
    return ["", *sorted(named[:most])]


def draw(
    groove_model: pd.DataFrame, groove_events: pd.DataFrame, *, spec: SampleSpec, store: Store
) -> Iterator[dict[str, Any]]:
    """Yield the rows of ``groove_samples``: some of any style, then some of each style.

    A groove that stands in a training loop from its first step to its last is drawn again, at
    most ``spec.attempts`` times and each time a little freer; the last one is kept and counted.
    """
    trained = groove_model.iloc[0]
    model = unpack(store.read(trained["blob"]))
    training = groove_events[groove_events["split"] == TRAIN].reset_index(drop=True)
    corpus = corpus_of(training)
    sampler = Sampler(model)
    for style in sampled_styles(model, spec.max_styles):
        form, tempo_bpm = form_of(model, style)
        for number in range(spec.per_style):
            for attempt in range(spec.attempts):
                seed = seed_of("groove_samples", spec.seed, style, number, attempt)
                heat = heat_of(spec, attempt)
                groove = sampler.draw(style, form, spec.bars, heat, seed)
                run = longest_run(groove.symbols, corpus)
                if run.steps < len(groove.symbols):
                    break
            data = midi_of(model, groove, tempo_bpm)
            yield {
                "model_id": str(trained["model_id"]),
                "style": style,
                "number": number,
                "seed": seed,
                "attempts": attempt + 1,
                "bars": spec.bars,
                "meter": f"{form.numerator}/{form.denominator}",
                "resolution": form.resolution,
                "tempo_bpm": tempo_bpm,
                "temperature": heat.temperature,
                "licenses": "; ".join(model.card["licenses"]),
                "blob": store.write(data, ".mid"),
                "bytes": len(data),
                **_measured(groove, run, training),
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


def _measured(groove: Groove, run: Run, training: pd.DataFrame) -> dict[str, Any]:
    velocity = np.concatenate([bar.velocity for bar in groove.bars])
    origin = training.iloc[run.bar] if run.steps else None
    return {
        "steps": len(groove.symbols),
        "hits": groove.hits,
        "hits_per_bar": groove.hits / len(groove.bars),
        "filled_share": float((groove.symbols > 0).mean()),
        "mean_velocity": float(velocity.mean()) if len(velocity) else None,
        "symbols": groove.symbols.tolist(),
        "verbatim_steps": run.steps,
        "verbatim_share": run.steps / len(groove.symbols),
        "verbatim_path": None if origin is None else str(origin["path"]),
        "verbatim_license": None if origin is None else str(origin["license"]),
    }
