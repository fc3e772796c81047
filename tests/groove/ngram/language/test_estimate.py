"""Smoothing against the textbook, written out in plain Python."""

from collections import Counter, defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from groove.ngram.language.build import levels_of
from groove.ngram.language.context import FEATURE_BITS
from groove.ngram.language.counts import Counts, contexts, sum_counts
from groove.ngram.language.estimate import discounts, probabilities


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


def kneser_ney(text: list[int], length: int) -> dict[tuple[int, ...], dict[int, float]]:
    """Interpolated modified Kneser-Ney for the longest contexts, uniform at the bottom."""
    padded = [0] * length + text
    grams = Counter(tuple(padded[i - length : i + 1]) for i in range(length, len(padded)))
    tables = {length: grams}
    for k in range(length - 1, -1, -1):
        # A shorter gram counts once for each different longer gram that ends in it.
        tables[k] = Counter(gram[1:] for gram in tables[k + 1])
    result: dict[tuple[int, ...], dict[int, float]] = {}
    for k in range(length + 1):
        table = tables[k]
        d = (0.0, *discounts(np.array(list(table.values()))))
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


def test_levels_are_the_textbooks_kneser_ney() -> None:
    random = np.random.default_rng(5)
    text = (random.random(400) ** 3 * 6 + 1).astype(int).tolist()
    length = 3
    padded = np.array([0] * length + text)
    features = np.stack([padded[length - k : -k] for k in range(1, length + 1)], axis=1)
    counts: list[Counts] = []
    symbol = np.array(text)
    for keys, rank in contexts(features):
        ones = np.ones(len(text), dtype=np.int64)
        counts.append(sum_counts(keys, rank, 0 * ones, symbol, ones, ones.astype(float)))
    levels = levels_of(counts, length, "kneser_ney", styled=False)
    wanted = kneser_ney(text, length)
    for at in range(0, len(text), 7):
        value, node = 0.0, 0
        for k, level in enumerate(levels):
            if k:
                node = int(level.find(np.array([node << FEATURE_BITS | features[at, k - 1]]))[0])
            mine = level.discounted(np.array([node]), symbol[at : at + 1])[0]
            value = mine + (level.rest[node] * value if k else 0.0)
        context = tuple(int(v) for v in features[at][::-1])
        assert value == pytest.approx(wanted[context][text[at]], rel=1e-5)


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
