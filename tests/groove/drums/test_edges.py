"""Hits at window edges are heard with nothing but their window."""

import numpy as np
import pandas as pd
import pytest
import torch

from groove.audio.waveform import Waveform, encode
from groove.core.store import MemoryStore
from groove.drums.classify import edges
from groove.drums.classify.calibration import Calibration
from groove.drums.classify.model import DrumModel, Shape
from groove.drums.classify.network import build
from groove.drums.spec import ClipSpec
from groove.midi.taxonomy import CLASSES

RATE = 44_100


@pytest.fixture(scope="module")
def model() -> DrumModel:
    torch.manual_seed(0)
    clip = ClipSpec()
    network = build("edge", clip.frames, clip.n_mels, len(CLASSES), [4, 4, 4, 4], 0.0)
    return DrumModel(
        network, Shape("edge", (4, 4, 4, 4)), CLASSES, clip, Calibration(1.0, 0.0), 0.5
    )


def test_only_the_window_is_heard(model: DrumModel) -> None:
    store = MemoryStore()
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, (2, 4 * RATE)).astype(np.float32)
    song = store.write(encode(Waveform(noise, RATE), "wav", "FLOAT"), ".wav")
    pack = pd.DataFrame(
        [("a", 2.04, 0, 0.0, "trailing"), ("b", 0.53, 1, 0.512, "leading"),
         ("c", 3.9, 6, 3.072, "trailing"), ("d", 0.2, 0, -1.0, "leading")],
        columns=["sample_id", "onset_s", "window_index", "window_start_s", "edge"],
    ).assign(session_id="s", kit_id="k", path="x.mid", blob=song, label="snare", window_s=2.048,
             distance_s=0.01, split_group="g", split="test")  # fmt: skip
    weights = pd.DataFrame({"blob": [store.write(model.to_bytes(), ".st")], "model_id": ["m"]})
    rows = list(edges.predict(pack, weights, None, store))
    assert [row["sample_id"] for row in rows] == ["a", "b", "c", "d"]
    column = CLASSES.index("snare")
    for row, given in zip(rows, pack.itertuples(), strict=True):
        start = round(given.window_start_s * RATE)
        alone = np.zeros_like(noise)
        inside = slice(max(0, start), max(0, start + round(2.048 * RATE)))
        alone[:, inside] = noise[:, inside]
        expected = model.listen(Waveform(alone, RATE), np.array([given.onset_s]))[0, column]
        assert row["probability"] == pytest.approx(float(expected), abs=1e-5)
    # The end of the window cuts the sound of the first one off: it is not what the song holds.
    whole = model.listen(Waveform(noise, RATE), pack["onset_s"].to_numpy())[:, column]
    assert abs(rows[0]["probability"] - whole[0]) > 1e-4


def test_an_empty_pack_gives_no_row(model: DrumModel) -> None:
    store = MemoryStore()
    weights = pd.DataFrame({"blob": [store.write(model.to_bytes(), ".st")], "model_id": ["m"]})
    empty = pd.DataFrame(columns=["blob", "window_index"])
    assert list(edges.predict(empty, weights, None, store)) == []
