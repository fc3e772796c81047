import dataclasses

import numpy as np
import pandas as pd
import pytest

from groove.core.store import MemoryStore
from groove.core.tables import frame_of
from groove.midi.meter import bar_grid
from groove.midi.notes import MidiError, read_midi, song_from_notes, write_midi
from groove.sequence import corpus
from groove.sequence.spec import TokenSpec
from groove.sequence.tables import TOKEN_CORPUS

ROW = {
    "path": "songs/a.mid",
    "sha256": "0" * 64,
    "source": "tunes",
    "license": "CC0-1.0",
    "split_group": "a",
    "split": "train",
    "tempo_bpm": 90.0,
    "meter": "4/4",
}


@pytest.fixture(scope="module")
def song():
    """Five minutes beside the grid, with tempo and meter changes, drums and a long rest."""
    draw = np.random.default_rng(1)
    start = np.sort(draw.uniform(0, 300, 900))
    start[450:] += 80
    drum = draw.random(900) < 0.3
    return song_from_notes(
        start,
        draw.uniform(0.05, 6, 900),
        np.where(drum, draw.choice([36, 38, 42], 900), draw.integers(40, 80, 900)),
        draw.integers(1, 128, 900),
        np.where(drum, 0, draw.choice([0, 33], 900)),
        drum,
        tempos=[(0, 90.0), (50, 140.0), (260, 61.5)],
        meters=[(0, 4, 4), (40, 3, 4), (100, 7, 8)],
    )


def _encoded(song, spec=None, item=None):
    store = MemoryStore({ROW["path"]: write_midi(song)})
    return next(iter(corpus.tokens_of(item or ROW, spec or TokenSpec(), store)))


@pytest.mark.parametrize("parts", ["pitched", "drums", "all"])
@pytest.mark.parametrize("ends", ["duration", "note_off"])
def test_every_note_comes_back_within_half_a_step(song, parts, ends):
    row = _encoded(song, TokenSpec(parts=parts, ends=ends))
    heard, read = corpus.song_of(row), read_midi(write_midi(song))
    wanted = {"pitched": ~read.drum, "drums": read.drum, "all": np.ones(read.n, bool)}[parts]
    assert row["notes"] == wanted.sum() == heard.n
    assert row["left_out_notes"] == (~wanted).sum()
    assert row["lost_notes"] == 0
    assert row["onset_error_steps"] <= 0.5
    assert row["velocity_error"] <= 8
    # Measured again, note by note and through a song of its own.
    start_s, pitch = read.start_s[wanted], read.pitch[wanted]
    for value in np.unique(pitch):
        late = np.sort(heard.start_s[heard.pitch == value]) - np.sort(start_s[pitch == value])
        assert np.abs(late).max() <= row["onset_error_s"] + 1e-6
    if ends == "note_off":
        assert np.abs(heard.end_s.max() - read.end_s[wanted].max()) < 0.03


def test_tempo_and_meter_come_back(song):
    row = _encoded(song)
    heard = corpus.song_of(row)
    np.testing.assert_allclose(heard.tempo_bpm, song.tempo_bpm)
    np.testing.assert_array_equal(heard.meter_numerator, song.meter_numerator)
    np.testing.assert_array_equal(heard.meter_denominator, song.meter_denominator)
    bars = bar_grid(song)
    assert row["bars"] == bars.bars
    np.testing.assert_allclose(np.array(row["bar_steps"]) / 24 * 480, bars.bar_start_tick, atol=10)


def test_a_row_keeps_the_contract_and_the_same_song_gives_the_same_row(song):
    one, other = _encoded(song), _encoded(song)
    frame = frame_of([{"key": "k", **one}], TOKEN_CORPUS)
    pd.testing.assert_frame_equal(frame, frame_of([{"key": "k", **other}], TOKEN_CORPUS))
    assert frame["license"].iloc[0] == "CC0-1.0"


def test_what_decoding_loses_or_moves_is_counted(song):
    spec = TokenSpec()
    chosen = np.arange(song.n)
    from groove.sequence.tokens import decode, encode, on_grid

    quarter = song.ticks_per_quarter
    grid, places = on_grid(
        song.start_tick / quarter, song.end_tick / quarter, song.pitch, song.velocity, spec
    )
    heard = decode(encode(grid, spec), spec)
    short = dataclasses.replace(
        heard,
        start_step=heard.start_step[:-3] + 2,
        duration_steps=heard.duration_steps[:-3],
        pitch=heard.pitch[:-3],
        velocity=heard.velocity[:-3],
    )
    found = corpus.round_trip(song, chosen[places], short, spec)
    assert found["lost_notes"] == 3
    assert 2 <= found["onset_error_steps"] <= 2.5


def test_a_song_of_drums_alone_has_nothing_to_say():
    drums = song_from_notes([0, 1], 0.5, 36, 90, 0, True, tempos=[], meters=[])
    with pytest.raises(corpus.NothingToSayError, match="none of its 2 notes is pitched"):
        _encoded(drums)
    assert _encoded(drums, TokenSpec(parts="drums"))["musical_key"] is None


def test_a_file_that_is_no_midi_says_so():
    with pytest.raises(MidiError):
        list(corpus.tokens_of(ROW, TokenSpec(), MemoryStore({ROW["path"]: b"text"})))


def test_of_songs_with_the_same_content_one_is_taken():
    index = pd.DataFrame([{**ROW, "duplicate_of": None}, {**ROW, "duplicate_of": "songs/a.mid"}])
    assert len(corpus.songs(index)) == 1
    assert "duplicate_of" not in corpus.songs(index)
