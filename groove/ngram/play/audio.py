"""Grooves as sound: a song through a soundfont, at a level that no format clips.

What belongs here: from notes to a waveform, and to a file's bytes. What does not: the synthesizer
(:mod:`groove.midi.synth`), audio files in general (:mod:`groove.audio.waveform`).

Conventions
-----------
* The true peak is at most -1 dBTP (EBU R 128), also of what a lossy file decodes to: coding
  moves peaks, so the file is decoded and measured, and coded again more softly if it is over.
* What would be silent is an error: the soundfont lacks the sounds.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from groove.audio.waveform import (
    AudioError,
    AudioFormat,
    AudioLimits,
    Waveform,
    encode,
    read_audio,
    true_peak_dbtp,
)
from groove.midi.notes import Song
from groove.midi.synth import SoundfontError, render
from groove.midi.taxonomy import LABELS
from groove.ngram.play.isolated import render_isolated
from groove.ngram.play.render import Bar, song_of_bars

LIMIT_DBTP = -1.0
SAMPLE_RATE = 44_100
_TAIL_S = 1.0
_SILENT_PEAK = 1e-4
"""-80 dBFS: under the noise of 16 bits, dithered."""
_CODINGS = 4
_MARGIN_DB = 0.05
_RIFF_HEAD_BYTES = 12


def render_audio(
    song: Song | Sequence[Bar],
    tempo_bpm: float = 120.0,
    *,
    soundfont: Path | None = None,
    sample_rate: int = SAMPLE_RATE,
    normalise: bool = False,
    labels: Sequence[str] = LABELS,
) -> Waveform:
    """Return music as stereo sound of its length and one second of decay.

    Parameters
    ----------
    song
        A song, which has its own tempo, or bars of a groove.
    tempo_bpm
        Quarters a minute of bars.
    soundfont
        An SF2 file; by default the General MIDI one of :func:`groove.midi.synth.default_soundfont`.
    sample_rate
        Hz.
    normalise
        Bring the true peak up to -1 dBTP too; otherwise it is only brought down to it.
    labels
        What the bars' labels are, see :func:`groove.ngram.play.render.song_of_bars`.

    Raises
    ------
    groove.audio.waveform.AudioError
        Too long, or silent.
    groove.midi.synth.SoundfontError
        The file is no soundfont, or cannot be read.
    """
    if not isinstance(song, Song):
        song = song_of_bars(song, tempo_bpm, labels)
    _check_length(song, sample_rate)
    if soundfont is None:
        samples = render(song, None, sample_rate, tail_s=_TAIL_S)
    else:
        check_soundfont(soundfont)
        samples = render_isolated(song, soundfont, sample_rate, _TAIL_S)
    sound = Waveform(samples, sample_rate)
    if not np.isfinite(sound.samples).all():
        raise SoundfontError(f"{soundfont} is damaged: what it sounds like is no number")
    if float(np.abs(sound.samples).max(initial=0.0)) < _SILENT_PEAK:
        raise AudioError("nothing can be heard: the soundfont has no sounds for these notes")
    gain_db = LIMIT_DBTP - _MARGIN_DB - true_peak_dbtp(sound)
    return _louder(sound, gain_db) if normalise or gain_db < 0 else sound


def encoded(sound: Waveform, format: AudioFormat) -> bytes:  # noqa: A002  # the field's word
    """Return sound as a file whose decoded true peak is at most -1 dBTP.

    Parameters
    ----------
    sound
        What to write.
    format
        ``wav`` and ``flac`` (16 bits), ``ogg`` (Vorbis), ``mp3``.

    Raises
    ------
    groove.audio.waveform.AudioError
        The format cannot hold the sample rate, or the level cannot be kept.
    """
    for _ in range(_CODINGS):
        data = encode(sound, format)
        over_db = true_peak_dbtp(read_audio(data)) - LIMIT_DBTP
        if over_db <= 0:
            return data
        sound = _louder(sound, -over_db - _MARGIN_DB)
    raise AudioError(f"{format} does not keep its peak under {LIMIT_DBTP:g} dBTP")


def check_soundfont(path: Path) -> None:
    """Refuse a file that is no whole SF2 soundfont, before the synthesizer sees it.

    Raises
    ------
    groove.midi.synth.SoundfontError
        The message names the file and what is wrong.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(_RIFF_HEAD_BYTES)
    except OSError as error:
        raise SoundfontError(f"cannot read soundfont {path}: {error.strerror}") from error
    if head[:4] != b"RIFF" or head[8:12] != b"sfbk":
        raise SoundfontError(f"{path} is not an SF2 soundfont")
    if int.from_bytes(head[4:8], "little") + 8 > size:
        raise SoundfontError(f"{path} is a soundfont that was cut off: its end is missing")


def _check_length(song: Song, sample_rate: int) -> None:
    limits = AudioLimits()
    if not limits.min_sample_rate <= sample_rate <= limits.max_sample_rate:
        low, high = limits.min_sample_rate, limits.max_sample_rate
        raise AudioError(f"sample rate {sample_rate} Hz lies outside {low}..{high} Hz")
    # Two channels of four bytes.
    most_s = limits.max_decoded_bytes / 8 / sample_rate
    if song.duration_s + _TAIL_S > most_s:
        raise AudioError(
            f"{song.duration_s:,.0f} s long; at {sample_rate} Hz at most {most_s:,.0f} s are played"
        )


def _louder(sound: Waveform, gain_db: float) -> Waveform:
    return Waveform(sound.samples * np.float32(10 ** (gain_db / 20)), sound.sample_rate)
