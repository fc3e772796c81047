"""What the sequence tables look like: a song's tokens, and models beside each other.

What belongs here: from tables to the arrays that are drawn. What does not: drawing
(:mod:`groove.plots.sequence`). This module imports matplotlib.
"""

from __future__ import annotations

import json

import numpy as np
import pandas as pd

from groove.plots import sequence as plots
from groove.sequence.tokens import decode
from groove.sequence.vocabulary import from_json

_NAMES = {
    "uniform": "uniform_perplexity",
    "unigram": "test_unigram_perplexity",
    "n-grams alone": "test_ngram_perplexity",
    "rhythm alone": "test_rhythm_perplexity",
    "token_markov": "test_markov_perplexity",
}


def first_song(token_corpus: pd.DataFrame) -> dict[str, bytes]:
    """Return a piano roll of the first song as its tokens say it; none of an empty corpus."""
    if not len(token_corpus):
        return {}
    row = token_corpus.iloc[0]
    spec = from_json(row["vocabulary_json"])
    notes, grid = decode(row["tokens"], spec), float(spec.steps_per_quarter)
    roll = plots.piano_roll(
        notes.start_step / grid,
        notes.duration_steps / grid,
        notes.pitch,
        notes.velocity,
        np.asarray(row["bar_steps"]) / grid,
        title=f"{row['path']}, {row['musical_key'] or 'no key'}",
    )
    return {"first_song": roll}


def beside_baselines(training: pd.DataFrame, name: str) -> bytes:
    """Return the test perplexity of a training's model and of everything beside it."""
    figures = json.loads(training["metrics_json"].iloc[0])
    shown = {label: figures[key] for label, key in _NAMES.items() if key in figures}
    return plots.perplexities({**shown, name: figures["test_perplexity"]}, title="songs not seen")
