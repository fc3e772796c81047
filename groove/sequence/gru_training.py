"""Training of the GRU, and its figures beside the n-gram baseline's on the same tokens.

What belongs here: loss, splits, figures, the tracker, the row. What does not: the network
(:mod:`groove.sequence.gru`), windows (:mod:`groove.sequence.windows`).
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from groove.core.digest import seed_of, table_digest
from groove.core.models import Headline, model_row
from groove.core.splits import TEST, TRAIN, VALIDATION
from groove.core.store import Store
from groove.core.tracking import Tracker
from groove.sequence import markov
from groove.sequence.evaluation import perplexity, top_accuracies
from groove.sequence.spec import GruSpec
from groove.sequence.streams import CorpusError, Stream, stream_of, vocabulary_of
from groove.sequence.tables import TOKEN_CORPUS, TOKEN_MARKOV
from groove.sequence.vocabulary import PAD, SIZE, Ints, to_json

if TYPE_CHECKING:
    import torch

    from groove.sequence.gru import TokenGru

VERSION = "1"

_SONGS_AT_ONCE, _TOKENS_AT_ONCE = 16, 512


def loss(network: torch.nn.Module, batch: Any) -> Mapping[str, torch.Tensor]:
    """Return the mean -ln P (nats) of a batch's targets; PAD is none."""
    from torch.nn.functional import cross_entropy

    tokens, slots, targets = batch
    logits, _ = network(tokens, slots)
    return {"loss": cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=PAD)}


def scored(network: TokenGru, stream: Stream) -> tuple[NDArray[np.float64], Ints]:
    """Return -ln P (nats) and rank of every target of a stream.

    The state runs through each song from its first token to its last. Rank 0 is the likeliest
    token. PAD and BOS share in the distribution, as they do in training.
    """
    import torch

    negative_log = np.zeros(len(stream.tokens))
    rank = np.zeros(len(stream.tokens), dtype=np.int64)
    length = np.diff(stream.offsets) - 1
    by_length = np.argsort(-length, kind="stable")
    network.eval()
    with torch.no_grad():
        for first in range(0, len(by_length), _SONGS_AT_ONCE):
            songs = by_length[first : first + _SONGS_AT_ONCE]
            state = network.initial(len(songs))
            for start in range(0, int(length[songs[0]]), _TOKENS_AT_ONCE):
                # Songs go by length: those that have ended are the last rows.
                songs = songs[length[songs] > start]
                state = state[:, : len(songs)].contiguous()
                within = start + np.arange(_TOKENS_AT_ONCE)
                inside = within < length[songs][:, None]
                place = np.where(inside, stream.offsets[songs][:, None] + within, 0)
                tokens = torch.from_numpy(np.where(inside, stream.tokens[place], PAD))
                logits, state = network(tokens, torch.from_numpy(stream.slots[place]), state)
                wanted = torch.from_numpy(stream.tokens[place + inside])[..., None]
                scores = logits.log_softmax(-1)
                hit = scores.gather(-1, wanted)
                better = (scores > hit).sum(-1)
                negative_log[place[inside] + 1] = -hit[..., 0].double().numpy()[inside]
                rank[place[inside] + 1] = better.numpy()[inside]
    return negative_log[stream.targets], rank[stream.targets]


def trained(
    token_corpus: pd.DataFrame,
    token_markov: pd.DataFrame,
    spec: GruSpec,
    store: Store,
    tracker: Tracker,
) -> Iterator[dict[str, Any]]:
    """Yield the row of ``token_gru``.

    Raises
    ------
    groove.sequence.streams.CorpusError
        If a split has no song, or the baseline was trained on another vocabulary.
    """
    import torch

    from groove.core.fitting import fit
    from groove.sequence.gru import TokenGru, save
    from groove.sequence.windows import Windows

    baseline, vocabulary = markov.unpack(store.read(token_markov["blob"].iloc[0]))
    if vocabulary != to_json(vocabulary_of(token_corpus)):
        raise CorpusError("token_markov was counted over another vocabulary: train it anew")
    inputs = {
        "token_corpus": table_digest(token_corpus, TOKEN_CORPUS),
        "token_markov": table_digest(token_markov, TOKEN_MARKOV),
    }
    streams = {split: stream_of(token_corpus, split) for split in (TRAIN, VALIDATION, TEST)}
    settings = spec.model_dump()
    with tracker.run("token_gru", settings, inputs) as run:
        started = time.monotonic()
        torch.manual_seed(spec.seed)
        size = {"window": spec.window, "hop": spec.hop, "batch": spec.batch_windows}
        fitted = fit(
            TokenGru(spec.hidden, spec.layers, spec.dropout),
            loss,
            Windows(
                streams[TRAIN],
                count=spec.windows_per_epoch,
                transpose=spec.transpose,
                seed=seed_of("token_gru", spec.seed),
                **size,
            ),
            Windows(streams[VALIDATION], count=spec.max_validation_windows, **size),
            spec,
            run=run,
        )
        seconds = time.monotonic() - started
        network: Any = fitted.network
        metrics = _figures(network, baseline, streams)
        metrics["best_epoch"] = float(fitted.best_epoch)
        metrics["parameters"] = float(sum(p.numel() for p in network.parameters()))
        metrics["train_tokens"] = float(len(streams[TRAIN].targets))
        finite = {name: value for name, value in metrics.items() if math.isfinite(value)}
        run.log(finite, step=len(fitted.history))
        data = save(network, spec, json.loads(vocabulary))
        run.model(
            "token_gru",
            {"model.safetensors": data, "spec.json": json.dumps(settings, sort_keys=True).encode()},
        )
        groups = token_corpus.groupby("split")["split_group"].nunique()
        yield model_row(
            spec=settings,
            headline=Headline(
                "test_perplexity",
                metrics["test_perplexity"],
                f"token_markov order {baseline.order}",
                metrics["test_markov_perplexity"],
                higher_is_better=False,
            ),
            metrics=metrics,
            history=fitted.history,
            data=data,
            blob=store.write(data, ".safetensors"),
            groups=(int(groups[TRAIN]), int(groups[TEST])),
            inputs=inputs,
            licenses=list(token_corpus.loc[token_corpus["split"] == TRAIN, "license"]),
            run_id=run.id,
            train_seconds=seconds,
        )


def _figures(
    network: TokenGru, baseline: markov.Markov, streams: Mapping[str, Stream]
) -> dict[str, float]:
    figures = {"uniform_perplexity": float(SIZE - 2)}
    for split in (VALIDATION, TEST):
        negative_log, rank = scored(network, streams[split])
        figures[f"{split}_perplexity"] = perplexity(negative_log)
        figures |= top_accuracies(rank, split)
    test = streams[TEST]
    figures["test_markov_perplexity"] = perplexity(markov.negative_log(baseline, test))
    figures["test_unigram_perplexity"] = perplexity(markov.negative_log(baseline, test, "ngram_1"))
    figures["test_tokens"] = float(len(test.targets))
    return figures
