"""Grooves are drawn from the model's own probabilities, and become proper MIDI."""

from typing import Any

import numpy as np
import pytest

from groove.core.store import MemoryStore
from groove.core.tables import frame_of
from groove.midi.notes import read_midi
from groove.ngram.language.codec import unpack
from groove.ngram.language.model import GrooveModel
from groove.ngram.play import samples
from groove.ngram.play.sampling import Form, Heat, SampleError, Sampler, _cut
from groove.ngram.quality import no_sample_is_silent
from groove.ngram.spec import SampleSpec
from groove.ngram.tables import GROOVE_SAMPLES

COMMON_TIME = Form(4, 4, 4)


@pytest.fixture(scope="module")
def model(trained: Any) -> GrooveModel:
    return unpack(trained.blob)


@pytest.mark.parametrize("style", [-1, 0, 1])
def test_what_is_drawn_from_is_what_is_scored(model: GrooveModel, trained: Any, style: int) -> None:
    from groove.ngram.language.context import events_of_bars, features_of

    features = features_of(events_of_bars(trained.events))
    sampler = Sampler(model)
    known = model.symbols
    for at in (0, 1, 40, 97, 500):
        context = features[at]
        drawn_from = sampler._distribution(dict(enumerate(context.tolist())), style)
        scored = model.probability(
            np.tile(context, (len(known), 1)), known, np.full(len(known), style)
        )
        assert drawn_from == pytest.approx(scored)


def test_the_same_seed_gives_the_same_bytes(model: GrooveModel) -> None:
    first, again, other = (
        samples.midi_of(model, Sampler(model).draw("rock", COMMON_TIME, 4, Heat(), seed), 110.0)
        for seed in (7, 7, 8)
    )
    assert first == again
    assert first != other


def test_a_sampler_has_no_memory_of_earlier_grooves(model: GrooveModel) -> None:
    used = Sampler(model)
    used.draw("bossa", COMMON_TIME, 4, Heat(), 1)
    fresh = Sampler(model).draw("rock", COMMON_TIME, 4, Heat(), 2)
    assert np.array_equal(used.draw("rock", COMMON_TIME, 4, Heat(), 2).symbols, fresh.symbols)


def test_the_midi_has_drums_tempo_meter_and_length(model: GrooveModel) -> None:
    form, _ = samples.form_of(model, "rock", "3/4")
    groove = Sampler(model).draw("rock", form, 5, Heat(), 3)
    song = read_midi(samples.midi_of(model, groove, 93.0))
    assert song.drum.all()
    assert song.n == groove.hits
    assert song.tempo_bpm[0] == pytest.approx(93.0, abs=1e-3)
    assert (song.meter_numerator[0], song.meter_denominator[0]) == (3, 4)
    assert len(groove.symbols) == 5 * 12
    assert song.last_tick <= 5 * 3 * 480 + 60


def test_hits_are_played_as_the_style_plays_them(model: GrooveModel) -> None:
    groove = Sampler(model).draw("rock", COMMON_TIME, 16, Heat(), 3)
    velocity = np.concatenate([bar.velocity for bar in groove.bars])
    assert 60 <= velocity.mean() <= 100  # the corpus has 100 and 60
    offset = np.concatenate([bar.offset_ticks for bar in groove.bars])
    assert np.abs(offset).max() <= 60
    assert set(np.sign(offset)) >= {-1, 1}


def test_a_style_sounds_like_itself(model: GrooveModel) -> None:
    sampler = Sampler(model)
    for style, step in (("rock", 8), ("bossa", 6)):
        groove = sampler.draw(style, COMMON_TIME, 32, Heat(0.8), 11)
        kicks = (groove.symbols.reshape(32, 16) & 1).mean(axis=0)
        assert kicks[step] > 0.6
        assert kicks[14 - step] < 0.4


def test_cold_draws_take_the_likeliest_and_cuts_hold_what_they_say() -> None:
    p = np.array([0.4, 0.3, 0.2, 0.1])
    assert _cut(p, 1.0, Heat(top_k=1))[0].tolist() == [0]
    assert _cut(p, 1.0, Heat(top_k=3))[0].tolist() == [0, 1, 2]
    assert _cut(p, 1.0, Heat(top_p=0.69))[0].tolist() == [0, 1]
    assert _cut(p, 1.0, Heat(top_p=0.71))[0].tolist() == [0, 1, 2]
    assert _cut(p, 1.0, Heat(top_k=2, top_p=0.5))[0].tolist() == [0]
    assert _cut(p, 1.0, Heat())[1] == pytest.approx([0.4, 0.7, 0.9, 1.0])
    cold = np.diff(_cut(p, 0.5, Heat())[1], prepend=0)
    assert cold == pytest.approx(p**2 / (p**2).sum())


def test_temperature_runs_in_a_line() -> None:
    assert Heat(1.0, 0.5).at(3).tolist() == [1.0, 0.75, 0.5]
    assert Heat(0.7).at(2).tolist() == [0.7, 0.7]


@pytest.mark.parametrize(
    "heat", [{"temperature": 0.0}, {"end": -1.0}, {"top_k": -1}, {"top_p": 0.0}, {"top_p": 1.1}]
)
def test_heat_out_of_range_is_refused(heat: dict[str, float]) -> None:
    with pytest.raises(SampleError):
        Heat(**heat)  # type: ignore[arg-type]  # one wrong value by name


def test_an_unknown_meter_names_the_known_ones(model: GrooveModel) -> None:
    with pytest.raises(SampleError, match="knows 3/4, 4/4"):
        samples.form_of(model, "rock", "11/8")


def test_a_lead_in_is_two_bars_of_the_style(model: GrooveModel, trained: Any) -> None:
    leads = model.leads("bossa", (4, 4, 4))
    assert leads.shape[1] == 32
    heard = {
        (*a, *b)
        for (a, b, same) in zip(
            trained.events["symbols"].map(tuple),
            trained.events["symbols"].map(tuple).shift(-1),
            trained.events["key"] == trained.events["key"].shift(-1),
            strict=True,
        )
        if same
    }
    assert all(tuple(lead) in heard for lead in leads.tolist())
    assert len(model.leads("bossa", (9, 8, 4))) == 0


def test_the_table_has_every_style_and_keeps_its_contract(trained: Any) -> None:
    rows = list(
        samples.draw(
            trained.table,
            trained.events,
            spec=SampleSpec(bars=4, per_style=2),
            store=trained.store,
        )
    )
    table = frame_of([{"key": "s", **row} for row in rows], GROOVE_SAMPLES)
    assert table["style"].tolist() == ["", "", "bossa", "bossa", "rock", "rock"]
    assert (table["hits"] > 0).all()
    assert no_sample_is_silent(table).passed
    assert (table["licenses"] == "CC0-1.0").all()
    song = read_midi(trained.store.read(table["blob"].iloc[0]))
    assert song.n == table["hits"].iloc[0]
    again = MemoryStore(blobs=dict(trained.store.blobs))
    repeated = samples.draw(
        trained.table, trained.events, spec=SampleSpec(bars=4, per_style=2), store=again
    )
    assert [row["blob"] for row in repeated] == table["blob"].tolist()
