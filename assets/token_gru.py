"""Token GRU: the small network that continues a song, token by token.

Reads    token_corpus, token_markov   songs as tokens; the baseline to beat
Writes   token_gru                    one row: the model, its test perplexity beside the baseline's
Domain   groove.sequence.gru_training, groove.sequence.gru (the network)
"""

import dagster as dg
import pandas as pd

from assets.metadata import picture, trained
from groove.sequence import gru_training
from groove.sequence.spec import GruSpec
from resources.mlflow import Tracking
from resources.workers import Workers


class GruConfig(dg.Config, GruSpec):
    """:class:`~groove.sequence.spec.GruSpec`, editable in the launchpad."""


@dg.asset(
    kinds={"pytorch", "mlflow"},
    group_name="sequence",
    code_version=gru_training.VERSION,
    pool="training",
)
def token_gru(
    config: GruConfig,
    token_corpus: pd.DataFrame,
    token_markov: pd.DataFrame,
    workers: Workers,
    tracking: Tracking,
) -> dg.MaterializeResult[pd.DataFrame]:
    """Two GRU layers over tokens and places in the bar, measured song by song."""
    from groove.sequence import pictures

    table = workers.once(
        gru_training.trained,
        {"token_corpus": token_corpus, "token_markov": token_markov},
        config,
        into="token_gru",
        tracker=tracking,
    )
    beside = picture(pictures.beside_baselines(table, "token_gru"))
    return dg.MaterializeResult(value=table, metadata={**trained(table), "perplexity": beside})
