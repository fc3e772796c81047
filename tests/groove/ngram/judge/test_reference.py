"""References against the textbook's formulas, written out with dictionaries."""

from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np
import pytest

from groove.ngram.judge.reference import (
    Method,
    Reference,
    discounts,
    estimate,
    order0,
    uniform,
)
from groove.ngram.judge.tokens import Tokens

VOCABULARY = 7
BEGIN = "<s>"


def tokens(*loops: Sequence[int]) -> Tokens:
    starts = np.cumsum([0, *(len(loop) for loop in loops)])[:-1]
    return Tokens(
        np.array([token for loop in loops for token in loop], dtype=np.int64),
        np.repeat(starts, [len(loop) for loop in loops]).astype(np.int64),
        len(loops),
    )


def corpus(seed: int, loops: int = 30) -> list[list[int]]:
    """Return loops of a little grammar, so that counts differ."""
    random = np.random.default_rng(seed)
    made = []
    for _ in range(loops):
        now, loop = int(random.integers(VOCABULARY)), []
        for _ in range(int(random.integers(1, 14))):
            loop.append(now)
            now = (now + int(random.choice([1, 1, 1, 2, 3]))) % VOCABULARY
        made.append(loop)
    return made


class Textbook:
    """Interpolated n-grams, one probability at a time."""

    def __init__(self, loops: Sequence[Sequence[int]], order: int, method: Method) -> None:
        self.order, self.method = order, method
        raw: list[Counter[tuple[object, ...]]] = [Counter() for _ in range(order + 1)]
        for loop in loops:
            said = [BEGIN, *loop]
            for end in range(1, len(said)):
                for n in range(1, order + 1):
                    if end + 1 - n >= 0:
                        raw[n][tuple(said[end + 1 - n : end + 1])] += 1
        self.counts = raw
        if method == "kneser_ney":
            self.counts = [Counter() for _ in range(order)] + [raw[order]]
            for n in range(1, order):
                left = defaultdict(set)
                for gram in raw[n + 1]:
                    left[gram[1:]].add(gram[0])
                for gram, count in raw[n].items():
                    self.counts[n][gram] = count if gram[0] == BEGIN else len(left[gram])

    def taken(self, n: int, count: int) -> float:
        if count == 0:
            return 0.0
        of = Counter(self.counts[n].values())
        ks = [of[k] for k in (1, 2, 3, 4)]
        found = [0.5, 1.0, 1.5]
        if ks[0] and ks[1] and ks[2]:
            y = ks[0] / (ks[0] + 2 * ks[1])
            tried = [k - (k + 1) * y * ks[k] / ks[k - 1] for k in (1, 2, 3)]
            if all(0 < value < k for k, value in zip((1, 2, 3), tried, strict=True)):
                found = tried
        return found[min(count, 3) - 1]

    def probability(self, history: tuple[object, ...], token: int) -> float:
        n = len(history) + 1
        lower = 1 / VOCABULARY if not history else self.probability(history[1:], token)
        follows = {g[-1]: c for g, c in self.counts[n].items() if g[:-1] == history}
        total = sum(follows.values())
        if not total:
            return lower
        count = follows.get(token, 0)
        if self.method == "witten_bell":
            return (count + len(follows) * lower) / (total + len(follows))
        left = sum(self.taken(n, c) for c in follows.values()) / total
        return (count - self.taken(n, count)) / total + left * lower

    def of(self, loop: Sequence[int]) -> list[float]:
        said: list[object] = [BEGIN, *loop]
        return [
            self.probability(tuple(said[max(0, at - self.order + 1) : at]), loop[at - 1])
            for at in range(1, len(said))
        ]


@pytest.mark.parametrize("method", ["kneser_ney", "witten_bell"])
@pytest.mark.parametrize("order", [1, 2, 3, 6])
def test_probabilities_are_the_textbooks(method: Method, order: int) -> None:
    shown, asked = corpus(0), corpus(1, 12)
    book = Textbook(shown, order, method)
    wanted = [value for loop in asked for value in book.of(loop)]
    found = estimate(tokens(*shown), order, method, VOCABULARY).probability(tokens(*asked))
    np.testing.assert_allclose(found, wanted, rtol=1e-12)


def models() -> list[Reference]:
    shown = tokens(*corpus(0))
    return [
        uniform(VOCABULARY),
        order0(shown, VOCABULARY),
        estimate(shown, 4, "witten_bell", VOCABULARY),
        estimate(shown, 6, "kneser_ney", VOCABULARY),
    ]


def test_probabilities_sum_to_one_after_any_history() -> None:
    for model in models():
        for history in ([], [0], [3, 4], [6, 6, 6], [0, 1, 2, 3, 4, 5, 6]):
            asked = tokens(*([*history, token] for token in range(VOCABULARY)))
            last = model.probability(asked)[len(history) :: len(history) + 1]
            assert last.sum() == pytest.approx(1.0, abs=1e-12)


def test_references_with_a_history_beat_those_without() -> None:
    asked = tokens(*corpus(2, 40))
    needed = [model.bits(asked) for model in models()]
    assert needed[0] == pytest.approx(len(asked) * np.log2(VOCABULARY))
    assert max(needed[2:]) < min(needed[:2])


def test_discounts_fall_back_where_counts_of_counts_are_missing() -> None:
    assert discounts(np.array([5, 5, 5])) == (0.5, 1.0, 1.5)
    # More of the commoner ones than of the rarer gives discounts below zero.
    assert discounts(np.repeat([1, 2, 3, 4], [10, 1, 30, 60])) == (0.5, 1.0, 1.5)
    share = 40 / 76
    wanted = (1 - 2 * share * 18 / 40, 2 - 3 * share * 10 / 18, 3 - 4 * share * 7 / 10)
    assert discounts(np.repeat([1, 2, 3, 4], [40, 18, 10, 7])) == pytest.approx(wanted)


def test_orders_and_vocabularies_have_bounds() -> None:
    shown = tokens([0, 1])
    with pytest.raises(ValueError, match="order"):
        estimate(shown, 8, "kneser_ney", VOCABULARY)
    with pytest.raises(ValueError, match="vocabulary"):
        estimate(shown, 2, "kneser_ney", 256)
