"""Input files of a run: found below one folder, hashed as they are read.

What belongs here: which paths may be opened, and limits. What does not: what is in a file
(:mod:`groove.readiness.run.lines`).

Conventions
-----------
* A path in a configuration, a manifest or a session is relative, with ``/``, and stays below the
  root: absolute ones, ``..`` and links that lead outside are refused.
* A path that the user typed is theirs to choose: it is handed over as *trusted*.
"""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath, PureWindowsPath

import numpy as np
from numpy.typing import NDArray

from groove.core.digest import digest, sha256

MAX_LINE_BYTES = 1_000_000
MAX_TABLE_BYTES = 2_000_000_000
MAX_FILE_BYTES = 16_000_000
MAX_AUDIO_BYTES = 600_000_000


class InputError(ValueError):
    """An input that cannot be used; the message says which, where and why."""


class MissingError(InputError):
    """An input that is not there."""


@dataclass(frozen=True)
class Sound:
    """What two audio files are compared by: hash of the decoded samples, signature."""

    content: str
    signature: NDArray[np.float32]


@dataclass
class Root:
    """The folder that inputs lie in.

    Parameters
    ----------
    folder
        Nothing outside it is opened, but for what is trusted.
    trusted
        Paths as the user typed them.
    """

    folder: Path
    trusted: Collection[str] = ()
    digests: dict[str, str] = field(default_factory=dict)
    _sounds: dict[str, Sound] = field(default_factory=dict)

    def path(self, name: str) -> Path:
        """Return where an input is.

        Raises
        ------
        MissingError
            If it is not there.
        InputError
            If it is outside the root, or no regular file.
        """
        if name in self.trusted:
            found = Path(name)
        else:
            confined(name)
            found = self.folder / name
        try:
            real = found.resolve(strict=True)
            kind = real.stat().st_mode
        except FileNotFoundError as error:
            raise MissingError(f"{name}: not there; make it, or correct the path") from error
        except (OSError, RuntimeError, ValueError) as error:
            raise InputError(f"{name[:200]!r}: no usable path") from error
        if name not in self.trusted and not real.is_relative_to(self.folder.resolve()):
            raise InputError(f"{name}: leads outside {self.folder}")
        if not stat.S_ISREG(kind):
            raise InputError(f"{name}: no regular file")
        return real

    def read(self, name: str, most: int = MAX_FILE_BYTES) -> bytes:
        """Return a file's content.

        Raises
        ------
        InputError
            As :meth:`path`, or if it is larger than ``most``.
        """
        path = self.path(name)
        size = path.stat().st_size
        if size > most:
            raise InputError(f"{name}: {size:,} bytes; at most {most:,} are read")
        data = path.read_bytes()
        self.digests[name] = sha256(data)
        return data

    def lines(self, name: str) -> Iterator[tuple[int, bytes]]:
        """Yield (line number from 1, line) of a JSONL file, blank lines left out.

        Raises
        ------
        InputError
            As :meth:`path`, or if the file or a line is too large.
        """
        path = self.path(name)
        size = path.stat().st_size
        if size > MAX_TABLE_BYTES:
            raise InputError(f"{name}: {size:,} bytes; at most {MAX_TABLE_BYTES:,} are read")
        sink = hashlib.sha256()
        with path.open("rb") as file:
            number = 0
            while line := file.readline(MAX_LINE_BYTES + 1):
                number += 1
                if len(line) > MAX_LINE_BYTES:
                    raise InputError(f"{name}, line {number}: over {MAX_LINE_BYTES:,} bytes")
                sink.update(line)
                if line.strip():
                    yield number, line
        self.digests[name] = sink.hexdigest()

    def words(self, name: str) -> list[str]:
        """Return the lines of a small text file; blank ones and ``# comments`` left out."""
        try:
            text = self.read(name).decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise InputError(f"{name}: not UTF-8 text") from error
        listed = (line.partition("#")[0].strip() for line in text.splitlines())
        return [line for line in listed if line]

    def sounds(self, names: Collection[str]) -> dict[str, Sound]:
        """Return what the audio files ``names`` are compared by.

        Raises
        ------
        InputError
            If one is not there or no audio.
        """
        found = {name: self._sound(name) for name in sorted(names)}
        if found:
            contents = {name: sound.content for name, sound in found.items()}
            self.digests[f"{len(found)} audio files"] = digest(contents)
        return found

    def _sound(self, name: str) -> Sound:
        if name not in self._sounds:
            from groove.audio.signature import signature
            from groove.audio.waveform import read_audio

            path = self.path(name)
            if path.stat().st_size > MAX_AUDIO_BYTES:
                raise InputError(f"{name}: over {MAX_AUDIO_BYTES:,} bytes")
            try:
                heard = read_audio(path.read_bytes())
            except ValueError as error:
                raise InputError(f"{name}: {error}") from error
            content = digest(heard.samples, heard.sample_rate)
            marks = signature(heard.mono(), heard.sample_rate)
            self._sounds[name] = Sound(content, marks)
        return self._sounds[name]


def confined(name: str) -> str:
    """Return a relative path that does not climb.

    Raises
    ------
    InputError
        If it is absolute, has ``..``, a backslash or a NUL, or is too long.
    """
    path = PurePosixPath(name)
    if (
        not name
        or len(name) > 1000
        or path.is_absolute()
        or ".." in path.parts
        or "\\" in name
        or "\0" in name
        or PureWindowsPath(name).drive
    ):
        raise InputError(f"{name[:200]!r}: paths are relative and stay below the root")
    return name
