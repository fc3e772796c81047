"""Versions of a song are found, other songs are not."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from groove.midi.notes import read_midi, song_from_notes, write_midi
from groove.midi.versions import SAME_SONG, SIZE, _shingles, families, signature, similarity


def melody(seed, notes=160):
    """A random walk on a scale in a rhythm of its own, over a bass."""
    random = np.random.default_rng(seed)
    gaps = random.choice([0.25, 0.5, 0.5, 1.0, 1.5], notes)
    start = np.concatenate([[0.0], np.cumsum(gaps)[:-1]])
    scale = np.array([0, 2, 4, 5, 7, 9, 11])
    place = np.clip(np.cumsum(random.integers(-3, 4, notes)), -7, 14)
    pitch = 64 + 12 * (place // 7) + scale[place % 7]
    bass_start = np.arange(0, start[-1], 2.0)
    bass = 40 + random.choice([0, 2, 5, 7, 9, 11], len(bass_start))
    return (
        np.concatenate([start, bass_start]),
        np.concatenate([pitch, bass]),
        np.concatenate([np.zeros(notes), np.full(len(bass_start), 33)]),
    )


def song(seed, up=0, bpm=120.0, stretch=1.0, programs=(0, 33), drums=False, ticks=480):
    start, pitch, program = melody(seed)
    program = np.where(program == 0, *programs)
    drum = np.zeros(len(start), dtype=bool)
    if drums:
        beats = np.arange(0, start.max(), 0.5)
        start, pitch = np.concatenate([start, beats]), np.concatenate([pitch, beats * 0 + 42])
        program = np.concatenate([program, beats * 0])
        drum = np.concatenate([drum, np.ones(len(beats), dtype=bool)])
    return song_from_notes(
        start * stretch,
        0.2,
        pitch.astype(int) + up * ~drum,
        90,
        program,
        drum,
        [(0.0, bpm)],
        [(0.0, 4, 4)],
        ticks,
    )


FIRST = song(1)


def jittered():
    random = np.random.default_rng(0)
    start, pitch, program = melody(1)
    start = np.maximum(0, start + random.normal(0, 0.01, len(start)))
    return song_from_notes(start, 0.2, pitch, 90, program, False, [(0, 120)], [(0, 4, 4)])


VERSIONS = {
    "transposed": song(1, up=5),
    "at another tempo": song(1, bpm=87.0),
    "quarters written as eighths": song(1, stretch=0.5),
    "for other instruments": song(1, programs=(73, 43)),
    "with drums": song(1, drums=True),
    "in another resolution": song(1, ticks=96),
    "played by hand": jittered(),
    "all at once": song(1, up=-3, bpm=140.0, programs=(24, 38), drums=True, ticks=960),
}


@pytest.mark.parametrize("name", sorted(VERSIONS))
def test_a_version_is_the_same_song(name):
    assert similarity(signature(FIRST), signature(VERSIONS[name])) > 2 * SAME_SONG


def test_an_excerpt_of_half_the_song_is_still_it():
    half = FIRST.start_tick < FIRST.last_tick // 2
    names = ("start_tick", "end_tick", "start_s", "end_s", "pitch", "velocity", "program")
    names = (*names, "drum", "track")
    part = dataclasses.replace(FIRST, **{name: getattr(FIRST, name)[half] for name in names})
    assert similarity(signature(FIRST), signature(part)) > SAME_SONG


def test_families_join_versions_and_nothing_else():
    others = [song(seed) for seed in range(2, 30)]
    listed = [FIRST, *others[:10], *VERSIONS.values(), *others[10:]]
    found = families([signature(one) for one in listed])
    versions = {0, *range(11, 11 + len(VERSIONS))}
    assert {place for place, one in enumerate(found) if one == found[0]} == versions
    assert len(set(found)) == 1 + len(others)


def test_drums_alone_scales_and_few_notes_tell_nothing():
    beats = np.arange(0.0, 200, 0.5)
    drums = song_from_notes(beats, 0.1, 42, 90, 0, True, [(0, 120)], [(0, 4, 4)])
    scale = song_from_notes(
        beats, 0.1, 40 + np.arange(400) % 40, 90, 0, False, [(0, 120)], [(0, 4, 4)]
    )
    few = song_from_notes([0, 1, 2], 0.1, [60, 64, 67], 90, 0, False, [(0, 120)], [(0, 4, 4)])
    found = [signature(one) for one in (drums, scale, few)]
    assert [len(one) for one in found] == [0, 0, 0]
    assert families(found) == [0, 1, 2]
    assert similarity(found[0], found[1]) == 0.0
    assert families([]) == []


def test_a_file_keeps_its_songs_signature():
    again = read_midi(write_midi(FIRST))
    assert len(signature(again)) == SIZE
    assert np.array_equal(signature(again), signature(FIRST))
    assert signature(again).dtype == np.int64
    assert (signature(again) >= 0).all()


def test_the_estimate_is_near_the_true_share():
    """The share of equal minima against the Jaccard index of two sets, to four standard errors."""
    whole = [song(seed, ticks=480) for seed in (1, 2)]
    joined = _one_after_the_other(*whole)
    alone, both = set(_all_shingles(whole[0]).tolist()), set(_all_shingles(joined).tolist())
    share = len(alone & both) / len(alone | both)
    assert 0.3 < share < 0.7
    found = similarity(signature(whole[0]), signature(joined))
    assert abs(found - share) < 4 * np.sqrt(share * (1 - share) / SIZE)


def _all_shingles(one):
    return np.unique(np.concatenate([_shingles(one, t) for t in np.unique(one.track).tolist()]))


def _one_after_the_other(first, second):
    start = [first.start_tick, second.start_tick + first.last_tick + 960]
    end = [first.end_tick, second.end_tick + first.last_tick + 960]
    joined = {
        name: np.concatenate([getattr(first, name), getattr(second, name)])
        for name in ("pitch", "velocity", "program", "drum", "track")
    }
    at, until = np.concatenate(start), np.concatenate(end)
    return dataclasses.replace(
        first, start_tick=at, end_tick=until, start_s=at / 960, end_s=until / 960, **joined
    )
