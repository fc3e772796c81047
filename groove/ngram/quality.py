"""Gates of the groove sampler's tables.

What belongs here: what must hold of events, counts, the model and the samples. What does not:
how a gate is shown or enforced.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pandas as pd

from groove.core.gates import Gate

#: Share of order 0's bits that context must save on loops never heard.
MIN_SAVING = 0.10
#: Share of samples that may stand in one training loop from the first step to the last.
MAX_COPIES = 0.25
MIN_HITS_PER_BAR = 0.5


def no_hit_is_lost(groove_events: pd.DataFrame) -> Gate:
    """Written back to MIDI, every loop has all of its hits, on their ticks."""
    lost = float(groove_events["lost_hits"].sum()) if len(groove_events) else None
    return Gate(
        name="groove_lost_hits",
        stage="groove_events",
        value=lost,
        threshold=0,
        direction="at_most",
        unit="hits",
        count=groove_events["path"].nunique() if len(groove_events) else 0,
    )


def hits_have_labels(groove_events: pd.DataFrame) -> Gate:
    """Few hits are on keys that the taxonomy has no label for."""
    hits = sum(len(steps) for steps in groove_events["hit_step"])
    value = 1 - float(groove_events["unmapped_hits"].sum()) / hits if hits else None
    return Gate(
        name="groove_labelled_hits",
        stage="groove_events",
        value=value,
        threshold=0.95,
        direction="at_least",
        count=hits,
        note="add the missing keys to the taxonomy, or set the note mapping of the source",
    )


def counts_agree(groove_ngrams: pd.DataFrame) -> Gate:
    """Every order counts the same steps: none is counted twice or left out."""
    totals = groove_ngrams.groupby(["chain", "order"])["events"].sum()
    return Gate(
        name="groove_counted_alike",
        stage="groove_ngrams",
        value=float(totals.max() - totals.min()) if len(totals) else None,
        threshold=0,
        direction="at_most",
        unit="steps",
        count=int(totals.max()) if len(totals) else 0,
    )


def bits_under_order0(groove_model: pd.DataFrame) -> Gate:
    """On loops never heard, context saves a tenth of the bits that order 0 needs."""
    value = None
    if len(groove_model):
        row = groove_model.iloc[0]
        value = 1 - float(row["value"]) / float(row["baseline_value"])
    return Gate(
        name="groove_bits_saved",
        stage="groove_model",
        value=value,
        threshold=MIN_SAVING,
        direction="at_least",
        count=int(groove_model["test_groups"].sum()) if len(groove_model) else 0,
        note="test bits per event, as a share saved of order 0's",
    )


def no_sample_is_silent(groove_samples: pd.DataFrame) -> Gate:
    """The sparsest sample still has a hit in every other bar."""
    return Gate(
        name="groove_sparsest_sample",
        stage="groove_samples",
        value=float(groove_samples["hits_per_bar"].min()) if len(groove_samples) else None,
        threshold=MIN_HITS_PER_BAR,
        direction="at_least",
        unit="hits/bar",
        count=len(groove_samples),
    )


def samples_are_new(groove_samples: pd.DataFrame) -> Gate:
    """Most samples are not copies: they don't stand whole in a training loop."""
    copies = groove_samples["verbatim_steps"] >= groove_samples["steps"]
    return Gate(
        name="groove_whole_copies",
        stage="groove_samples",
        value=float(copies.mean()) if len(groove_samples) else None,
        threshold=MAX_COPIES,
        direction="at_most",
        count=len(groove_samples),
        note="raise the temperature or top-p, or add loops",
    )


GATES: Mapping[str, tuple[Callable[[pd.DataFrame], Gate], ...]] = {
    "groove_events": (no_hit_is_lost, hits_have_labels),
    "groove_ngrams": (counts_agree,),
    "groove_model": (bits_under_order0,),
    "groove_samples": (no_sample_is_silent, samples_are_new),
}
