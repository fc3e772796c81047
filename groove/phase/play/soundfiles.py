"""Audio files of any length, a block at a time; and a file with clicks on its beats.

What belongs here: long files in little memory. What does not: short sounds
(:mod:`groove.audio.waveform`).
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

import numpy as np
import soundfile
from numpy.typing import NDArray

from groove.audio.waveform import AudioError
from groove.phase.play.beats import Beats
from groove.phase.play.tracker import MAX_SAMPLE_RATE, MIN_SAMPLE_RATE

Samples = NDArray[np.float32]

MAX_SECONDS = 4 * 3600.0
MAX_CHANNELS = 64
CLICK_FORMATS = {
    ".wav": ("WAV", "PCM_16"),
    ".flac": ("FLAC", "PCM_16"),
    ".ogg": ("OGG", "VORBIS"),
    ".mp3": ("MP3", "MPEG_LAYER_III"),
}
_BLOCK_FRAMES = 65_536
#: Loudest sample of a file with clicks; a lossy coding adds to what it is given.
_PEAK = 0.95
_LOSSY_PEAK = 0.7
_CLICK_S = 0.03
#: Frequency in Hz and level of the click on a beat, and of that on a downbeat.
_BEAT_CLICK = (1000.0, 0.35)
_DOWNBEAT_CLICK = (1600.0, 0.6)


class _Onward(soundfile.SoundFile):  # type: ignore[misc]  # soundfile ships no types
    """A file that is only read forward.

    After each block soundfile seeks to where it is anyway, and seeking makes an MP3 lose what it
    carries from frame to frame.
    """

    def seekable(self) -> bool:
        """Return no, so that nothing seeks."""
        return False


class SoundReader:
    """An audio file, read once from its start, in blocks ``(channels, n)``.

    Raises
    ------
    AudioError
        If it is no audio, has no samples, or is too long; the message names the file.
    OSError
        If it cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.seconds = 0.0
        #: Largest finite sample so far.
        self.peak = 0.0
        with path.open("rb") as file:
            if not file.read(1):
                raise AudioError(f"{path}: empty file; give a WAV, FLAC, OGG or MP3 file")
        try:
            self._file = _Onward(str(path))
        except (RuntimeError, TypeError) as error:  # soundfile's own errors are RuntimeErrors
            raise AudioError(
                f"{path} is not audio that can be read ({_reason(error)}); "
                "give a WAV, FLAC, OGG or MP3 file"
            ) from error
        self.sample_rate = int(self._file.samplerate)
        self.channels = int(self._file.channels)
        try:
            self._check()
        except AudioError:
            self._file.close()
            raise

    def _check(self) -> None:
        if not MIN_SAMPLE_RATE <= self.sample_rate <= MAX_SAMPLE_RATE:
            raise AudioError(
                f"{self.path}: sample rate {self.sample_rate} Hz lies outside "
                f"{MIN_SAMPLE_RATE}..{MAX_SAMPLE_RATE} Hz; convert it first"
            )
        if self.channels > MAX_CHANNELS:
            raise AudioError(f"{self.path}: {self.channels} channels; {MAX_CHANNELS} at most")
        if self._file.frames == 0:
            raise AudioError(f"{self.path} holds no samples")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def blocks(self) -> Iterator[Samples]:
        """Yield the samples.

        Raises
        ------
        AudioError
            If the file is damaged, or goes on for more than four hours.
        """
        frames = 0
        while True:
            try:
                block = self._file.read(_BLOCK_FRAMES, dtype="float32", always_2d=True)
            except RuntimeError as error:
                raise AudioError(
                    f"{self.path} is damaged after {self.seconds:.1f} s: {_reason(error)}"
                ) from error
            if not len(block):
                break
            frames += len(block)
            self.seconds = frames / self.sample_rate
            if self.seconds > MAX_SECONDS:
                raise AudioError(
                    f"{self.path} is longer than {MAX_SECONDS / 3600:g} hours; cut it first"
                )
            finite = np.abs(block[np.isfinite(block)])
            self.peak = max(self.peak, float(finite.max(initial=0.0)))
            yield cast("Samples", block.T)
        if not frames:
            raise AudioError(f"{self.path} holds no samples")


def write_clicks(source: Path, beats: Beats, peak: float, target: Path, suffix: str) -> None:
    """Write the sound of ``source`` with a click on each beat, a higher one on downbeats.

    Both are turned down together as far as it takes that nothing can clip.

    Parameters
    ----------
    source
        The audio.
    beats
        Where the clicks go; those after the end are left out.
    peak
        Largest sample of the audio.
    target
        The file to write; its folder is there.
    suffix
        Which of :data:`CLICK_FORMATS`.

    Raises
    ------
    AudioError
        If the source cannot be read, or its rate not be written in that format.
    OSError
        If the target cannot be written.
    """
    kind, subtype = CLICK_FORMATS[suffix]
    with SoundReader(source) as reader:
        rate = reader.sample_rate
        sounds = {True: _click(*_DOWNBEAT_CLICK, rate), False: _click(*_BEAT_CLICK, rate)}
        most = _PEAK if subtype == "PCM_16" else _LOSSY_PEAK
        gain = min(1.0, most / (peak + _DOWNBEAT_CLICK[1]))
        starts = np.rint(beats.time_s * rate).astype(np.int64)
        accents = beats.number == 1
        channels = min(reader.channels, 2)
        with target.open("wb") as file, _writer(file, rate, channels, kind, subtype) as out:
            at = 0
            for block in reader.blocks():
                mixed = np.nan_to_num(block[:channels], nan=0.0, posinf=0.0, neginf=0.0)
                length = mixed.shape[1]
                _mix(mixed, at, starts, accents, sounds)
                out.write((mixed * np.float32(gain)).T)
                at += length


def check_clicks(suffix: str, rate: int, channels: int) -> None:
    """Refuse a format that cannot hold the audio, before any work.

    Raises
    ------
    AudioError
        If it cannot.
    """
    kind, subtype = CLICK_FORMATS[suffix]
    with _writer(io.BytesIO(), rate, min(channels, 2), kind, subtype):
        pass


def _writer(file: Any, rate: int, channels: int, kind: str, subtype: str) -> Any:
    try:
        return soundfile.SoundFile(file, "w", rate, channels, subtype, format=kind)
    except RuntimeError as error:
        raise AudioError(
            f"{kind} cannot hold {rate} Hz ({_reason(error)}); write .wav instead"
        ) from error


def _mix(
    block: Samples,
    at: int,
    starts: NDArray[np.int64],
    accents: NDArray[np.bool_],
    sounds: dict[bool, Samples],
) -> None:
    """Add the clicks that sound in a block that begins at sample ``at``, in place."""
    length = len(sounds[True])
    first, last = np.searchsorted(starts, [at - length, at + block.shape[1]], side="left")
    for start, accent in zip(
        starts[first:last].tolist(), accents[first:last].tolist(), strict=True
    ):
        begin, end = max(start, at), min(start + length, at + block.shape[1])
        if begin < end:
            block[:, begin - at : end - at] += sounds[accent][begin - start : end - start]


def _click(hz: float, level: float, rate: int) -> Samples:
    time = np.arange(round(_CLICK_S * rate)) / rate
    sound = np.sin(2 * np.pi * hz * time) * np.exp(-time / 0.006) * level
    return np.asarray(sound, dtype=np.float32)


def _reason(error: Exception) -> str:
    """Return libsndfile's reason without the file's name, which the message has."""
    return str(error).rpartition(": ")[2].rstrip(".") or type(error).__name__
