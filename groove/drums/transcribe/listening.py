"""Recordings of any length, transcribed a piece at a time.

What belongs here: long files in little memory, and the beatmap of a file. What does not: finding
hits in a piece, choosing what finds them (:mod:`groove.drums.transcribe.choice`).

A piece is heard with some seconds of what is before and after it; hits are kept from the piece
itself alone, so each is found once. A song is one piece.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from groove.audio.downmix import energies, louder
from groove.audio.waveform import AudioError, AudioLimits, Waveform
from groove.drums.beatmap import Audio, Beatmap, Hit

MAX_SECONDS = 3 * 3600.0
MAX_CHANNELS = 64
_PIECE_S, _AROUND_S = 300.0, 10.0
_BLOCK_FRAMES = 1 << 18
_LIMITS = AudioLimits()
#: Audio of no length has no hits; shorter than this is most likely a damaged file.
SHORTEST_S = 0.01

Transcribe = Callable[[Waveform], Beatmap]


@dataclass(frozen=True)
class Piece:
    """Part of a recording.

    Parameters
    ----------
    heard
        Its sound, with what is around it; mono: the mean of the channels, or the louder one where
        they cancel each other (:mod:`groove.audio.downmix`), the same in all pieces.
    start_s
        Where ``heard`` starts in the recording.
    from_s, until_s
        The piece itself, in the recording; the last one has no end.
    """

    heard: Waveform
    start_s: float
    from_s: float
    until_s: float


class _Onward(soundfile.SoundFile):  # type: ignore[misc]  # soundfile ships no types
    """A file that is only read forward.

    After each block soundfile seeks to where it is anyway, and seeking makes an MP3 lose what it
    carries from frame to frame.
    """

    def seekable(self) -> bool:
        """Return no, so that nothing seeks."""
        return False


def transcribe_file(path: Path, transcribe: Transcribe, about: dict[str, Any]) -> Beatmap:
    """Return the beatmap of an audio file.

    Parameters
    ----------
    path
        The file.
    transcribe
        What finds hits in a waveform.
    about
        What the beatmap says of how it was made.

    Raises
    ------
    AudioError
        If it is no audio, too long, or holds what is no number; the message names it.
    OSError
        If it cannot be read.
    """
    hits: list[Hit] = []
    duration_s = 0.0
    for piece in pieces(path):
        duration_s = piece.start_s + piece.heard.duration_s
        for hit in transcribe(piece.heard).hits:
            at = hit.time_s + piece.start_s
            if piece.from_s <= at < piece.until_s:
                hits.append(hit.model_copy(update={"time_s": round(at, 6)}))
    plain = path.name if path.name.isprintable() and len(path.name) <= 255 else None
    audio = Audio(file=plain, sha256=_hash(path), duration_s=round(duration_s, 6))
    return Beatmap(audio=audio, hits=hits, about=about)


def pieces(path: Path, max_seconds: float = MAX_SECONDS) -> Iterator[Piece]:
    """Yield the pieces of an audio file, in order.

    Raises
    ------
    AudioError, OSError
        As :func:`transcribe_file` does.
    """
    with path.open("rb") as raw:  # says what is wrong with a path better than libsndfile
        if not raw.read(1):
            raise AudioError(f"{path}: empty file")
    try:
        with _Onward(str(path)) as file:
            _check(path, file, max_seconds)
            channel = _channel(path, max_seconds) if file.channels > 1 else None
            yield from _cut(path, file, max_seconds, channel)
    except RuntimeError as error:  # soundfile's own errors
        reason = str(error).rpartition(": ")[2] or type(error).__name__
        raise AudioError(f"{path}: not a readable audio file: {reason}") from error


def rate_of(path: Path) -> int | None:
    """Return the sample rate of an audio file, Hz; None where it is none that can be read."""
    try:
        return int(soundfile.info(str(path)).samplerate)
    except RuntimeError:  # soundfile's own errors
        return None


def _check(path: Path, file: soundfile.SoundFile, max_seconds: float) -> None:
    rate, channels = file.samplerate, file.channels
    if not _LIMITS.min_sample_rate <= rate <= _LIMITS.max_sample_rate:
        low, high = _LIMITS.min_sample_rate, _LIMITS.max_sample_rate
        raise AudioError(f"{path}: sample rate {rate} Hz lies outside {low}..{high} Hz")
    if channels > MAX_CHANNELS:
        raise AudioError(f"{path}: {channels} channels; the limit is {MAX_CHANNELS}")
    _check_length(path, file.frames, rate, max_seconds)


def _check_length(path: Path, frames: int, rate: int, max_seconds: float) -> None:
    if frames > max_seconds * rate:
        hours, limit = frames / rate / 3600, max_seconds / 3600
        raise AudioError(
            f"{path}: {hours:.1f} hours long; the limit is {limit:g} hours: cut it into parts"
        )


def _channel(path: Path, max_seconds: float) -> int | None:
    """Return the channel to hear instead of the mean of all: known once all is read."""
    with _Onward(str(path)) as file:
        mean, each, count = 0.0, np.zeros(file.channels), 0
        for block in _blocks(path, file):
            count += len(block)
            _check_length(path, count, file.samplerate, max_seconds)
            of_mean, of_each = energies(block.T)
            mean, each = mean + of_mean, each + of_each
    return louder(mean, each)


def _cut(
    path: Path, file: soundfile.SoundFile, max_seconds: float, channel: int | None
) -> Iterator[Piece]:
    rate = int(file.samplerate)
    piece, around = round(_PIECE_S * rate), round(_AROUND_S * rate)
    kept: NDArray[np.float32] = np.zeros(0, dtype=np.float32)
    start = begin = 0  # of what is kept, and of the piece to come, in samples
    for block in _blocks(path, file):
        one = block.mean(axis=1) if channel is None else block[:, channel]
        kept = np.concatenate([kept, one.astype(np.float32, copy=False)])
        _check_length(path, start + len(kept), rate, max_seconds)
        # The rest must be worth a piece of its own, or a song would end in a stump.
        while start + len(kept) >= begin + piece + 2 * around:
            end = begin + piece
            heard = Waveform(kept[None, : end + around - start], rate)
            yield Piece(heard, start / rate, begin / rate, end / rate)
            begin = end
            kept = kept[max(begin - around, 0) - start :].copy()
            start = max(begin - around, 0)
    if start + len(kept) < SHORTEST_S * rate:
        raise AudioError(f"{path}: holds {start + len(kept)} samples, which is no recording")
    yield Piece(Waveform(kept[None], rate), start / rate, begin / rate, np.inf)


def _blocks(path: Path, file: soundfile.SoundFile) -> Iterator[NDArray[np.float32]]:
    """Yield the samples of a file, ``(n, channels)`` at a time."""
    while True:
        block = file.read(_BLOCK_FRAMES, dtype="float32", always_2d=True)
        if not len(block):
            return
        if not np.isfinite(block).all():
            raise AudioError(f"{path}: holds samples that are infinite or not a number")
        yield block


def _hash(path: Path) -> str:
    digest = sha256()
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()
