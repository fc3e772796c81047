"""Training of the recurrent network, and its figures beside order 0's on the same steps.

Figures are bits, as in :mod:`groove.ngram.language.training`: the mean of ``-log2 P`` over every
step of whole loops, empty steps included, contexts starting afresh with each loop.

What belongs here: loss, splits, figures, the tracker, the row. What does not: the network
(:mod:`groove.ngram.neural.network`), batches (:mod:`groove.ngram.neural.batches`).
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from groove.core.digest import seed_of, table_digest
from groove.core.models import Headline, ModelError, model_row
from groove.core.splits import TEST, TRAIN, VALIDATION
from groove.core.store import Store
from groove.core.tracking import Run, Tracker
from groove.midi.taxonomy import LABELS
from groove.ngram.language import forms
from groove.ngram.neural.inputs import Steps, Vocabulary, rare, steps_of, vocabulary_of
from groove.ngram.spec import RnnSpec
from groove.ngram.tables import GROOVE_EVENTS

if TYPE_CHECKING:
    import torch

    from groove.ngram.neural.codec import RnnModel

VERSION = "1"

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Fit:
    """A trained network and how it came about.

    Parameters
    ----------
    model
        Of the epoch that was best on validation.
    metrics
        Bits on validation, and the size of it all.
    history
        Figures by epoch.
    """

    model: RnnModel
    metrics: dict[str, float]
    history: list[dict[str, float]]


def fit_rnn(
    bars: pd.DataFrame,
    spec: RnnSpec,
    *,
    labels: Sequence[str] = LABELS,
    run: Run | None = None,
) -> Fit:
    """Train on the rows of split "train", stopping by those of "validation".

    Parameters
    ----------
    bars
        Rows of ``groove_events``; those of other splits are not looked at.
    spec
        Sizes and settings.
    labels
        Names of the labels, by bit (:mod:`groove.ngram.corpus.alphabets`).
    run
        Hears of every epoch.

    Raises
    ------
    groove.core.models.ModelError
        If one of the two splits has no bars.
    """
    import torch

    from groove.core.fitting import fit
    from groove.ngram.neural.batches import Hiding, Windows
    from groove.ngram.neural.codec import RnnModel
    from groove.ngram.neural.network import GrooveRnn
    from groove.ngram.neural.scoring import bits_of_steps
    from groove.ngram.play.expression import fit_expression

    sides = _sides(bars, (TRAIN, VALIDATION))
    training = sides[TRAIN]
    vocabulary = vocabulary_of(training, labels)
    steps = {split: steps_of(side, vocabulary) for split, side in sides.items()}
    torch.manual_seed(spec.seed)
    network = GrooveRnn(
        torch.from_numpy(vocabulary.symbols),
        len(labels),
        len(vocabulary.places),
        len(vocabulary.positions),
        steps[TRAIN].tags.shape[1],
        hidden=spec.hidden,
        layers=spec.layers,
        dropout=spec.dropout,
    )
    network.start_from(torch.from_numpy(_counts(steps[TRAIN], vocabulary)).float())
    fitted = fit(
        network,
        _loss(spec.coin_weight),
        Windows(
            steps[TRAIN],
            spec.window,
            spec.batch_windows,
            spec.windows_per_epoch,
            Hiding(
                all_tags=spec.hide_all_tags,
                tag=spec.hide_tag,
                position=spec.hide_position,
                rare=spec.hide_rare,
                rare_symbols=rare(vocabulary.symbols, training),
            ),
            seed_of("groove_rnn", spec.seed),
        ),
        Windows(
            steps[VALIDATION], 4 * spec.window, spec.batch_windows, spec.max_validation_windows
        ),
        spec,
        run=run,
    )
    model = RnnModel(
        network=network,
        vocabulary=vocabulary,
        expression=fit_expression(training, len(labels), ("", *vocabulary.tags)),
        card=_card(training, vocabulary, spec),
    )
    metrics = {
        "validation_bits_per_event": float(bits_of_steps(model, steps[VALIDATION]).mean()),
        "best_epoch": float(fitted.best_epoch),
        "parameters": float(sum(p.numel() for p in network.parameters())),
        "symbols": float(len(vocabulary.symbols)),
        "train_events": float(len(steps[TRAIN])),
    }
    return Fit(model, metrics, fitted.history)


def figures(model: RnnModel, training: pd.DataFrame, bars: pd.DataFrame) -> dict[str, float]:
    """Return how well a network codes bars that it was not trained on.

    Parameters
    ----------
    model
        A trained network.
    training
        The rows it was trained on, for order 0.
    bars
        Rows of ``groove_events``, in order of key and bar.

    Returns
    -------
    dict
        ``bits_per_event``, the same ``_tagged`` (told the loops' tags) and ``_order0``;
        ``bits_per_bar``, ``bits_per_hit``, ``events``, ``unseen_share``.
    """
    from groove.ngram.neural.scoring import bits_of_steps

    steps = steps_of(bars, model.vocabulary)
    bits = bits_of_steps(model, steps)
    known = steps_of(training, model.vocabulary)
    hits = sum(len(struck) for struck in bars["hit_step"])
    return {
        "bits_per_event": float(bits.mean()),
        "bits_per_event_tagged": float(bits_of_steps(model, steps, tagged=True).mean()),
        "bits_per_event_order0": float(order0_bits(known, steps, model.vocabulary).mean()),
        "bits_per_bar": float(bits.sum()) / max(1, len(bars)),
        "bits_per_hit": float(bits.sum()) / max(1, hits),
        "events": float(len(steps)),
        "unseen_share": float((steps.target < 0).mean()),
    }


def order0_bits(training: Steps, steps: Steps, vocabulary: Vocabulary) -> Floats:
    """Return ``-log2 P`` of every step by how often its set occurs in training, and no context.

    Interpolated with independent labels (each struck as often as in training, one half added) by
    Witten and Bell's rule (1991, method C): the share of something new is the number of
    different sets over that plus the number of steps.
    """
    counts = _counts(training, vocabulary)
    struck = vocabulary.symbols[:, None] >> np.arange(len(vocabulary.labels)) & 1
    rates = (counts @ struck + 0.5) / (counts.sum() + 1.0)
    bits = steps.symbol[:, None] >> np.arange(len(vocabulary.labels)) & 1
    alone = np.where(bits == 1, rates, 1.0 - rates).prod(axis=1)
    different = np.count_nonzero(counts)
    own = np.where(steps.target < 0, 0.0, counts[np.maximum(steps.target, 0)])
    return np.asarray(-np.log2((own + different * alone) / (counts.sum() + different)))


def train(
    groove_events: pd.DataFrame, *, spec: RnnSpec, store: Store, tracker: Tracker
) -> Iterator[dict[str, Any]]:
    """Yield the one row of ``groove_rnn``; the model is in the store and with the tracker.

    Raises
    ------
    groove.core.models.ModelError
        If a split has no bars.
    """
    from groove.ngram.neural.codec import save

    started = time.monotonic()
    sides = _sides(groove_events, (TRAIN, VALIDATION, TEST))
    inputs = {"groove_events": table_digest(groove_events, GROOVE_EVENTS)}
    settings = spec.model_dump()
    with tracker.run("groove_rnn", settings, inputs) as run:
        found = fit_rnn(groove_events, spec, run=run)
        on_test = figures(found.model, sides[TRAIN], sides[TEST])
        metrics = found.metrics | {f"test_{name}": value for name, value in on_test.items()}
        run.log(metrics, step=len(found.history))
        data = save(found.model)
        run.model(
            "groove_rnn",
            {"model.safetensors": data, "spec.json": json.dumps(settings, sort_keys=True).encode()},
        )
        yield model_row(
            spec=settings,
            headline=Headline(
                "test_bits_per_event",
                metrics["test_bits_per_event"],
                "order 0",
                metrics["test_bits_per_event_order0"],
                higher_is_better=False,
            ),
            metrics=metrics,
            history=found.history,
            data=data,
            blob=store.write(data, ".safetensors"),
            groups=(
                int(sides[TRAIN]["split_group"].nunique()),
                int(sides[TEST]["split_group"].nunique()),
            ),
            inputs=inputs,
            licenses=found.model.card["licenses"],
            run_id=run.id,
            train_seconds=time.monotonic() - started,
        )


def _sides(bars: pd.DataFrame, wanted: Sequence[str]) -> dict[str, pd.DataFrame]:
    found = {name: bars[bars["split"] == name].reset_index(drop=True) for name in wanted}
    if missing := [name for name, side in found.items() if not len(side)]:
        raise ModelError(f"no drum loop in {missing}: at least three groups are needed")
    return found


def _loss(coin_weight: float) -> Any:
    """Return the loss: mean ``-ln P`` (nats), and a share of that of guessing label by label."""

    def loss(network: Any, batch: Any) -> Mapping[str, torch.Tensor]:
        from groove.ngram.neural.network import log_probability, struck_of

        struck = struck_of(batch.heard, network.labels)
        guess, _ = network(struck, batch.place, batch.position, batch.tags)
        known, coins = log_probability(guess, batch.target, batch.symbol)
        main = -known[batch.inside].mean()
        if not network.training:
            return {"loss": main}
        return {"loss": main - coin_weight * coins[batch.inside].mean(), "nats": main.detach()}

    return loss


def _counts(steps: Steps, vocabulary: Vocabulary) -> Floats:
    return np.bincount(steps.target, minlength=len(vocabulary.symbols)).astype(np.float64)


def _card(training: pd.DataFrame, vocabulary: Vocabulary, spec: RnnSpec) -> dict[str, Any]:
    listed = forms.collect(training, vocabulary.tags)
    wanted = ("numerator", "denominator", "resolution", "bars", "tempo_bpm")
    return {
        "spec": spec.model_dump(),
        "forms": {
            tag: [{name: form[name] for name in wanted} for form in found]
            for tag, found in listed.items()
        },
        "licenses": sorted(set(training["license"])),
        "sources": sorted(set(training["source"])),
        "loops": int(training["key"].nunique()),
        "bars": len(training),
    }
