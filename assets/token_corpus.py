"""Token corpus: every song as tokens on a grid that does not drift.

Reads    song_index     one row per MIDI song: tempo, meter, duplicates, split
Writes   token_corpus   one row per song: tokens, bar starts, key, round-trip errors
Domain   groove.sequence.corpus, groove.sequence.tokens (the language)
"""

import dagster as dg
import pandas as pd

from assets.metadata import picture
from groove.sequence import corpus
from groove.sequence.spec import TokenSpec
from resources.workers import Workers


class TokenConfig(dg.Config, TokenSpec):
    """:class:`~groove.sequence.spec.TokenSpec`, editable in the launchpad."""


@dg.asset(kinds={"parquet"}, group_name="sequence", code_version=corpus.VERSION)
def token_corpus(
    config: TokenConfig, song_index: pd.DataFrame, workers: Workers
) -> dg.MaterializeResult[pd.DataFrame]:
    """Songs in a vocabulary of 316 tokens, with the exactness of each round trip."""
    from groove.sequence import pictures

    items = corpus.songs(song_index)
    table = workers.map(corpus.tokens_of, items, config, into="token_corpus")
    shown = {name: picture(data) for name, data in pictures.first_song(table).items()}
    return dg.MaterializeResult(
        value=table, metadata={"tokens": int(table["token_count"].sum()), **shown}
    )
