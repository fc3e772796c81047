"""Witten-Bell n-grams over tokens, and a rhythm histogram, as one distribution.

A chain of tables counts what followed longer and longer contexts. From the uniform
distribution upwards, each one is interpolated with the one below it (Witten & Bell 1991,
method C, as in Chen & Goodman 1998)::

    P(w | h) = (c(h, w) + T(h) P(w | h')) / (c(h) + T(h))

with c(h) what followed h in all and T(h) how many different tokens did. Two chains are
mixed: the n-grams (h: the last 0..order-1 tokens) and the rhythm histogram (h: nothing, the
kind of the last token, that and the place in the bar). Both sum to 1 over the 314 tokens
that can be predicted (all but PAD and BOS), so the mixture does.

What belongs here: counting, probabilities, the model as bytes. What does not: splits and
figures (:mod:`groove.sequence.markov_training`).
"""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from groove.core.models import ModelError
from groove.sequence.spec import MarkovSpec
from groove.sequence.streams import SLOTS, Stream
from groove.sequence.vocabulary import BOS, KIND, PAD, SIZE, Ints

Floats = NDArray[np.float64]

_BITS = 9  # 316 tokens
_METADATA = b"groove"
_CHUNK = 1 << 20

#: Where every chain starts: all tokens alike but the two that nothing predicts.
UNIFORM: Floats = np.where(np.isin(np.arange(SIZE), [PAD, BOS]), 0.0, 1.0 / (SIZE - 2))


@dataclass(frozen=True)
class Counts:
    """How often each token followed each context of one length.

    Attributes
    ----------
    keys
        int64, rising: context number times 512, plus the token.
    counts
        int64, at least 1.
    """

    keys: Ints
    counts: Ints
    contexts: Ints = field(init=False, repr=False)
    totals: Ints = field(init=False, repr=False)
    kinds: Ints = field(init=False, repr=False)

    def __post_init__(self) -> None:
        context = self.keys >> _BITS
        first = np.flatnonzero(np.diff(context, prepend=-1))
        ends = np.append(first[1:], len(context))
        object.__setattr__(self, "contexts", context[first])
        object.__setattr__(self, "totals", np.add.reduceat(self.counts, first))
        object.__setattr__(self, "kinds", (ends - first).astype(np.int64))

    def interpolated(self, context: Ints, token: Ints, below: Floats) -> Floats:
        """Return P(token | context), given that of the shorter context."""
        seen = _look_up(self.keys, self.counts, (context << _BITS) | token)
        total = _look_up(self.contexts, self.totals, context)
        kinds = _look_up(self.contexts, self.kinds, context)
        known = np.maximum(total + kinds, 1)
        return np.asarray(np.where(total > 0, (seen + kinds * below) / known, below))


def _look_up(keys: Ints, values: Ints, wanted: Ints) -> Ints:
    place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[place] == wanted, values[place], 0).astype(np.int64)


def counted(context: Ints, token: Ints) -> Counts:
    """Return the counts of (context, token) pairs; contexts are numbers from 0 to 2⁵⁴."""
    keys, counts = np.unique((context << _BITS) | token, return_counts=True)
    return Counts(keys, counts.astype(np.int64))


@dataclass(frozen=True)
class Markov:
    """The trained baseline.

    Attributes
    ----------
    ngrams
        Counts by context length, 0 first.
    rhythm
        Counts by nothing; by kind of the last token; by kind and slot in the bar.
    rhythm_weight
        Share of the rhythm histogram.
    """

    ngrams: tuple[Counts, ...]
    rhythm: tuple[Counts, ...]
    rhythm_weight: float

    @property
    def order(self) -> int:
        """Length of the longest n-gram."""
        return len(self.ngrams)


def train(stream: Stream, spec: MarkovSpec) -> Markov:
    """Return the counts of a stream."""
    places = stream.targets
    token = stream.tokens[places]
    return Markov(
        tuple(counted(c, token) for c in _histories(stream, places, spec.order)),
        tuple(counted(c, token) for c in _positions(stream, places)),
        spec.rhythm_weight,
    )


def _histories(stream: Stream, places: Ints, order: int) -> list[Ints]:
    """Return packed contexts of 0..order-1 tokens; before a song's BOS there is only BOS."""
    first = stream.beginnings[places]
    contexts = [np.zeros(len(places), dtype=np.int64)]
    for back in range(1, order):
        token = stream.tokens[np.maximum(places - back, first)]
        contexts.append(contexts[-1] | (token << (_BITS * (back - 1))))
    return contexts


def _positions(stream: Stream, places: Ints) -> list[Ints]:
    """Return the contexts of the rhythm chain: nothing, kind, kind and slot."""
    kind = KIND[stream.tokens[places - 1]]
    return [np.zeros(len(places), dtype=np.int64), kind, kind * SLOTS + stream.slots[places - 1]]


