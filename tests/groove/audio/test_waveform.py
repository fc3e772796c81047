"""Audio files in and out, hostile files, fades, resampling and level."""

import io
import struct

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from groove.audio.waveform import (
    AudioError,
    AudioLimits,
    Waveform,
    encode,
    fade,
    normalise_rms,
    read_audio,
    resample,
    rms_dbfs,
    true_peak_dbtp,
)
from groove.midi.notes import song_from_notes
from groove.midi.synth import render

RATE = 44_100


def tone(seconds=1.0, rate=RATE, hz=440.0, peak=0.5, channels=2):
    wave = peak * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate)
    return Waveform(np.tile(wave.astype(np.float32), (channels, 1)), rate)


@pytest.mark.parametrize(
    ("format_", "subtype", "error"),
    [
        ("wav", None, 2**-15),
        ("flac", None, 2**-15),
        ("wav", "PCM_24", 2**-23),
        ("flac", "PCM_24", 2**-23),
        ("wav", "FLOAT", 0.0),
        ("ogg", None, 0.03),
        ("mp3", None, 0.03),
    ],
)
def test_what_is_written_is_read_back(format_, subtype, error):
    wave = tone()
    again = read_audio(encode(wave, format_, subtype))
    assert again.sample_rate == RATE
    assert again.samples.shape == wave.samples.shape
    assert again.samples.dtype == np.float32
    assert np.abs(again.samples - wave.samples).max() <= error * 1.01


@pytest.mark.parametrize("format_", ["wav", "flac"])
def test_lossless_formats_give_the_same_bytes(format_):
    assert encode(tone(), format_) == encode(tone(), format_)


def test_soundfile_reads_our_channels_in_order():
    wave = Waveform(np.array([[0.5] * 100, [-0.25] * 100], dtype=np.float32), RATE)
    frames, _ = soundfile.read(io.BytesIO(encode(wave, "wav")))
    np.testing.assert_allclose(frames[0], [0.5, -0.25], atol=1e-4)


def test_long_ogg_is_written_in_blocks():
    noise = np.random.default_rng(0).uniform(-0.1, 0.1, (1, 40 * 22_050)).astype(np.float32)
    assert read_audio(encode(Waveform(noise, 22_050), "ogg")).duration_s == 40.0


def test_mp3_has_no_holes():
    # Drum hits in silence: a decoder that seeks (soundfile does, after each call) loses the bits
    # that the encoder saved up for the next hit.
    rng = np.random.default_rng(1)
    starts = np.flatnonzero(rng.random(64) < 0.5) / 4
    pitch = rng.choice([36, 38, 42], len(starts))
    song = song_from_notes(starts, 0.2, pitch, 100, 0, True, [(0, 120)], [(0, 4, 4)])
    wave = Waveform(render(song, sample_rate=RATE)[:, : 7 * RATE], RATE)
    decoded = read_audio(encode(wave, "mp3")).samples
    error, level = (
        np.square(x.mean(axis=0)).reshape(70, -1).mean(axis=1)
        for x in (decoded - wave.samples, wave.samples)
    )
    assert (error < 0.25 * level + 1e-6).all()


def test_clipping_is_refused_except_in_float():
    loud = tone(peak=1.5)
    with pytest.raises(AudioError, match=r"peak 1\.\d+ would clip"):
        encode(loud, "wav")
    assert np.abs(read_audio(encode(loud, "wav", "FLOAT")).samples).max() > 1.4


def test_unknown_subtype_is_refused():
    with pytest.raises(AudioError, match="cannot write flac/VORBIS"):
        encode(tone(), "flac", "VORBIS")


