"""Features: what was mapped is what the front end hears, and labels are exact."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest
import torch

from groove.audio.waveform import Waveform, encode, read_audio
from groove.core.arrays import ArrayError, mapped
from groove.core.store import MemoryStore
from groove.core.tables import frame_of, records
from groove.phase.labels import bar_phase, frame_times, phase_distance
from groove.phase.learn import features
from groove.phase.learn.dataset import Features
from groove.phase.learn.features import FeatureError
from groove.phase.model.front import FrontEnd
from groove.phase.spec import FeatureSpec
from groove.phase.tables import PHASE_FEATURES

SPEC = FeatureSpec(low_bands=6, high_bands=8, memory_s=2.0)
SECONDS = 4.0


def chunk(number: int, store: MemoryStore, path: str = "songs/a.mid", **changes: object) -> dict:
    random = np.random.default_rng(number)
    sound = random.normal(0, 0.1, int(SECONDS * 16_000)).astype(np.float32)
    audio = encode(Waveform(sound[np.newaxis], 16_000), "flac")
    beats = 0.137 + number / 100 + np.arange(12) * 0.43
    return {
        "path": path,
        "sha256": path,
        "source": "test",
        "license": "CC0-1.0",
        "soundfont": "none",
        "split_group": path,
        "split": "train",
        "chunk": number,
        "rate": 1.0,
        "seconds": SECONDS,
        "meter": "3/4",
        "beats_per_bar": 3,
        "bar_start_s": np.append(beats[0] - 3 * 0.43, beats[::3]),
        "beat_s": beats,
        "audio": store.write(audio, ".flac"),
        **changes,
    }


@pytest.fixture(scope="module")
def made() -> tuple[MemoryStore, pd.DataFrame, pd.DataFrame]:
    store = MemoryStore()
    paths = ["songs/a.mid"] * 3 + ["songs/b.mid"] * 3
    rows = [chunk(number, store, path) for number, path in enumerate(paths)]
    chunks = pd.DataFrame(rows)
    packs = records(features.packs(chunks))
    assert [len(pack["audio"]) for pack in packs] == [3, 3]
    found = [row for pack in packs for row in features.pack_features(pack, SPEC, store)]
    table = frame_of([{**row, "key": row["path"]} for row in found], PHASE_FEATURES)
    return store, chunks, table


def test_levels_are_what_the_front_end_hears(made) -> None:
    store, chunks, table = made
    heard = Features(table, store)
    front = FrontEnd(SPEC.low_bands, SPEC.high_bands, SPEC.memory_s)
    assert heard.frames == 200
    for place in (0, 4):
        sound = torch.from_numpy(read_audio(store.read(chunks["audio"][place])).mono().copy())
        expected = front(sound[None])[0]
        ours = heard.levels([place], [0], 200)[0]
        assert ours.dtype == torch.float16
        assert torch.allclose(ours.float(), expected, atol=2e-3, rtol=1e-3)
        assert torch.equal(heard.levels([place], [50], 30)[0], ours[50:80])


def test_phases_are_those_of_the_exact_times(made) -> None:
    store, chunks, table = made
    held = Features(table, store).phases([1], [25], 400)[0].double().numpy()
    times = frame_times(250)
    bars = chunks["bar_start_s"][1]
    expected = bar_phase(times, bars)[25:]
    known = np.isfinite(expected)
    assert (np.isfinite(held[: len(expected), 0]) == known).all()
    assert phase_distance(held[: len(expected), 0][known], expected[known]).max() < 1e-6
    # Beats go on before the first and after the last of the chunk, at its tempo.
    beat = (times[25:] - chunks["beat_s"][1][0]) / 0.43 % 1.0
    inside = times[25:] < chunks["beat_s"][1][-1]
    assert phase_distance(held[: len(expected), 1], beat)[inside].max() < 1e-5
    # Past the end of the labels nothing is known.
    assert np.isnan(held[225:]).all()


def test_rows_tell_tempo_and_settings(made) -> None:
    _, _, table = made
    assert table["tempo_bpm"].tolist() == pytest.approx([60 / 0.43] * 6)
    assert set(table["low_bands"]) == {6}
    assert table["levels"].nunique() == 2
    assert table["chunk"].tolist() == list(range(6))
    assert table["place"].tolist() == [0, 1, 2, 0, 1, 2]
    assert features.summary(table)["packs"] == 2


def test_the_same_chunks_give_the_same_bytes(made) -> None:
    store, chunks, table = made
    (pack, _) = records(features.packs(chunks))
    again = list(features.pack_features(pack, SPEC, store))
    assert [row["levels"] for row in again] == table["levels"].tolist()[:3]
    assert [row["phases"] for row in again] == table["phases"].tolist()[:3]


def test_many_chunks_of_a_render_are_several_packs() -> None:
    one = dict.fromkeys(("path", "sha256", "source", "license", "soundfont"), "x")
    row = {**one, "split_group": "x", "split": "train", "rate": 1.0, "seconds": 4.0, "audio": "a"}
    row |= {"meter": "4/4", "beats_per_bar": 4, "bar_start_s": [0.0], "beat_s": [0.0]}
    packs = features.packs(pd.DataFrame([{**row, "chunk": n} for n in range(300)]))
    assert packs["chunk"].map(len).tolist() == [256, 44]
    assert packs["chunk"][1][0] == 256
    assert not len(features.packs(pd.DataFrame()))


def test_unfit_chunks_are_refused() -> None:
    store = MemoryStore()
    (pack,) = records(features.packs(pd.DataFrame([chunk(0, store), chunk(1, store, seconds=5.0)])))
    with pytest.raises(FeatureError, match="different lengths"):
        list(features.pack_features(pack, SPEC, store))
    (pack,) = records(features.packs(pd.DataFrame([chunk(0, store, seconds=5.0)])))
    with pytest.raises(FeatureError, match="200 frames, not of 250"):
        list(features.pack_features(pack, SPEC, store))


@pytest.mark.parametrize("cut", [3, 60, 140])
def test_damaged_arrays_are_refused(cut: int) -> None:
    file = io.BytesIO()
    np.save(file, np.zeros((2, 3, 4), np.float16))
    store = MemoryStore()
    with pytest.raises(ArrayError, match="damaged"):
        mapped(store, store.write(file.getvalue()[:cut], ".npy"))


def test_arrays_of_objects_are_refused() -> None:
    file = io.BytesIO()
    np.save(file, np.array([{}, {}], dtype=object))
    store = MemoryStore()
    with pytest.raises(ArrayError, match="plain"):
        mapped(store, store.write(file.getvalue(), ".npy"))
