"""Percussion steps aside for kick and snare, and nothing else happens."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groove.midi.notes import Song, read_midi, song_from_notes, write_midi
from groove.ngram.play.merge import (
    MergeError,
    aligned,
    aside,
    collisions,
    joined,
    merge,
    midi_of_parts,
)

STRIKES = (35, 36, 38, 40)
Hits = list[tuple[int, int, int]]


def song(
    hits: Hits, bpm: float = 120, meter: tuple[int, int] = (4, 4), per_quarter: int = 96
) -> Song:
    tick, pitch, velocity = np.array(hits).T
    return song_from_notes(
        tick / per_quarter, 0.05, pitch, velocity, 0, True,
        [(0, bpm)], [(0, *meter)], ticks_per_quarter=per_quarter,
    )  # fmt: skip


def hits(keys: tuple[int, ...], last_tick: int) -> st.SearchStrategy[Hits]:
    hit = st.tuples(st.integers(0, last_tick), st.sampled_from(keys), st.integers(1, 127))
    return st.lists(hit, min_size=1, max_size=60)


@settings(deadline=None, max_examples=200)
@given(drums=hits((*STRIKES, 42, 46), 40), percussion=hits((39, 54, 63, 64), 40))
def test_only_collisions_move_to_the_next_free_tick_and_nothing_is_lost(drums, percussion):
    kit, perc = song(drums), song(percussion)
    both = merge(kit, perc)
    taken = {tick for tick, key, _ in drums if key in STRIKES}
    expected: Counter[tuple[int, int, int]] = Counter(drums)
    for tick, key, velocity in percussion:
        free = tick
        while free in taken:
            free += 1
        expected[free, key, velocity] += 1
    found = Counter(
        zip(both.start_tick.tolist(), both.pitch.tolist(), both.velocity.tolist(), strict=True)
    )
    assert found == expected
    assert both.n == len(drums) + len(percussion)
    assert write_midi(merge(kit, perc)) == write_midi(both)


def test_a_collision_is_shifted_by_one_tick():
    kit = song([(0, 36, 100), (48, 42, 90), (96, 38, 100)])
    perc = song([(0, 63, 80), (48, 64, 80), (96, 39, 80), (97, 39, 60)])
    assert collisions(perc, kit).tolist() == [True, False, True, False]
    moved = aside(perc, kit)
    assert moved.start_tick.tolist() == [1, 48, 97, 97]
    assert (moved.end_tick - moved.start_tick).tolist() == (
        perc.end_tick - perc.start_tick
    ).tolist()
    # A melodic note on channel 1 is no percussion.
    bass = song_from_notes([0.0], 1, 36, 90, 33, False, [(0, 120)], [(0, 4, 4)], 96)
    assert aside(bass, kit).start_tick.tolist() == [0]
    assert aside(perc, bass).start_tick.tolist() == perc.start_tick.tolist()


def test_other_resolutions_are_brought_together_without_rounding():
    kit = song([(0, 36, 100), (480, 38, 100)], per_quarter=480)
    perc = song([(1, 63, 80), (95, 64, 80), (96, 64, 80)], per_quarter=96)
    both = merge(kit, perc)
    assert both.ticks_per_quarter == 480
    assert both.start_tick.tolist() == [0, 5, 475, 480, 481]
    odd = [song([(0, 36, 9)], per_quarter=size) for size in (32_767, 32_749)]
    assert {one.ticks_per_quarter for one in aligned(odd)} == {32_767}


def test_other_tempo_or_meter_is_refused():
    kit = song([(0, 36, 100), (400, 36, 100)])
    with pytest.raises(MergeError, match=r"tempo: 120 bpm and 100 bpm"):
        merge(kit, song([(0, 63, 80), (96, 63, 80)], bpm=100))
    with pytest.raises(MergeError, match="meter: 4/4 and 3/4"):
        merge(kit, song([(0, 63, 80), (96, 63, 80)], meter=(3, 4)))
    changes = song_from_notes(
        [0, 8], 0.1, 63, 80, 0, True, [(0, 120), (2, 90)], [(0, 4, 4)], ticks_per_quarter=96
    )
    with pytest.raises(MergeError, match="tempo"):
        merge(kit, changes)


def test_what_one_song_does_not_say_the_other_does():
    kit = song([(0, 36, 100), (384, 36, 100)], bpm=90, meter=(3, 4))
    unsaid = song_from_notes([0.5, 9], 0.1, 63, 80, 0, True, [], [], ticks_per_quarter=96)
    both = read_midi(write_midi(merge(kit, unsaid)))
    assert both.tempo_bpm.tolist() == pytest.approx([90], abs=1e-3)
    assert (both.meter_numerator.tolist(), both.n) == ([3], 4)
    # A change after the shorter song's end is kept.
    long = song_from_notes([0, 8], 0.1, 63, 80, 0, True, [(0, 90), (6, 80)], [(0, 3, 4)], 96)
    assert merge(kit, long).tempo_tick.tolist() == [0, 576]


def test_parts_are_tracks_with_names():
    parts = {"Drums": song([(0, 36, 100)]), "hand drums": song([(1, 63, 80), (5, 64, 70)])}
    data = midi_of_parts(parts)
    again = read_midi(data)
    assert again.n == 3
    assert again.drum.all()
    assert again.start_tick.tolist() == joined(list(parts.values())).start_tick.tolist()
    assert again.track.tolist() == [0, 1, 1]
    for name in parts:
        assert b"\xff\x03" + bytes([len(name)]) + name.encode() in data
    assert data[10:12] == (3).to_bytes(2, "big")