def header_only(frames, rate=RATE, channels=1):
    size = frames * channels * 2
    form = struct.pack("<HHIIHH", 1, channels, rate, rate * channels * 2, channels * 2, 16)
    return (
        b"RIFF"
        + struct.pack("<I", size + 36)
        + b"WAVEfmt "
        + struct.pack("<I", 16)
        + form
        + (b"data" + struct.pack("<I", size))
    )


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty file"),
        (b"this is text, not audio\n" * 50, "not a readable audio file: Format not recognised"),
        (encode(tone(0.1), "flac")[:60], "not a readable audio file|holds no samples"),
        (header_only(0), "holds no samples"),
        (header_only(1_000), "holds no samples"),
        (header_only(0) + b"\x00" * 100, "holds no samples"),
        (
            encode(Waveform(np.full((1, 9), np.nan, np.float32), RATE), "wav", "FLOAT"),
            "infinite or not a number",
        ),
        (
            encode(Waveform(np.full((1, 9), np.inf, np.float32), RATE), "wav", "FLOAT"),
            "infinite or not a number",
        ),
        (encode(tone(0.1, rate=2_000), "wav"), "sample rate 2000 Hz"),
    ],
)
def test_unusable_file_is_refused_with_a_reason(data, reason):
    with pytest.raises(AudioError, match=reason):
        read_audio(data)


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        (AudioLimits(max_seconds=0.5), "s long"),
        (AudioLimits(max_decoded_bytes=1_000), "MiB of samples"),
    ],
)
def test_limits_hold(limits, reason):
    with pytest.raises(AudioError, match=reason):
        read_audio(encode(tone(), "wav"), limits)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_corrupt_bytes_give_audio_or_an_audio_error(data):
    good = encode(tone(0.05), data.draw(st.sampled_from(["wav", "flac"])))
    broken = bytearray(good)
    for _ in range(data.draw(st.integers(1, 8))):
        broken[data.draw(st.integers(0, len(good) - 1))] = data.draw(st.integers(0, 255))
    try:
        wave = read_audio(bytes(broken[: data.draw(st.integers(0, len(good)))]))
    except AudioError:
        return
    assert wave.samples.size
    assert np.isfinite(wave.samples).all()


def test_resampling_keeps_time_and_level():
    wave = tone(rate=48_000, hz=1_000)
    down = resample(wave, 16_000)
    assert down.samples.shape == (2, 16_000)
    ideal = tone(rate=16_000, hz=1_000).samples
    assert np.abs(down.samples - ideal)[:, 200:-200].max() < 1e-3
    assert resample(wave, 48_000) is wave


def test_mono_is_the_mean_of_the_channels():
    wave = Waveform(np.array([[1.0, 0.0], [0.0, 0.5]], dtype=np.float32), RATE)
    assert wave.mono().tolist() == [0.5, 0.25]
    assert wave.channels == 2


def test_fade_is_a_raised_cosine():
    faded = fade(np.ones((2, 1_000), dtype=np.float32), 1_000, 0.1, 0.2)
    np.testing.assert_allclose(faded[0, [0, 50, 100, 799]], [0, 0.5, 1, 1], atol=1e-6)
    np.testing.assert_allclose(faded[1, [899, 999]], [0.5, 0.0], atol=1e-2)
    # A fade in and the same fade out, overlapped, sum to one.
    rise = fade(np.ones(1_000, dtype=np.float32), 1_000, 1.0, 0.0)
    np.testing.assert_allclose(rise[1:] + rise[:0:-1], 1.0, atol=1e-6)


def test_fades_longer_than_the_sound_share_it():
    faded = fade(np.ones(100, dtype=np.float32), 1_000, 0.3, 0.1)
    assert faded[0] == 0
    assert faded[-1] == 0
    assert np.argmax(faded) in range(70, 80)
    assert fade(np.zeros(0, dtype=np.float32), 1_000, 0.1, 0.1).shape == (0,)


def test_rms_level_is_reached_where_the_peak_allows():
    assert rms_dbfs(normalise_rms(tone(), -14.0)) == pytest.approx(-14.0, abs=1e-3)


def test_true_peak_limits_the_gain():
    clicks = np.zeros((1, RATE), dtype=np.float32)
    clicks[0, ::4_000] = 0.5
    loud = normalise_rms(Waveform(clicks, RATE), -14.0, limit_dbtp=-1.0)
    assert true_peak_dbtp(loud) == pytest.approx(-1.0, abs=0.01)
    assert rms_dbfs(loud) < -20


def test_silence_stays_silence():
    silence = Waveform(np.zeros((2, 100), dtype=np.float32), RATE)
    assert not normalise_rms(silence, -14.0).samples.any()
