"""Token Markov: the baseline that every token model is held against.

Reads    token_corpus   one row per song: tokens, bar starts
Writes   token_markov   one row: the model, its test perplexity beside the unigram's
Domain   groove.sequence.markov_training, groove.sequence.markov (the model)
"""

import dagster as dg
import pandas as pd

from assets.metadata import picture, trained
from groove.sequence import markov_training
from groove.sequence.spec import MarkovSpec
from resources.mlflow import Tracking
from resources.workers import Workers


class MarkovConfig(dg.Config, MarkovSpec):
    """:class:`~groove.sequence.spec.MarkovSpec`, editable in the launchpad."""


@dg.asset(
    kinds={"parquet", "mlflow"},
    group_name="sequence",
    code_version=markov_training.VERSION,
    pool="training",
)
def token_markov(
    config: MarkovConfig, token_corpus: pd.DataFrame, workers: Workers, tracking: Tracking
) -> dg.MaterializeResult[pd.DataFrame]:
    """Witten-Bell n-grams mixed with a rhythm histogram by place in the bar."""
    from groove.sequence import pictures

    table = workers.once(
        markov_training.trained,
        {"token_corpus": token_corpus},
        config,
        into="token_markov",
        tracker=tracking,
    )
    beside = picture(pictures.beside_baselines(table, "mixture"))
    return dg.MaterializeResult(value=table, metadata={**trained(table), "perplexity": beside})
