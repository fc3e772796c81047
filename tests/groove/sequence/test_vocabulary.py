import json

import numpy as np
import pytest
from pydantic import ValidationError

from groove.sequence import vocabulary
from groove.sequence.spec import TokenSpec


def test_the_vocabulary_has_the_316_documented_tokens():
    names = vocabulary.names(TokenSpec())
    assert len(names) == len(set(names)) == vocabulary.SIZE == 316
    families = ["NOTE_ON", "NOTE_OFF", "TIME_SHIFT", "VELOCITY", "DURATION"]
    sizes = [sum(name.startswith(f"{family}_") for name in names) for family in families]
    assert sizes == [128, 128, 32, 8, 16]
    assert names[:4] == ["PAD", "BOS", "EOS", "UNK"]


def test_the_kind_of_a_token_is_the_family_of_its_name():
    for name, kind in zip(vocabulary.names(TokenSpec()), vocabulary.KIND, strict=True):
        family = vocabulary.KINDS[kind]
        assert name.startswith(f"{family}_") or (family == "SPECIAL" and "_" not in name)


def test_values_follow_the_names():
    spec = TokenSpec()
    shift, duration = vocabulary.shift_values(spec), vocabulary.duration_values(spec)
    for number, name in enumerate(vocabulary.names(spec)):
        family, _, value = name.rpartition("_")
        assert shift[number] == (int(value) if family == "TIME_SHIFT" else 0)
        assert duration[number] == (int(value) if family == "DURATION" else 0)


def test_json_round_trip_and_what_is_refused():
    spec = TokenSpec(steps_per_quarter=12, ends="note_off")
    assert vocabulary.from_json(vocabulary.to_json(spec)) == spec
    larger = json.dumps({**json.loads(vocabulary.to_json(spec)), "size": 400})
    for text in ("{}", "[1]", "not JSON", larger):
        with pytest.raises(vocabulary.VocabularyError):
            vocabulary.from_json(text)


@pytest.mark.parametrize(
    "steps",
    [[1, 2, 3], [*range(2, 34)], [1, 1, *range(2, 32)], [32, *range(1, 32)]],
    ids=["too few", "not from 1", "repeated", "falling"],
)
def test_a_grid_that_cannot_say_every_rest_is_refused(steps):
    with pytest.raises(ValidationError):
        TokenSpec(shift_steps=steps)


def test_a_velocity_is_never_off_by_more_than_half_a_bin():
    velocity = np.arange(1, 128)
    width = vocabulary.VELOCITY_WIDTH
    assert np.abs(velocity // width * width + width // 2 - velocity).max() == width // 2
