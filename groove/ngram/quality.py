"""Gates of the groove sampler's tables.

What belongs here: what must hold of events, counts, the model and the samples. What does not:
how a gate is shown or enforced.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from groove.core.gates import Gate
from groove.core.splits import TRAIN
from groove.ngram.corpus import duplicates

#: Share of order 0's bits that context must save on loops never heard.
MIN_SAVING = 0.10
#: Share of samples that may stand in one training loop from the first step to the last.
MAX_COPIES = 0.25
MIN_HITS_PER_BAR = 0.5
#: Share of hits in common from which two loops are one.
NEAR_DUPLICATE = 0.9
#: Share of held-out loops that may be near-duplicates of a training loop.
MAX_LEAKS = 0.05
#: How far the probabilities of all outcomes of a step may be from 1.
MAX_SUM_ERROR = 1e-6
#: Share of drawn grooves that may copy more than 95 % of what people played; chance is 0.05.
MAX_COPIED = 0.15
#: Distance from held-out bars (upper end of its 95 % interval), as a share of the distance of the
#: same bars shuffled.
MAX_DISTANCE = 0.8
#: How many times as often as by chance, or as without asking, a drawn groove's style is named:
#: the lower end of the 95 % interval, so that it is not by luck.
MIN_OVER_CHANCE = 1.0


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


def no_copy_is_held_out(groove_events: pd.DataFrame) -> Gate:
    """Few held-out loops are near-duplicates of a training loop: figures on them would flatter."""
    loops = groove_events.drop_duplicates("key")
    held_out = int((loops["split"] != TRAIN).sum())
    pairs = duplicates.across_splits(groove_events, NEAR_DUPLICATE)
    leaks = pairs[pairs["sides"].str.contains(TRAIN)]
    sides = leaks["sides"].str.startswith(TRAIN)
    copies = leaks["second"].where(sides, leaks["first"]).nunique()
    return Gate(
        name="groove_near_duplicates_across_splits",
        stage="groove_events",
        value=copies / held_out if held_out else None,
        threshold=MAX_LEAKS,
        direction="at_most",
        count=held_out,
        note="give loops that are copies of each other one split group",
    )


def counts_agree(groove_ngrams: pd.DataFrame) -> Gate:
    """Every order counts the same steps: none is counted twice or left out."""
    every = groove_ngrams[groove_ngrams["condition"] == ""]
    listed = every.groupby(["chain", "order"])[["events", "pruned"]].sum()
    totals = listed["events"] + listed["pruned"]
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


def rnn_bits_under_order0(groove_rnn: pd.DataFrame) -> Gate:
    """On loops never heard, the network saves a tenth of the bits that order 0 needs."""
    value = None
    if len(groove_rnn):
        row = groove_rnn.iloc[0]
        value = 1 - float(row["value"]) / float(row["baseline_value"])
    return Gate(
        name="groove_rnn_bits_saved",
        stage="groove_rnn",
        value=value,
        threshold=MIN_SAVING,
        direction="at_least",
        count=int(groove_rnn["test_groups"].sum()) if len(groove_rnn) else 0,
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


def under_reference(groove_evaluation: pd.DataFrame) -> Gate:
    """On the yardstick, the model needs no more bits than a plain Kneser-Ney of order 6."""
    row = _only(groove_evaluation)
    return Gate(
        name="groove_perplexity",
        stage="groove_evaluation",
        value=_ratio(row, "perplexity_16x13", "reference_perplexity_16x13"),
        threshold=1.0,
        direction="at_most",
        count=_count(row, "loops"),
        note="perplexity on 16 steps and 13 labels by that of the reference",
    )


def outcomes_sum_to_one(groove_evaluation: pd.DataFrame) -> Gate:
    """The probabilities of all sets of labels sum to 1."""
    return Gate(
        name="groove_sum_to_one",
        stage="groove_evaluation",
        value=_figure(_only(groove_evaluation), "sum_to_one_max_error"),
        threshold=MAX_SUM_ERROR,
        direction="at_most",
    )


def grooves_are_no_copies(groove_evaluation: pd.DataFrame) -> Gate:
    """Drawn grooves have hardly more from one training loop than people have by chance.

    The yardstick is what people played who never heard the training loops: 5 % of that has
    longer runs than 95 % of it, and of the drawn grooves no more than thrice as many may have.
    Own repetition, and up to two bars' worth of hits, are no copy.
    """
    row = _only(groove_evaluation)
    return Gate(
        name="groove_memorisation",
        stage="groove_evaluation",
        value=_figure(row, "copied_share"),
        threshold=MAX_COPIED,
        direction="at_most",
        count=_count(row, "loops"),
        note="raise the temperature or top-p, or add loops",
    )


def grooves_are_like_played(groove_evaluation: pd.DataFrame) -> Gate:
    """Drawn bars are nearer to played ones than played ones are once shuffled."""
    row = _only(groove_evaluation)
    return Gate(
        name="groove_distance",
        stage="groove_evaluation",
        value=_ratio(row, "distance_high", "senseless_distance"),
        threshold=MAX_DISTANCE,
        direction="at_most",
        count=_count(row, "loops"),
        low=_ratio(row, "distance_low", "senseless_distance"),
        note="upper end of the distance from held-out bars by that of the same bars shuffled",
    )


def styles_are_heard(groove_evaluation: pd.DataFrame) -> Gate:
    """A classifier of held-out loops names the style asked for, oftener than that of any groove."""
    row = _only(groove_evaluation)
    return Gate(
        name="groove_conditioning",
        stage="groove_evaluation",
        value=_ratio(row, "style_accuracy_low", "style_chance"),
        threshold=MIN_OVER_CHANCE,
        direction="at_least",
        count=_count(row, "loops"),
        high=_ratio(row, "style_accuracy", "style_chance"),
        note="lower end of accuracy by chance, or by that of grooves drawn without a style",
    )


def _only(table: pd.DataFrame) -> dict[str, Any]:
    return {str(name): table[name].iloc[0] for name in table} if len(table) else {}


def _figure(row: Mapping[str, Any], name: str) -> float | None:
    value = row.get(name)
    return None if value is None or pd.isna(value) else float(value)


def _ratio(row: Mapping[str, Any], above: str, below: str) -> float | None:
    upper, lower = _figure(row, above), _figure(row, below)
    return upper / lower if upper is not None and lower else None


def _count(row: Mapping[str, Any], name: str) -> int:
    return int(row.get(name, 0))


GATES: Mapping[str, tuple[Callable[[pd.DataFrame], Gate], ...]] = {
    "groove_events": (no_hit_is_lost, hits_have_labels, no_copy_is_held_out),
    "groove_ngrams": (counts_agree,),
    "groove_model": (bits_under_order0,),
    "groove_rnn": (rnn_bits_under_order0,),
    "groove_samples": (no_sample_is_silent, samples_are_new),
    "groove_evaluation": (
        under_reference,
        outcomes_sum_to_one,
        grooves_are_no_copies,
        grooves_are_like_played,
        styles_are_heard,
    ),
}
