"""Sound starts where the notes do, and is as loud as it may be."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from groove.audio.waveform import AudioError, Waveform, read_audio, true_peak_dbtp
from groove.midi.notes import song_from_notes
from groove.midi.synth import SoundfontError, default_soundfont
from groove.ngram.play.audio import LIMIT_DBTP, encoded, render_audio
from groove.ngram.play.render import Bar

RATE = 22_050


def onsets_s(sound: Waveform) -> np.ndarray:
    """Return where the level jumps: frames of 2 ms, four times as loud as the 20 ms before."""
    size = RATE // 500
    mono = sound.mono()
    level = np.sqrt(np.mean(mono[: len(mono) // size * size].reshape(-1, size) ** 2, axis=1))
    before = np.array([level[max(0, i - 10) : i].max(initial=0.0) for i in range(len(level))])
    jumps = np.flatnonzero((level > 0.01) & (level > 4 * before))
    first = np.diff(jumps, prepend=-100) > 20
    return jumps[first] * size / RATE


def test_sound_starts_where_the_midi_says() -> None:
    # Claves decay in some 50 ms: each stroke is a jump of its own.
    beats = [0.5, 1.0, 2.25, 3.0, 4.5, 5.02]
    song = song_from_notes(beats, 0.1, 75, 100, 0, True, [(0, 100), (4, 60)], [(0, 4, 4)])
    found = onsets_s(render_audio(song, sample_rate=RATE))
    assert len(found) == len(beats)
    np.testing.assert_allclose(found, song.start_s, atol=0.006)


def test_bars_are_played_at_the_tempo_given() -> None:
    steps = np.array([0, 8])
    bar = Bar(4, 4, 4.0, 4, steps, np.array([0, 0]), np.array([100, 100]), np.zeros(2))
    slow, fast = (render_audio([bar, bar], bpm, sample_rate=RATE) for bpm in (60.0, 120.0))
    assert slow.duration_s - 1 == pytest.approx(2 * (fast.duration_s - 1), rel=0.01)


@pytest.mark.parametrize("normalise", [False, True])
def test_a_loud_chord_stays_under_the_limit(normalise: bool) -> None:
    keys = np.arange(35, 60)
    song = song_from_notes(np.zeros(25), 1, keys, 127, 0, True, [(0, 120)], [(0, 4, 4)])
    peak = true_peak_dbtp(render_audio(song, sample_rate=RATE, normalise=normalise))
    assert LIMIT_DBTP - 0.2 < peak <= LIMIT_DBTP


def test_only_normalising_makes_it_louder() -> None:
    song = song_from_notes([0.0], 1, 42, 20, 0, True, [(0, 120)], [(0, 4, 4)])
    as_it_is = render_audio(song, sample_rate=RATE)
    louder = render_audio(song, sample_rate=RATE, normalise=True)
    assert true_peak_dbtp(as_it_is) < -10
    assert true_peak_dbtp(louder) == pytest.approx(LIMIT_DBTP, abs=0.1)
    np.testing.assert_array_equal(as_it_is.samples, render_audio(song, sample_rate=RATE).samples)


def test_what_a_lossy_file_decodes_to_is_under_the_limit_too() -> None:
    random = np.random.default_rng(1)
    noise = np.sign(random.standard_normal((2, RATE))).astype(np.float32) * 0.8
    for format_ in ("ogg", "mp3"):
        data = encoded(Waveform(noise, RATE), format_)  # type: ignore[arg-type]  # of a list
        assert true_peak_dbtp(read_audio(data)) <= LIMIT_DBTP


def test_long_ogg_files_are_written() -> None:
    tone = np.sin(np.arange(RATE * 90) * 0.1).astype(np.float32) * 0.5
    sound = read_audio(encoded(Waveform(tone[None], RATE), "ogg"))
    assert sound.duration_s == pytest.approx(90, abs=0.01)


def test_silence_and_endless_songs_are_refused(tmp_path: Path) -> None:
    unheard = song_from_notes([0.0], 1, 3, 100, 0, True, [(0, 120)], [(0, 4, 4)])
    with pytest.raises(AudioError, match="nothing can be heard"):
        render_audio(unheard)
    endless = song_from_notes([0, 50_000], 1, 36, 100, 0, True, [(0, 120)], [(0, 4, 4)])
    with pytest.raises(AudioError, match="at most"):
        render_audio(endless)
    with pytest.raises(AudioError, match="sample rate"):
        render_audio(dataclasses.replace(unheard), sample_rate=10)
    font = tmp_path / "font.sf2"
    font.write_bytes(b"RIFF\x04\x00\x00\x00sfbk")
    with pytest.raises(SoundfontError, match="not an SF2"):
        render_audio(unheard, soundfont=font)


def test_a_soundfont_of_the_user_sounds_the_same_from_a_process_of_its_own(tmp_path: Path) -> None:
    song = song_from_notes([0, 0.5], 0.2, [36, 38], 100, 0, True, [(0, 120)], [(0, 4, 4)])
    font = tmp_path / "mine.sf2"
    font.write_bytes(default_soundfont().read_bytes())
    mine = render_audio(song, soundfont=font, sample_rate=RATE)
    np.testing.assert_array_equal(mine.samples, render_audio(song, sample_rate=RATE).samples)


def test_a_soundfont_that_kills_the_synthesizer_is_an_error(tmp_path: Path) -> None:
    song = song_from_notes([0, 0.5], 0.2, [36, 38], 100, 0, True, [(0, 120)], [(0, 4, 4)])
    data = bytearray(default_soundfont().read_bytes())
    at = data.rindex(b"inst")
    size = int.from_bytes(data[at + 4 : at + 8], "little")
    for record in range(at + 8, at + 8 + size - 22, 22):
        # Where an instrument's zones begin: far behind the last one.
        data[record + 20 : record + 22] = b"\xf0\xff"
    font = tmp_path / "deadly.sf2"
    font.write_bytes(data)
    with pytest.raises(SoundfontError, match=r"deadly\.sf2"):
        render_audio(song, soundfont=font, sample_rate=RATE)
