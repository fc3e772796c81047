import numpy as np
import pandas as pd
import pytest

from groove.sequence.spec import TokenSpec
from groove.sequence.streams import SLOTS, CorpusError, stream_of, vocabulary_of
from groove.sequence.vocabulary import BOS, EOS, shift_values, to_json


def _corpus(steps_per_quarter, bars):
    """Random songs with random bars."""
    draw = np.random.default_rng(steps_per_quarter)
    spec = TokenSpec(steps_per_quarter=steps_per_quarter)
    rows = []
    for number in range(5):
        body = draw.choice([60, 64, 260, 265, 283, 291, 300], 200)
        lengths = draw.choice(bars, 40)
        rows.append(
            {
                "split": "train" if number else "test",
                "vocabulary_json": to_json(spec),
                "tokens": np.array([BOS, *body, EOS]),
                "bar_steps": np.concatenate([[0], np.cumsum(lengths)]),
            }
        )
    return pd.DataFrame(rows), spec


@pytest.mark.parametrize("steps_per_quarter", [24, 12, 10])
def test_slots_are_those_of_a_plain_walk(steps_per_quarter):
    corpus, spec = _corpus(steps_per_quarter, [36, 72, 96])
    stream = stream_of(corpus, "train")
    expected = []
    for _, row in corpus[corpus["split"] == "train"].iterrows():
        time = 0
        for token in row["tokens"]:
            time += int(shift_values(spec)[token])
            # In quarter notes; a slot is an eighth of one, the nearest counts.
            place = time / steps_per_quarter + 1 / 16
            starts = [bar / steps_per_quarter for bar in row["bar_steps"]]
            begun = [start for start in starts if start <= place + 1e-9]
            expected.append(min(int((place - begun[-1]) * 8 + 1e-9), SLOTS - 1))
    assert stream.slots.tolist() == expected


def test_a_target_is_every_token_but_each_songs_first():
    stream = stream_of(_corpus(24, [96])[0], "train")
    assert len(stream.targets) == len(stream.tokens) - 4
    assert (stream.tokens[stream.targets] != BOS).all()
    assert (stream.tokens[stream.beginnings] == BOS).all()


def test_no_song_and_two_vocabularies_are_refused():
    corpus, _ = _corpus(24, [96])
    with pytest.raises(CorpusError, match="no song in split 'validation'"):
        stream_of(corpus, "validation")
    with pytest.raises(CorpusError, match="2 vocabularies"):
        vocabulary_of(pd.concat([corpus, _corpus(12, [96])[0]]))
