"""The table of samples keeps its contract, and says what is copied from where."""

import dataclasses
from typing import Any

import pandas as pd
import pytest

from groove.audio.waveform import read_audio
from groove.core.store import MemoryStore
from groove.core.tables import frame_of
from groove.midi.notes import read_midi
from groove.ngram.language.codec import pack
from groove.ngram.language.model import GrooveModel
from groove.ngram.play import samples
from groove.ngram.play.preview import preview_of
from groove.ngram.quality import no_sample_is_silent
from groove.ngram.spec import SampleSpec
from groove.ngram.tables import GROOVE_SAMPLES

SPEC = SampleSpec(bars=4, per_condition=2, fill_every=4)


@pytest.fixture(scope="module")
def store(model: GrooveModel) -> MemoryStore:
    store = MemoryStore()
    store.write(pack(model), ".parquet")
    return store


@pytest.fixture(scope="module")
def trained(store: MemoryStore) -> pd.DataFrame:
    blob = next(iter(store.blobs))
    return pd.DataFrame([{"blob": blob, "model_id": blob[:16]}])


@pytest.fixture(scope="module")
def table(trained: pd.DataFrame, store: MemoryStore) -> pd.DataFrame:
    rows = samples.draw(trained, spec=SPEC, store=store)
    return frame_of([{"key": "s", **row} for row in rows], GROOVE_SAMPLES)


def test_every_condition_is_sampled(table: pd.DataFrame, store: MemoryStore) -> None:
    assert table["condition"].drop_duplicates().tolist() == [
        "", "fill=yes", "style=bossa", "style=bossa&fill=yes", "style=rock", "style=rock&fill=yes",
    ]  # fmt: skip
    assert (table["hits"] > 0).all()
    assert no_sample_is_silent(table).passed
    assert (table["licenses"] == "CC0-1.0").all()
    song = read_midi(store.read(table["blob"].iloc[0]))
    assert song.n == table["hits"].iloc[0] == len(table["hit_step"].iloc[0])


def test_what_stands_in_a_loop_is_named(table: pd.DataFrame) -> None:
    found = table[table["verbatim_hits"] > 0]
    assert len(found) > 0
    assert found["verbatim_path"].str.startswith("loops/").all()
    assert (found["verbatim_license"] == "CC0-1.0").all()
    assert (table["single_hits"] <= table["verbatim_hits"]).all()
    alone = table["single_hits"] > 0
    assert (alone == table["single_path"].notna()).all()


def test_the_same_table_comes_again(
    trained: pd.DataFrame, store: MemoryStore, table: pd.DataFrame
) -> None:
    again = samples.draw(trained, spec=SPEC, store=MemoryStore(blobs=dict(store.blobs)))
    assert [row["blob"] for row in again] == table["blob"].tolist()


def test_fewer_conditions_can_be_asked_for(model: GrooveModel) -> None:
    assert samples.sampled_conditions(model, 0) == [""]
    most = samples.sampled_conditions(model, 2)
    assert most == ["", "style=bossa", "style=rock"]
    card: Any = {**model.card, "forms": {"": model.card["forms"][""]}}
    assert samples.sampled_conditions(dataclasses.replace(model, card=card), 5) == [""]


def test_the_typical_sample_can_be_drawn(table: pd.DataFrame) -> None:
    from groove.midi.taxonomy import LABELS
    from groove.plots.rolls import Roll, piano_roll

    hits, title = samples.typical_hits(table)
    assert "4/4" in title
    assert piano_roll(Roll(**hits), LABELS, title).startswith(b"\x89PNG")


def test_later_attempts_are_hotter() -> None:
    spec = SampleSpec(temperature=0.8, top_p=0.9, hotter=1.5, temperature_end=0.4)
    first, third = samples.heat_of(spec, 0), samples.heat_of(spec, 2)
    assert (first.temperature, first.end, first.top_p) == pytest.approx((0.8, 0.4, 0.9))
    assert third.temperature == pytest.approx(1.8)
    assert third.top_p == pytest.approx(1 - 0.1 / 2.25)


def test_the_preview_sounds_where_the_sample_is_struck(
    table: pd.DataFrame, store: MemoryStore
) -> None:
    heard = preview_of(table, store)
    sound = read_audio(store.read(heard.blob))
    assert 0.05 < abs(sound.samples).max() <= 1
    row = table[table["hits_per_bar"] == table["hits_per_bar"].sort_values().iloc[len(table) // 2]]
    seconds = 4 * 60 / row["tempo_bpm"].iloc[0] * row["bars"].iloc[0]
    assert heard.bar_starts_s[int(row["bars"].iloc[0])] == pytest.approx(seconds, abs=0.01)
