"""Training of the n-gram baseline: counts of the train split, figures on the others.

What belongs here: splits, figures, the tracker, the row. What does not: the model
(:mod:`groove.sequence.markov`).
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator
from typing import Any

import pandas as pd

from groove.core.digest import table_digest
from groove.core.models import Headline, model_row
from groove.core.splits import TEST, TRAIN, VALIDATION
from groove.core.store import Store
from groove.core.tracking import Tracker
from groove.sequence import markov
from groove.sequence.evaluation import perplexity
from groove.sequence.spec import MarkovSpec
from groove.sequence.streams import stream_of, vocabulary_of
from groove.sequence.tables import TOKEN_CORPUS
from groove.sequence.vocabulary import SIZE, to_json

VERSION = "1"


def trained(
    token_corpus: pd.DataFrame, spec: MarkovSpec, store: Store, tracker: Tracker
) -> Iterator[dict[str, Any]]:
    """Yield the row of ``token_markov``; its history has one entry per n-gram order.

    Raises
    ------
    groove.sequence.streams.CorpusError
        If a split has no song.
    """
    inputs = {"token_corpus": table_digest(token_corpus, TOKEN_CORPUS)}
    train, test = (stream_of(token_corpus, split) for split in (TRAIN, TEST))
    validation = stream_of(token_corpus, VALIDATION)
    settings = spec.model_dump()
    with tracker.run("token_markov", settings, inputs) as run:
        started = time.monotonic()
        model = markov.train(train, spec)
        seconds = time.monotonic() - started
        history = []
        for order in range(1, spec.order + 1):
            value = perplexity(markov.negative_log(model, validation, f"ngram_{order}"))
            figures = {"validation_perplexity": value}
            run.log(figures, step=order)
            history.append({"epoch": float(order), **figures})
        metrics = {
            "test_perplexity": perplexity(markov.negative_log(model, test)),
            "validation_perplexity": perplexity(markov.negative_log(model, validation)),
            "test_ngram_perplexity": perplexity(
                markov.negative_log(model, test, f"ngram_{spec.order}")
            ),
            "test_rhythm_perplexity": perplexity(markov.negative_log(model, test, "rhythm")),
            "test_unigram_perplexity": perplexity(markov.negative_log(model, test, "ngram_1")),
            "uniform_perplexity": float(SIZE - 2),
            "train_tokens": float(len(train.targets)),
            "test_tokens": float(len(test.targets)),
            "counts": float(sum(len(c.keys) for c in (*model.ngrams, *model.rhythm))),
        }
        run.log({k: v for k, v in metrics.items() if math.isfinite(v)}, step=spec.order)
        data = markov.pack(model, to_json(vocabulary_of(token_corpus)))
        run.model(
            "token_markov",
            {"model.parquet": data, "spec.json": json.dumps(settings, sort_keys=True).encode()},
        )
        groups = token_corpus.groupby("split")["split_group"].nunique()
        yield model_row(
            spec=settings,
            headline=Headline(
                "test_perplexity",
                metrics["test_perplexity"],
                "unigram",
                metrics["test_unigram_perplexity"],
                higher_is_better=False,
            ),
            metrics=metrics,
            history=history,
            data=data,
            blob=store.write(data, ".parquet"),
            groups=(int(groups[TRAIN]), int(groups[TEST])),
            inputs=inputs,
            licenses=list(token_corpus.loc[token_corpus["split"] == TRAIN, "license"]),
            run_id=run.id,
            train_seconds=seconds,
        )
