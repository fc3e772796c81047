"""Gates of the sequence stages: exact round trips, and models that learnt something.

What belongs here: verdicts on the sequence tables. What does not: how a figure is measured
(:mod:`groove.sequence.corpus`, the trainings).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

import pandas as pd

from groove.core.gates import Gate

#: Half a step: what rounding absolute times to a grid costs at most; drift would show here.
MAX_ONSET_ERROR_STEPS = 0.5 + 1e-6
#: Early enough that no listener hears it: half of mir_eval's ±50 ms onset window.
MAX_ONSET_ERROR_S = 0.025
MAX_DURATION_ERROR = 0.15
MAX_VELOCITY_ERROR = 8.0
MAX_SHARE_OF_UNIGRAM = 0.6


def _worst(table: pd.DataFrame, column: str) -> float | None:
    return float(table[column].max(skipna=False)) if len(table) else None


def token_lost_notes(token_corpus: pd.DataFrame) -> Gate:
    """No note is lost between a song and its tokens."""
    return Gate(
        name="token_lost_notes",
        stage="token_corpus",
        value=float(token_corpus["lost_notes"].sum()) if len(token_corpus) else None,
        threshold=0.0,
        direction="at_most",
        unit="notes",
        count=len(token_corpus),
    )


def token_onset_drift(token_corpus: pd.DataFrame) -> Gate:
    """No onset of any song is further off than rounding explains, however long the song."""
    return Gate(
        name="token_onset_drift",
        stage="token_corpus",
        value=_worst(token_corpus, "onset_error_steps"),
        threshold=MAX_ONSET_ERROR_STEPS,
        direction="at_most",
        unit="steps",
        count=len(token_corpus),
        note="the worst onset of all songs",
    )


def token_onset_error(token_corpus: pd.DataFrame) -> Gate:
    """In 19 of 20 songs the worst onset is off by no more than can be heard."""
    value = float(token_corpus["onset_error_s"].quantile(0.95)) if len(token_corpus) else None
    return Gate(
        name="token_onset_error",
        stage="token_corpus",
        value=value,
        threshold=MAX_ONSET_ERROR_S,
        direction="at_most",
        unit="s",
        count=len(token_corpus),
        note="95th percentile of each song's worst; slow songs need more steps_per_quarter",
    )


def token_duration_error(token_corpus: pd.DataFrame) -> Gate:
    """Notes keep their lengths, on average over the songs."""
    value = float(token_corpus["duration_error_ratio"].mean()) if len(token_corpus) else None
    return Gate(
        name="token_duration_error",
        stage="token_corpus",
        value=value,
        threshold=MAX_DURATION_ERROR,
        direction="at_most",
        count=len(token_corpus),
        note="mean over songs of the mean error over length",
    )


def token_velocity_error(token_corpus: pd.DataFrame) -> Gate:
    """No velocity is off by more than half a bin."""
    return Gate(
        name="token_velocity_error",
        stage="token_corpus",
        value=_worst(token_corpus, "velocity_error"),
        threshold=MAX_VELOCITY_ERROR,
        direction="at_most",
        unit="MIDI velocity",
        count=len(token_corpus),
    )


def _over_unigram(table: pd.DataFrame, stage: str) -> Gate:
    value = None
    if len(table):
        figures = json.loads(table["metrics_json"].iloc[0])
        value = figures["test_perplexity"] / figures["test_unigram_perplexity"]
    return Gate(
        name=f"{stage}_over_unigram",
        stage=stage,
        value=value,
        threshold=MAX_SHARE_OF_UNIGRAM,
        direction="at_most",
        count=int(table["test_groups"].iloc[0]) if len(table) else 0,
        note="test perplexity over the unigram's",
    )


def token_markov_over_unigram(token_markov: pd.DataFrame) -> Gate:
    """On songs not seen, the n-gram baseline's perplexity is well under the unigram's."""
    return _over_unigram(token_markov, "token_markov")


def token_gru_over_unigram(token_gru: pd.DataFrame) -> Gate:
    """On songs not seen, the GRU's perplexity is well under the unigram's."""
    return _over_unigram(token_gru, "token_gru")


GATES: Mapping[str, tuple[Callable[[pd.DataFrame], Gate], ...]] = {
    "token_corpus": (
        token_lost_notes,
        token_onset_drift,
        token_onset_error,
        token_duration_error,
        token_velocity_error,
    ),
    "token_markov": (token_markov_over_unigram,),
    "token_gru": (token_gru_over_unigram,),
}
