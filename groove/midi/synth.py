"""MIDI to audio through a soundfont, offline and sample-exact.

What belongs here: rendering a song or one hit with TinySoundFont. What does not: choosing
soundfonts and programs, effects, writing files (:mod:`groove.audio.waveform`).

Conventions
-----------
* Audio is ``float32``, shape ``(2, samples)``. A note sounds from sample
  ``round(start_s * sample_rate)``; before the first note there is exact silence.
* Drums play the soundfont's bank 128, whose programs are kits. A kit or program that the soundfont
  lacks falls back to the standard kit, or to the first program of its General MIDI family.
* The same song, soundfont and settings give the same bits.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

# The public class of tinysoundfont has 16 channels and needs a reload of the soundfont per use;
# the compiled class under it has as many channels as asked for, and clones share their samples.
from tinysoundfont._tinysoundfont import OutputMode, SoundFont

from groove.midi.notes import Song

Audio = NDArray[np.float32]

DRUM_BANK = 128
PEAK_LIMIT = 0.99
_BYTES_PER_FRAME = 8
_MAX_VOICES = 512
_RELEASE_S = 0.05


class SoundfontError(ValueError):
    """The file is no usable soundfont; the message says why."""


def default_soundfont() -> Path:
    """Return the General MIDI soundfont (TimGM6mb, 6 MB) that the pretty_midi package carries."""
    spec = importlib.util.find_spec("pretty_midi")
    if spec is None or spec.origin is None:
        raise SoundfontError("no soundfont given, and pretty_midi, which has one, is not installed")
    return Path(spec.origin).parent / "TimGM6mb.sf2"


def render(
    song: Song,
    soundfont: Path | None = None,
    sample_rate: int = 22_050,
    gain_db: float = -6.0,
    tail_s: float = 1.0,
) -> Audio:
    """Return the song as stereo audio of ``song.duration_s + tail_s`` seconds.

    Parameters
    ----------
    song
        What to play.
    soundfont
        An SF2 file; by default :func:`default_soundfont`.
    sample_rate
        Hz.
    gain_db
        Gain before the sum of all voices. A sum above full scale is scaled to a peak of 0.99.
    tail_s
        Seconds after the last note's end, for its release.

    Raises
    ------
    SoundfontError
        The soundfont cannot be read.
    """
    font = _fresh(soundfont, sample_rate, gain_db)
    groups = np.where(song.drum, DRUM_BANK, 0) + song.program
    # One channel per instrument: no limit of sixteen here.
    instruments, channels = np.unique(groups, return_inverse=True)
    for channel, instrument in enumerate(instruments.tolist()):
        _select(font, channel, drum=instrument >= DRUM_BANK, program=instrument % DRUM_BANK)
    starts = np.rint(song.start_s * sample_rate).astype(np.int64)
    ends = np.maximum(np.rint(song.end_s * sample_rate).astype(np.int64), starts + 1)
    # At one sample, what ends ends before what starts.
    at = np.concatenate([ends, starts])
    is_on = np.repeat([False, True], song.n)
    order = np.lexsort((is_on, at))
    columns = zip(
        at[order].tolist(),
        is_on[order].tolist(),
        np.tile(channels, 2)[order].tolist(),
        np.tile(song.pitch, 2)[order].tolist(),
        np.tile(song.velocity / 127.0, 2)[order].tolist(),
        strict=True,
    )
    audio = np.zeros((round((song.duration_s + tail_s) * sample_rate) + 1, 2), dtype=np.float32)
    view = memoryview(audio.data).cast("B")
    now = 0
    for sample, on, channel, pitch, level in columns:
        if sample > now:
            font.render(view[now * _BYTES_PER_FRAME : sample * _BYTES_PER_FRAME])
            now = sample
        if on:
            font.channel_note_on(channel, pitch, level)
        else:
            font.channel_note_off(channel, pitch)
    font.render(view[now * _BYTES_PER_FRAME :])
    return _limited(audio)


def render_hit(
    kit_program: int,
    note: int,
    velocity: int,
    seconds: float,
    sample_rate: int = 44_100,
    soundfont: Path | None = None,
) -> Audio:
    """Return one drum hit, held for its whole length, starting at sample 0.

    Parameters
    ----------
    kit_program
        The kit, a program of bank 128 (see :func:`drum_kits`).
    note, velocity
        General MIDI drum note, 0..127; 1..127.
    seconds
        Length.
    """
    font = _fresh(soundfont, sample_rate, 0.0)
    _select(font, 0, drum=True, program=kit_program)
    audio = np.zeros((round(seconds * sample_rate), 2), dtype=np.float32)
    font.channel_note_on(0, note, velocity / 127.0)
    font.render(memoryview(audio.data).cast("B"))
    return _limited(audio)


def render_hits(
    kit_program: int,
    hits: Sequence[tuple[int, int, float]],
    sample_rate: int = 44_100,
    soundfont: Path | None = None,
) -> list[Audio]:
    """Return drum hits, each held for its whole length, none sounding into another.

    One synthesizer plays all of them: many times faster than :func:`render_hit` for each. Levels
    are the soundfont's, and may exceed 1.

    Parameters
    ----------
    kit_program
        The kit, a program of bank 128 (see :func:`drum_kits`).
    hits
        ``(note, velocity, seconds)`` of each.
    """
    font = _fresh(soundfont, sample_rate, -6.0)
    _select(font, 0, drum=True, program=kit_program)
    found: list[Audio] = []
    rest = np.zeros((round(_RELEASE_S * sample_rate), 2), dtype=np.float32)
    for note, velocity, seconds in hits:
        audio = np.zeros((round(seconds * sample_rate), 2), dtype=np.float32)
        font.channel_note_on(0, note, velocity / 127.0)
        font.render(memoryview(audio.data).cast("B"))
        # Voices are let go at once, and what is left of them is thrown away.
        font.channel_sounds_off(0)
        font.render(memoryview(rest.data).cast("B"))
        found.append(np.ascontiguousarray(audio.T))
    return found


def drum_kits(soundfont: Path | None = None) -> list[tuple[int, str]]:
    """Return ``(program, name)`` of each drum kit in the soundfont, by program."""
    font = _loaded(soundfont or default_soundfont())
    kits = [p for p in range(128) if font.get_preset_index(DRUM_BANK, p) >= 0]
    return [(program, font.get_preset_name(DRUM_BANK, program)) for program in kits]


@lru_cache(maxsize=2)
def _loaded(path: Path) -> SoundFont:
    try:
        return SoundFont(path.read_bytes())
    except RuntimeError as error:
        raise SoundfontError(f"{path.name} is not an SF2 soundfont") from error


def _fresh(soundfont: Path | None, sample_rate: int, gain_db: float) -> SoundFont:
    """Return a silent synthesizer with its own voices and channels."""
    font = SoundFont(_loaded(soundfont or default_soundfont()))
    font.set_output(OutputMode.StereoInterleaved, sample_rate, gain_db)
    font.set_max_voices(_MAX_VOICES)
    return font


def _select(font: SoundFont, channel: int, *, drum: bool, program: int) -> None:
    family = program // 8 * 8
    wanted = [(DRUM_BANK, program), (DRUM_BANK, 0)] if drum else [(0, program), (0, family), (0, 0)]
    known = [font.get_preset_index(bank, number) for bank, number in wanted]
    index = next((index for index in known if index >= 0), None)
    if index is None:
        raise SoundfontError(f"the soundfont has no {'drum kit' if drum else 'melodic program'}")
    font.channel_set_preset_index(channel, index)


def _limited(audio: Audio) -> Audio:
    peak = float(np.max(np.abs(audio), initial=0.0))
    if peak > 1.0:
        audio *= np.float32(PEAK_LIMIT / peak)
    return np.ascontiguousarray(audio.T)
