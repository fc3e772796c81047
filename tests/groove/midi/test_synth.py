"""Rendering: sample-exact, deterministic, in tune, and honest about bad soundfonts."""

import numpy as np
import pytest

from groove.midi.notes import song_from_notes
from groove.midi.synth import SoundfontError, drum_kits, render, render_hit

RATE = 22_050


def song(start, pitch, drum, tempo=97.3, length=0.5, velocity=110, program=0):
    return song_from_notes(start, length, pitch, velocity, program, drum, [(0, tempo)], [(0, 4, 4)])


@pytest.mark.parametrize("pitch", [36, 38, 42, 46, 49])
def test_drum_hits_start_on_their_sample(pitch):
    piece = song([1, 2.37, 4.01, 6], pitch, True, length=0.2)
    audio = np.abs(render(piece, sample_rate=RATE)).max(axis=0)
    onsets = np.rint(piece.start_s * RATE).astype(int)
    assert not audio[: onsets[0]].any()
    loud = np.flatnonzero(audio > 0.01 * audio.max())[0]
    assert 0 <= loud - onsets[0] <= 0.002 * RATE
    # Every later hit raises the level within 5 ms of its sample.
    for onset in onsets[1:]:
        assert audio[onset : onset + 110].max() > 1.5 * audio[onset - 110 : onset].max()


def test_length_is_the_songs_and_the_tail():
    piece = song(0, 60, False, tempo=120, length=4)
    assert render(piece, sample_rate=RATE, tail_s=0.5).shape == (2, round(2.5 * RATE) + 1)


def test_repeats_are_bit_identical_and_independent_of_what_came_before():
    piece = song([0, 0.5, 1], [60, 64, 67], False)
    first = render(piece)
    render(song([0, 0.1], 38, True))
    render_hit(0, 49, 127, 0.5)
    np.testing.assert_array_equal(first, render(piece))
    assert first.dtype == np.float32


def test_pitch_is_right():
    audio = render(song(0, 69, False, tempo=60, length=2, program=80), sample_rate=RATE).mean(
        axis=0
    )
    part = audio[RATE // 2 : RATE // 2 + RATE]
    spectrum = np.abs(np.fft.rfft(part * np.hanning(RATE)))
    assert 435 <= np.argmax(spectrum[300:600]) + 300 <= 445


def test_every_part_has_its_own_program_beyond_sixteen_channels():
    twenty = song(np.arange(20), 60, False, program=np.arange(20), length=0.4)
    audio = render(twenty, sample_rate=RATE, gain_db=0.0)
    alone = render(song(19, 60, False, program=19, length=0.4), sample_rate=RATE, gain_db=0.0)
    onset = int(np.rint(twenty.start_s[19] * RATE))
    both = np.stack([audio[0, onset:], alone[0, onset:]])
    assert np.corrcoef(both)[0, 1] > 0.95


def test_velocity_makes_it_louder():
    quiet, loud = (np.abs(render_hit(0, 38, v, 0.3)).max() for v in (30, 120))
    assert loud > 3 * quiet > 0


def test_peak_above_full_scale_is_brought_down():
    keys = np.arange(30, 100)
    audio = render(song(np.zeros(70), keys, False, velocity=127, program=48), gain_db=12.0)
    assert 0.98 < np.abs(audio).max() <= 0.99


def test_kits_of_the_bundled_soundfont_sound_different():
    kits = drum_kits()
    assert kits[0] == (0, "Standard")
    assert len(kits) == 8
    sounds = {render_hit(program, 38, 100, 0.2).tobytes() for program, _ in kits}
    assert len(sounds) >= 5
    assert render_hit(0, 38, 100, 0.25, sample_rate=16_000).shape == (2, 4_000)


def test_missing_kit_plays_the_standard_kit():
    np.testing.assert_array_equal(render_hit(99, 38, 100, 0.2), render_hit(0, 38, 100, 0.2))


def test_file_that_is_no_soundfont_is_named(tmp_path):
    path = tmp_path / "broken.sf2"
    path.write_bytes(b"RIFF" + b"\x00" * 100)
    with pytest.raises(SoundfontError, match=r"broken\.sf2 is not"):
        render_hit(0, 38, 100, 0.2, soundfont=path)
