"""Grooves as MIDI, as JSON and as rows."""

import json

import numpy as np
import pytest

from groove.core.tables import frame_of
from groove.midi.notes import read_midi
from groove.midi.taxonomy import note_of_label
from groove.ngram.language.model import GrooveModel
from groove.ngram.play.output import bars_frame, json_of, midi_of
from groove.ngram.play.sampling import Form, Groove, Heat, Sampler
from groove.ngram.tables import GROOVE_EVENTS

WALTZ = Form(3, 4, 4)


@pytest.fixture(scope="module")
def groove(model: GrooveModel) -> Groove:
    return Sampler(model).draw(
        WALTZ, 5, Heat(), 3, condition={"style": "rock", "section": "verse"}, swing=0.5
    )


def test_midi_has_drums_tempo_meter_name_and_length(model: GrooveModel, groove: Groove) -> None:
    data = midi_of(model, groove, 93.0)
    song = read_midi(data)
    assert song.drum.all()
    assert song.n == groove.hits
    assert song.tempo_bpm[0] == pytest.approx(93.0, abs=1e-3)
    assert (song.meter_numerator[0], song.meter_denominator[0]) == (3, 4)
    assert song.last_tick <= 5 * 3 * 480 + 80
    assert b"\xff\x03\x05Drums" in data
    assert b"\xff\x03\x04Perc" in midi_of(model, groove, 93.0, "Perc")


def test_json_says_the_same_as_midi(model: GrooveModel, groove: Groove) -> None:
    data = json_of(model, groove, 93.0, seed=3, model_id="abc")
    assert data == json_of(model, groove, 93.0, seed=3, model_id="abc")
    told = json.loads(data)
    assert (told["format"], told["version"], told["seed"]) == ("groove", 1, 3)
    assert (told["meter"], told["bars"], told["steps_per_bar"]) == ("3/4", 5, 12)
    assert told["conditions"] == ["style=rock"]
    assert told["ignored"] == ["section=verse"]
    assert told["model"] == {"id": "abc", "licenses": ["CC0-1.0"], "sources": ["by hand"]}
    assert "swing" in told["remarks"][0]
    song = read_midi(midi_of(model, groove, 93.0))
    hits = told["hits"]
    assert sorted(zip(song.pitch.tolist(), song.velocity.tolist(), strict=True)) == sorted(
        (hit["note"], hit["velocity"]) for hit in hits
    )
    assert np.sort([hit["time_s"] for hit in hits]) == pytest.approx(
        np.sort(song.start_s), abs=0.002
    )
    assert all(hit["note"] == note_of_label(hit["label"]) for hit in hits)
    assert [hit["beat"] for hit in hits] == sorted(hit["beat"] for hit in hits)


def test_rows_keep_the_contract_of_events(groove: Groove) -> None:
    frame = bars_frame([groove, groove], "drawn", 93.0)
    table = frame_of(frame.to_dict(orient="records"), GROOVE_EVENTS)
    assert len(table) == 10
    assert table["key"].nunique() == 2
    assert (table["style"] == "rock").all()
    assert sum(map(len, table["hit_step"])) == 2 * groove.hits
