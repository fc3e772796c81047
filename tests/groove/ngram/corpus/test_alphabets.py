"""What is struck has one label; a label sounds as itself."""

import numpy as np
import pandas as pd
import pytest

from groove.midi.notes import song_from_notes
from groove.midi.taxonomy import LABELS, label_of_note
from groove.ngram.corpus.alphabets import (
    ALPHABETS,
    DRUMS,
    LOUD_VELOCITY,
    PERCUSSION,
    PERCUSSION_KEYS,
    AlphabetError,
    alphabet_of,
)
from groove.ngram.corpus.events import bars_of_rows, rows_of_song
from groove.ngram.play.render import Bar, song_of_bars
from groove.ngram.spec import EventSpec


@pytest.mark.parametrize("alphabet", ALPHABETS.values(), ids=lambda one: one.name)
def test_a_label_sounds_as_itself_throughout_its_velocities(alphabet):
    assert len(alphabet.labels) == len(set(alphabet.labels)) <= 24
    for number in range(len(alphabet.labels)):
        low, high = alphabet.velocity_range(number)
        velocity = np.arange(low, high + 1)
        pitch = np.full_like(velocity, alphabet.note_of(number))
        if alphabet.labels[number] == "rimshot":
            continue  # General MIDI has none: it reads back as a snare
        np.testing.assert_array_equal(alphabet.labels_of(pitch, velocity, "gm"), number)


def test_percussion_is_what_the_taxonomy_calls_so():
    keys = [key for keys in PERCUSSION_KEYS.values() for key in keys]
    assert len(keys) == len(set(keys))
    assert len(PERCUSSION_KEYS) <= 12
    assert {label_of_note(key) for key in keys} == {"aux_percussion"}
    # The percussion section of General MIDI 1 has no other keys than drums, cymbals and these.
    for key in range(35, 82):
        assert (key in keys) == (label_of_note(key) == "aux_percussion"), key


def test_labels_follow_key_and_touch():
    pitch = np.array([39, 39, 63, 64, 36, 42, 33])
    velocity = np.array([LOUD_VELOCITY, LOUD_VELOCITY - 1, 1, 127, 100, 100, 100])
    names = [
        PERCUSSION.labels[i] if i >= 0 else None
        for i in PERCUSSION.labels_of(pitch, velocity, "gm")
    ]
    assert names == [
        "clap_loud",
        "clap_soft",
        "conga_high_soft",
        "conga_low_loud",
        None,
        None,
        None,
    ]
    # On a TD-11 these keys are a rim and a hi-hat's edge.
    rim = PERCUSSION.labels_of(np.array([58, 26]), np.array([90, 90]), "td11")
    assert rim.tolist() == [-1, -1]


def test_drums_take_every_key():
    found = DRUMS.labels_of(np.arange(128), np.full(128, 64), "gm")
    assert found.min() >= 0
    assert LABELS[found[36]] == "kick"
    assert LABELS[found[1]] == "aux_percussion"


def test_an_alphabet_is_known_by_its_labels():
    assert alphabet_of(DRUMS.labels) is DRUMS
    assert alphabet_of(("shaker_loud",)) is PERCUSSION
    with pytest.raises(AlphabetError, match="kazoo"):
        alphabet_of(("kick", "kazoo"))
    with pytest.raises(AlphabetError, match="both"):
        alphabet_of(("kick", "clap_loud"))


def test_velocities_are_kept_within_their_label():
    label = np.array([0, 1, 0, 1])
    clipped = PERCUSSION.clipped(label, np.array([100, 20, 30, 90]))
    assert clipped.tolist() == [63, 64, 30, 90]
    bar = Bar(4, 4, 4.0, 4, np.arange(4), label, np.array([100, 20, 30, 90]), np.zeros(4))
    song = song_of_bars([bar], 120.0, PERCUSSION.labels)
    assert song.velocity.tolist() == [63, 64, 30, 90]
    assert set(song.pitch.tolist()) == {39}


def test_a_percussion_loop_without_drums_comes_back_tick_for_tick():
    random = np.random.default_rng(4)
    keys = np.array([keys[0] for keys in PERCUSSION_KEYS.values()])
    beats = np.sort(random.integers(0, 64, 60)) / 4 + random.normal(0, 0.01, 60).clip(0, 0.05)
    pitch = random.choice(keys, 60)
    velocity = random.integers(1, 128, 60)
    song = song_from_notes(beats, 0.1, pitch, velocity, 0, True, [(0, 100)], [(0, 4, 4)])
    item = dict.fromkeys(("path", "sha256", "license", "style", "split_group", "split", "meter"))
    item |= {"source": "by hand", "is_fill": False, "tempo_bpm": 100.0, "tempo_source": "file"}
    rows = pd.DataFrame(rows_of_song(song, item, EventSpec(alphabet="percussion")))
    assert rows["lost_hits"].sum() == 0
    again = song_of_bars(bars_of_rows(rows), 100.0, PERCUSSION.labels)
    wanted = sorted(set(zip(song.start_tick, song.pitch, strict=True)))
    assert sorted(set(zip(again.start_tick, again.pitch, strict=True))) == wanted
    assert rows["merged_hits"].sum() + again.n == song.n
