"""Smoothing against the textbook, written out in plain Python."""

from collections import Counter, defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from groove.ngram.language.build import chain_of, ladder_of
from groove.ngram.language.context import FEATURE_BITS
from groove.ngram.language.counts import Counts, sum_counts
from groove.ngram.language.estimate import codes, discounts, probabilities, rounded
from groove.ngram.language.levels import Chain
from groove.ngram.spec import Smoothing


def test_discounts_are_chen_and_goodmans() -> None:
    n1, n2, n3, n4 = 100, 40, 20, 12
    n = np.repeat([1, 2, 3, 4, 7], [n1, n2, n3, n4, 50])
    y = n1 / (n1 + 2 * n2)
    wanted = (1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3)
    assert discounts(n) == pytest.approx(wanted)


@given(st.lists(st.integers(1, 9), min_size=1, max_size=40))
def test_discounts_never_take_more_than_there_is(n: list[int]) -> None:
    d1, d2, d3 = discounts(np.array(n))
    assert 0 < d1 < 1
    assert 0 < d2 < 2
    assert 0 < d3 < 3


def test_a_small_vocabulary_falls_back_to_absolute_discounting() -> None:
    assert discounts(np.array([50, 60, 70])) == (0.5, 0.5, 0.5)
    # n3 > n2 would give D2 below zero.
    assert discounts(np.repeat([1, 2, 3, 4], [10, 2, 30, 1]))[1] == pytest.approx(10 / 14)


Textbook = dict[tuple[int, ...], dict[int, float]]


def interpolated(text: list[int], length: int, *, continued: bool, fixed: float = 0.0) -> Textbook:
    """Interpolated discounting for the longest contexts, nothing below order 0.

    With continuations modified Kneser-Ney, without them modified absolute discounting.
    """
    padded = [0] * length + text
    ends = range(length, len(padded))
    tables = {k: Counter(tuple(padded[i - k : i + 1]) for i in ends) for k in range(length + 1)}
    if continued:
        for k in range(length):
            # A shorter gram counts once for each different longer gram that ends in it.
            tables[k] = Counter(gram[1:] for gram in tables[k + 1])
        # Those of the order above are counts of occurrences or of continuations: grams alike.
    result: Textbook = {}
    for k in range(length + 1):
        table = tables[k]
        estimated = discounts(np.array(list(table.values())))
        d = (0.0, *((fixed,) * 3 if fixed else estimated))
        by_context: dict[tuple[int, ...], dict[int, int]] = defaultdict(dict)
        for gram, n in table.items():
            by_context[gram[:-1]][gram[-1]] = n
        for context, outcomes in by_context.items():
            total = sum(outcomes.values())
            rest = sum(d[min(n, 3)] for n in outcomes.values()) / total
            shorter = result.get(context[1:], {}) if k else {}
            result[context] = {
                symbol: (outcomes[symbol] - d[min(outcomes[symbol], 3)]) / total
                + (rest * shorter[symbol] if k else 0.0)
                for symbol in outcomes
            }
    return result


def witten_bell(text: list[int], length: int) -> Textbook:
    """Witten and Bell's method C, interpolated, nothing below order 0."""
    padded = [0] * length + text
    result: Textbook = {}
    for k in range(length + 1):
        by_context: dict[tuple[int, ...], Counter[int]] = defaultdict(Counter)
        for i in range(length, len(padded)):
            by_context[tuple(padded[i - k : i])][padded[i]] += 1
        for context, outcomes in by_context.items():
            total, types = sum(outcomes.values()), len(outcomes)
            shorter = result.get(context[1:], {}) if k else {}
            result[context] = {
                symbol: (n + (types * shorter[symbol] if k else 0.0)) / (total + types)
                for symbol, n in outcomes.items()
            }
    return result


def chain_and_text(
    method: Smoothing, length: int, discount: float = 0.0, *, exact: bool = True
) -> tuple[Chain, NDArray[np.int64], list[int]]:
    random = np.random.default_rng(5)
    text = (random.random(400) ** 3 * 6 + 1).astype(int).tolist()
    padded = np.array([0] * length + text)
    features = np.stack([padded[length - k : -k] for k in range(1, length + 1)], axis=1)
    counts: list[Counts] = []
    symbol, rank = np.array(text), np.zeros(len(text), dtype=np.int64)
    ones = np.ones(len(text), dtype=np.int64)
    keys = np.zeros(1, dtype=np.int64)
    for k in range(length + 1):
        if k:
            keys, rank = np.unique(rank << FEATURE_BITS | features[:, k - 1], return_inverse=True)
        counts.append(sum_counts(keys, rank, 0 * ones, symbol, ones, ones.astype(float)))
    ladder = ladder_of(counts, np.zeros(1, dtype=np.int64))
    return chain_of("step", ladder, length, method, discount=discount, exact=exact), features, text


@pytest.mark.parametrize(
    ("method", "discount"),
    [("kneser_ney", 0.0), ("absolute", 0.0), ("absolute", 0.6), ("witten_bell", 0.0)],
)
def test_chains_are_the_textbooks(method: Smoothing, discount: float) -> None:
    length = 3
    chain, features, text = chain_and_text(method, length, discount)
    if method == "witten_bell":
        wanted = witten_bell(text, length)
    else:
        wanted = interpolated(text, length, continued=method == "kneser_ney", fixed=discount)
    symbol = np.array(text)
    found = chain.probability(chain.contexts(features, length), symbol, np.zeros(len(text)))
    for at in range(0, len(text), 7):
        context = tuple(int(v) for v in features[at][::-1])
        assert found[at] == pytest.approx(wanted[context][text[at]], rel=1e-12)


def test_rounding_gives_to_shorter_contexts_and_never_takes() -> None:
    exact, features, text = chain_and_text("kneser_ney", 3)
    coarse, _, _ = chain_and_text("kneser_ney", 3, exact=False)
    for one, other in zip(exact.any_condition, coarse.any_condition, strict=True):
        assert (other.probability <= one.probability).all()
        assert (other.probability >= one.probability * 0.95).all()
        assert (other.rest >= one.rest - 1e-12).all()
        assert np.array_equal(rounded(other.probability), other.probability)
    base = np.full(len(text), 1 / 7)
    symbol = np.array(text)
    contexts = exact.contexts(features, 3)
    mine, rough = (chain.probability(contexts, symbol, base) for chain in (exact, coarse))
    assert np.abs(np.log2(mine / rough)).mean() < 1 / 32


@given(st.lists(st.floats(1e-30, 1), min_size=1))
def test_codes_are_whole_and_stay_what_they_are(probability: list[float]) -> None:
    once = codes(np.array(probability))
    assert np.array_equal(codes(rounded(np.array(probability))), once)


def test_witten_bell_is_method_c() -> None:
    node = np.array([0, 0, 1])
    n = np.array([3, 1, 2])
    found = probabilities(node, n, n.astype(float), "witten_bell")
    assert found == pytest.approx([3 / 6, 1 / 6, 2 / 3])


def test_equal_weights_change_nothing_and_unequal_ones_shift_probability() -> None:
    node, n = np.array([0, 0]), np.array([4, 4])
    even = probabilities(node, n, np.array([4.0, 4.0]), "kneser_ney")
    skewed = probabilities(node, n, np.array([6.0, 2.0]), "kneser_ney")
    assert even[0] == even[1]
    assert skewed[0] == pytest.approx(3 * skewed[1])
    assert skewed.sum() == pytest.approx(even.sum())