def _chained(chain: Sequence[Counts], contexts: Sequence[Ints], token: Ints) -> Floats:
    probability = UNIFORM[token]
    for level, context in zip(chain, contexts, strict=False):
        probability = level.interpolated(context, token, probability)
    return probability


def negative_log(model: Markov, stream: Stream, part: str = "mixture") -> Floats:
    """Return -ln P of every target of a stream, in nats.

    Parameters
    ----------
    model, stream
        What predicts, and what is predicted.
    part
        ``mixture``; ``rhythm``; or ``ngram_1`` … : the n-grams alone, up to that order.
    """
    order = model.order if part in {"mixture", "rhythm"} else int(part.removeprefix("ngram_"))
    places, pieces = stream.targets, []
    # In pieces: a context array per order of ten million tokens would fill the memory.
    for start in range(0, len(places), _CHUNK):
        some = places[start : start + _CHUNK]
        token = stream.tokens[some]
        probability = np.zeros(len(some))
        weight = {"mixture": model.rhythm_weight, "rhythm": 1.0}.get(part, 0.0)
        if weight > 0:
            probability += weight * _chained(model.rhythm, _positions(stream, some), token)
        if weight < 1:
            contexts = _histories(stream, some, order)
            probability += (1 - weight) * _chained(model.ngrams, contexts, token)
        pieces.append(-np.log(probability))
    return np.concatenate(pieces)


def distribution(model: Markov, history: Sequence[int], slot: int) -> Floats:
    """Return P of each of the 316 tokens after ``history`` (from BOS), at a slot in the bar."""
    count = len(history)
    ended = Stream(
        np.array([*history, PAD], dtype=np.int64),
        np.array([*[0] * (count - 1), slot, 0], dtype=np.int64),
        np.array([0, count + 1], dtype=np.int64),
    )
    place, token = np.array([count], dtype=np.int64), np.arange(SIZE)
    spread = [np.repeat(c, SIZE) for c in _histories(ended, place, model.order)]
    placed = [np.repeat(c, SIZE) for c in _positions(ended, place)]
    weight = model.rhythm_weight
    ngrams = _chained(model.ngrams, spread, token)
    return (1 - weight) * ngrams + weight * _chained(model.rhythm, placed, token)


def pack(model: Markov, vocabulary_json: str) -> bytes:
    """Return the model as Parquet: chain, depth, key, count; settings as JSON metadata."""
    listed = [("ngram", d, c) for d, c in enumerate(model.ngrams)]
    listed += [("rhythm", d, c) for d, c in enumerate(model.rhythm)]
    sizes = [len(c.keys) for _, _, c in listed]
    table = pa.table(
        {
            "chain": np.repeat([chain for chain, _, _ in listed], sizes),
            "depth": np.repeat([depth for _, depth, _ in listed], sizes),
            "key": np.concatenate([c.keys for _, _, c in listed]),
            "count": np.concatenate([c.counts for _, _, c in listed]),
        }
    )
    settings = {"rhythm_weight": model.rhythm_weight, "vocabulary": json.loads(vocabulary_json)}
    table = table.replace_schema_metadata({_METADATA: json.dumps(settings, sort_keys=True)})
    out = io.BytesIO()
    pq.write_table(
        table,
        out,
        compression="zstd",
        use_dictionary=["chain", "depth"],
        column_encoding={"key": "DELTA_BINARY_PACKED", "count": "DELTA_BINARY_PACKED"},
    )
    return out.getvalue()


def unpack(data: bytes) -> tuple[Markov, str]:
    """Return (model, vocabulary JSON) of what :func:`pack` wrote.

    Raises
    ------
    groove.core.models.ModelError
        If the bytes are not such a file.
    """
    try:
        table = pq.read_table(io.BytesIO(data))
        settings = json.loads(table.schema.metadata[_METADATA])
        columns = {name: table[name].to_numpy() for name in ("chain", "depth", "key", "count")}
        weight, vocabulary = float(settings["rhythm_weight"]), settings["vocabulary"]
    except (pa.ArrowInvalid, KeyError, TypeError, ValueError) as error:
        raise ModelError(f"not a Markov model file: {error}") from error
    chains: dict[str, tuple[Counts, ...]] = {}
    for chain in ("ngram", "rhythm"):
        mine = columns["chain"] == chain
        depths = columns["depth"][mine]
        chains[chain] = tuple(
            Counts(columns["key"][mine][depths == d], columns["count"][mine][depths == d])
            for d in range(int(depths.max(initial=-1)) + 1)
        )
    if not all(chains.values()):
        raise ModelError("not a Markov model file: a chain is empty")
    model = Markov(chains["ngram"], chains["rhythm"], weight)
    return model, json.dumps(vocabulary, sort_keys=True)
