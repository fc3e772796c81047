from collections import Counter, defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groove.core.models import ModelError
from groove.sequence import markov
from groove.sequence.spec import MarkovSpec, TokenSpec
from groove.sequence.streams import SLOTS, Stream
from groove.sequence.vocabulary import BOS, EOS, KIND, PAD, SIZE, to_json

ALPHABET = [*range(60, 66), *range(262, 266), 295, 305]


def _stream(songs, draw):
    tokens = np.concatenate([[BOS, *song, EOS] for song in songs])
    ends = np.cumsum([len(song) + 2 for song in songs])
    slots = draw.integers(0, SLOTS, len(tokens))
    return Stream(tokens.astype(np.int64), slots, np.concatenate([[0], ends]).astype(np.int64))


@pytest.fixture(scope="module")
def stream():
    draw = np.random.default_rng(3)
    return _stream([draw.choice(ALPHABET, draw.integers(5, 60)) for _ in range(12)], draw)


def _contexts(stream, order):
    """(history of each length, kind, (kind, slot), token) of every target, one by one."""
    for begin, end in zip(stream.offsets[:-1], stream.offsets[1:], strict=True):
        song = stream.tokens[begin:end].tolist()
        for place in range(1, len(song)):
            before = [BOS] * order + song[:place]
            histories = [tuple(before[len(before) - n :]) for n in range(order)]
            kind = int(KIND[song[place - 1]])
            slot = int(stream.slots[begin + place - 1])
            yield histories, [(), (kind,), (kind, slot)], song[place]


def _reference(train, test, order, weight):
    """Witten-Bell with dictionaries, target by target."""
    counts = [defaultdict(Counter) for _ in range(order)]
    rhythm = [defaultdict(Counter) for _ in range(3)]
    for histories, positions, token in _contexts(train, order):
        for table, context in zip([*counts, *rhythm], [*histories, *positions], strict=True):
            table[context][token] += 1

    def chained(tables, contexts, token):
        probability = 1 / (SIZE - 2)
        for table, context in zip(tables, contexts, strict=True):
            found = table.get(context)
            if found:
                kinds = len(found)
                probability = (found[token] + kinds * probability) / (found.total() + kinds)
        return probability

    return np.array(
        [
            (1 - weight) * chained(counts, histories, token)
            + weight * chained(rhythm, positions, token)
            for histories, positions, token in _contexts(test, order)
        ]
    )


@pytest.mark.parametrize("order", [1, 2, 4])
@pytest.mark.parametrize("weight", [0.0, 0.3])
def test_probabilities_are_those_of_the_definition(stream, order, weight):
    draw = np.random.default_rng(4)
    test = _stream([draw.choice([*ALPHABET, 200], 30) for _ in range(3)], draw)
    model = markov.train(stream, MarkovSpec(order=order, rhythm_weight=weight))
    found = np.exp(-markov.negative_log(model, test))
    np.testing.assert_allclose(found, _reference(stream, test, order, weight), rtol=1e-12)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.integers(2, SIZE - 1), max_size=6),
    st.integers(0, SLOTS - 1),
    st.floats(0, 0.9),
)
def test_probabilities_sum_to_one_after_any_history(stream, history, slot, weight):
    model = markov.train(stream, MarkovSpec(rhythm_weight=weight))
    probability = markov.distribution(model, [BOS, *history], slot)
    assert probability.sum() == pytest.approx(1, abs=1e-12)
    assert probability[PAD] == probability[BOS] == 0
    assert np.delete(probability, [PAD, BOS]).min() > 0


def test_a_distribution_agrees_with_the_likelihood_of_a_stream(stream):
    model = markov.train(stream, MarkovSpec())
    losses = markov.negative_log(model, stream)
    for target in (0, 3, 17):
        place = stream.targets[target]
        begin = stream.beginnings[place]
        known = markov.distribution(
            model, stream.tokens[begin:place].tolist(), int(stream.slots[place - 1])
        )
        assert -np.log(known[stream.tokens[place]]) == pytest.approx(losses[target])


def test_pieces_of_a_long_stream_give_what_the_whole_gives(stream, monkeypatch):
    model = markov.train(stream, MarkovSpec())
    whole = markov.negative_log(model, stream)
    monkeypatch.setattr(markov, "_CHUNK", 7)
    np.testing.assert_array_equal(markov.negative_log(model, stream), whole)


def test_parts_of_the_mixture(stream):
    model = markov.train(stream, MarkovSpec())
    both = np.exp(-markov.negative_log(model, stream))
    ngrams = np.exp(-markov.negative_log(model, stream, "ngram_4"))
    rhythm = np.exp(-markov.negative_log(model, stream, "rhythm"))
    np.testing.assert_allclose(both, 0.7 * ngrams + 0.3 * rhythm)


def test_the_file_is_the_model(stream):
    model = markov.train(stream, MarkovSpec())
    vocabulary = to_json(TokenSpec())
    data = markov.pack(model, vocabulary)
    again, read = markov.unpack(data)
    assert read == vocabulary
    assert markov.pack(again, read) == data
    np.testing.assert_array_equal(
        markov.negative_log(again, stream), markov.negative_log(model, stream)
    )


@pytest.mark.parametrize("data", [b"", b"PAR1 but no Parquet PAR1", b"\x80\x04 a pickle"])
def test_other_bytes_are_no_model(data):
    with pytest.raises(ModelError, match="not a Markov model"):
        markov.unpack(data)
