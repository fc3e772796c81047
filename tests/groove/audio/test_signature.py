"""Copies are found through codecs, rates, gains and padding; neighbours are not taken for copies."""

import numpy as np
import pytest

from groove.audio.signature import LENGTH, same_content, signature
from groove.audio.waveform import Waveform, encode, read_audio, resample
from groove.midi.notes import song_from_notes
from groove.midi.synth import render, render_hit

RATE = 44_100


def signed(wave):
    return signature(wave.mono(), wave.sample_rate)


def hit(note, kit=0, velocity=100):
    return Waveform(render_hit(kit, note, velocity, 0.6, RATE), RATE)


def loop(seed, extra=()):
    """Four bars of drums over one chord."""
    rng = np.random.default_rng(seed)
    start = np.flatnonzero(rng.random(64) < 0.5) / 4
    pitch = rng.choice([36, 38, 42], len(start))
    start, pitch = np.append(start, extra), np.append(pitch, np.full(len(extra), 38))
    drum = np.append(np.ones(len(start), dtype=bool), [False] * 3)
    start, pitch = np.append(start, [0, 0, 0]), np.append(pitch, [45, 52, 57])
    length = np.where(drum, 0.2, 16.0)
    song = song_from_notes(start, length, pitch, 100, 0, drum, [(0, 120)], [(0, 4, 4)])
    return Waveform(render(song, sample_rate=RATE)[:, : 8 * RATE], RATE)


def copies(wave):
    quiet = Waveform(wave.samples * np.float32(0.2), wave.sample_rate)
    padded = np.pad(wave.samples, ((0, 0), (777, 5_000)))
    return {
        "gain": quiet,
        "rate": resample(wave, 22_050),
        "padding": Waveform(padded, wave.sample_rate),
        "ogg": read_audio(encode(wave, "ogg")),
        "mp3": read_audio(encode(wave, "mp3")),
        "flac": read_audio(encode(quiet, "flac", "PCM_24")),
        "mono": Waveform(wave.mono()[None], wave.sample_rate),
    }


SOUNDS = {
    "kick": hit(36),
    "snare": hit(38),
    "cymbal": hit(49),
    "drum loop": loop(1),
}


@pytest.mark.parametrize("name", SOUNDS)
def test_copies_are_one_recording(name):
    wave = SOUNDS[name]
    for kind, copy in copies(wave).items():
        assert same_content([signed(wave), signed(copy)]) == [0, 0], kind


def test_different_hits_stay_apart():
    # These kits of the soundfont have samples of their own for these notes.
    waves = [hit(note, kit) for note in (36, 38, 42, 45) for kit in (0, 25)]
    waves += [hit(note) for note in (40, 46, 49, 51)]
    assert same_content([signed(wave) for wave in waves]) == list(range(len(waves)))


def test_two_noise_bursts_of_one_envelope_stay_apart():
    envelope = np.exp(-np.arange(RATE // 2) / 4_000)
    bursts = [envelope * np.random.default_rng(s).standard_normal(RATE // 2) * 0.2 for s in (1, 2)]
    waves = [Waveform(burst[None].astype(np.float32), RATE) for burst in bursts]
    assert same_content([signed(wave) for wave in waves]) == [0, 1]


def test_loops_from_one_kit_stay_apart():
    loops = [loop(seed) for seed in range(6)]
    assert same_content([signed(wave) for wave in loops]) == list(range(6))


def test_a_fill_makes_another_loop():
    plain, filled = loop(1), loop(1, extra=np.arange(15, 16, 0.125))
    assert plain.duration_s == filled.duration_s
    assert same_content([signed(plain), signed(filled)]) == [0, 1]


def test_another_length_is_another_sound():
    wave = loop(2)
    half = Waveform(wave.samples[:, : 4 * RATE], RATE)
    assert same_content([signed(wave), signed(half)]) == [0, 1]


def test_clusters_are_numbered_by_first_appearance_whatever_the_lengths():
    kick, long = signed(hit(36)), signed(loop(3))
    assert same_content([long, kick, long, kick]) == [0, 1, 0, 1]
    assert same_content([]) == []


def test_silences_of_any_length_are_one_thing():
    silences = [signature(np.zeros(n, dtype=np.float32), 16_000) for n in (0, 10, 50_000)]
    assert same_content([*silences, signed(hit(36))]) == [0, 0, 0, 1]
    assert all(len(one) == LENGTH and np.isfinite(one).all() for one in silences)


def test_signature_of_another_version_is_refused():
    with pytest.raises(ValueError, match="another version"):
        same_content([np.zeros(10, dtype=np.float32)])
