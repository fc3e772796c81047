"""An annotated folder of played grooves: recordings whose hits are known, with sides and licences.

::

    OUT/audio/play0_00017.flac          stereo, 44,100 Hz
    OUT/annotations/play0_00017.txt     time, label, velocity of each hit
    OUT/annotations/play0_00017.bsm     the same as a beatmap; says what was played on what
    OUT/index.csv                       piece, groove, kit, licence, split and more, a row per piece
    OUT/quarantine.csv                  files that could not be used, and why
    OUT/settings.json                   what it was made with

A piece's audio is written last, each file whole: what has audio is finished. Asked for again with
the same settings, the work goes on where it was.

Conventions
-----------
* Grooves are split by who plays them: the first folder below the root, or the file itself where
  there is none. A piece joins a groove, a kit and a song of one side.

What belongs here: drawing pieces, and their files. What does not: sound
(:mod:`~groove.drums.kitplayer.player`, :mod:`~groove.drums.kitplayer.mix`), options.
"""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from groove.audio.waveform import Waveform, encode
from groove.core.digest import digest, seed_of, sha256
from groove.core.files import write_whole
from groove.core.inputs import MIDI_SUFFIXES
from groove.core.splits import SPLITS, assign
from groove.drums.beatmap import Audio, Beatmap, Hit, read_beatmap, to_bsm
from groove.drums.kitplayer.backing import backing
from groove.drums.kitplayer.kit import RATE, KitError, Samples
from groove.drums.kitplayer.kits import KitShelf
from groove.drums.kitplayer.mix import mixed
from groove.drums.kitplayer.player import play
from groove.drums.kitplayer.renders import joined
from groove.drums.kitplayer.spec import FolderSpec
from groove.drums.kitplayer.synthesised import LICENSE
from groove.drums.kitplayer.track import DrumTrack, track_of_song
from groove.midi.meter import main_tempo
from groove.midi.notes import MidiError, read_midi
from groove.midi.song import Song

VERSION = "1"
INDEX_COLUMNS = (
    "piece", "groove", "kit", "licence", "split", "backing", "level_db", "seconds", "hits",
)  # fmt: skip
_DRAWS = 12
_LEAST_HITS = 4
_LEAST_S = 2.0
_EVERY = 25
#: Within this ratio of tempos a groove is played at the tempo of the song under it.
_TEMPO_RATIO = 1.5


class FolderError(ValueError):
    """A folder that cannot be played from or written to; the message says why."""


@dataclass(frozen=True)
class MidiFolder:
    """MIDI files to play, and what they may be used for.

    Attributes
    ----------
    root
        Their folder.
    files
        Paths below it, in order.
    license
        Of all of them; "" is written as unknown.
    """

    root: Path
    files: tuple[str, ...]
    license: str

    def sides(self, held_out: float, salt: str) -> list[str]:
        """Return the side of each file: what is in one top folder is on one side."""
        groups = [name.partition("/")[0] for name in self.files]
        return assign(groups, held_out / 2, held_out / 2, f"{salt}")


@dataclass
class Report:
    """What became of the pieces: written now, there already, and files left out with why."""

    written: int = 0
    known: int = 0
    refused: dict[str, str] = field(default_factory=dict)


def midi_folder(root: Path, license: str = "") -> MidiFolder:  # noqa: A002  # the field's word
    """Return the MIDI files at any depth below a folder; links to elsewhere are not followed.

    Raises
    ------
    FolderError
        If there are none.
    OSError
        If it is no folder.
    """
    if not root.is_dir():
        raise NotADirectoryError(20, "is no folder", str(root))
    found: list[str] = []
    for base, folders, files in os.walk(root, followlinks=False):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found += [
            Path(base, name).relative_to(root).as_posix()
            for name in files
            if Path(name).suffix.lower() in MIDI_SUFFIXES and not Path(base, name).is_symlink()
        ]
    if not found:
        raise FolderError(f"{root}: no MIDI file (.mid) in it")
    return MidiFolder(root, tuple(sorted(found)), license)


class Player:
    """Draws and writes pieces.

    Parameters
    ----------
    out
        Folder to write to.
    grooves
        What is played.
    kits
        What it is played on.
    songs
        Music to play with; None: drums alone.
    soundfont
        That plays the music; None: the default one.
    spec
        All else.

    Raises
    ------
    FolderError
        If no side has both grooves and kits, or the folder holds pieces of other settings.
    """

    def __init__(
        self,
        out: Path,
        grooves: MidiFolder,
        kits: KitShelf,
        songs: MidiFolder | None,
        soundfont: Path | None,
        spec: FolderSpec,
    ) -> None:
        self.out, self.grooves, self.kits, self.songs = out, grooves, kits, songs
        self.soundfont, self.spec = soundfont, spec
        salt = str(spec.seed)
        self._grooves = _by_side(grooves.sides(spec.held_out, f"grooves {salt}"))
        self._kits = _by_side(kits.sides(spec.held_out, salt))
        self._songs = _by_side(songs.sides(spec.held_out, f"songs {salt}")) if songs else {}
        shares = {"train": 1 - spec.held_out}
        #: Side -> share of the pieces; sides without grooves or kits have none.
        self.sides = {
            side: shares.get(side, spec.held_out / 2)
            for side in SPLITS
            if self._grooves.get(side) and self._kits.get(side)
        }
        if not any(self.sides.values()):
            raise FolderError("no side of the split has both grooves and kits: give more of them")
        self.report = Report(refused=dict(kits.refused))
        self._settle()

    def pieces(self) -> Iterator[tuple[str, str | None]]:
        """Write the pieces that are not there; yield each one's name, and why there is none.

        Raises
        ------
        OSError
            If the folder cannot be written to.
        """
        try:
            for number in range(self.spec.pieces):
                name = f"play{self.spec.seed}_{number:05d}"
                if self._audio(name).is_file():
                    self.report.known += 1
                    continue
                problem = self._piece(name, number)
                if problem is None:
                    self.report.written += 1
                    if self.report.written % _EVERY == 0:
                        self._write_index()
                yield name, problem
        finally:
            self._write_index()

    def _piece(self, name: str, number: int) -> str | None:
        """Write one piece; what cannot be used is named, and another drawn."""
        problem = "nothing could be drawn"
        for attempt in range(_DRAWS):
            random = np.random.default_rng(seed_of("piece", self.spec.seed, number, attempt))
            sides = list(self.sides)
            chances = np.array([self.sides[side] for side in sides])
            side = sides[int(random.choice(len(sides), p=chances / chances.sum()))]
            try:
                self._write(name, side, random)
            except (MidiError, KitError, OSError) as error:
                problem = str(error)
                continue
            return None
        return problem

    def _write(self, name: str, side: str, random: np.random.Generator) -> None:
        spec = self.spec
        groove = self.grooves.files[int(random.choice(self._grooves[side]))]
        song_name, song = self._song(side, random)
        track, start, length, drums_of = self._drums(groove, song_name, song, random)
        kit = self.kits.kit(int(random.choice(self._kits[side])))
        seconds = length if song is not None else min(length, spec.seconds)
        sound = play(track, kit, spec, int(random.integers(2**31)), seconds=seconds)
        music = None if song is None else backing(song, start, seconds, self.soundfont)
        level = float(random.uniform(spec.softest_db, spec.loudest_db))
        sound = mixed(sound, music, level, spec.mix, int(random.integers(2**31)))
        lent = kit.borrowed & set(track.label)
        terms = [kit.license or "unknown", *([LICENSE] if lent else [])]
        if drums_of == groove:
            terms.append(self.grooves.license or "unknown")
        if self.songs is not None and song is not None:
            terms.append(self.songs.license or "unknown")
        about = {
            "groove": drums_of,
            "kit": kit.name,
            "licence": joined(terms),
            "split": side,
            "backing": song_name if music is not None else "",
            "level_db": round(level, 2) if music is not None else "",
            "seconds": round(sound.shape[1] / RATE, 3),
            "hits": len(track.time_s),
            "lent_labels": sorted(lent),
        }
        self._store(name, sound, track, about)

    def _song(self, side: str, random: np.random.Generator) -> tuple[str, Song | None]:
        """Return a song to play with, or none: some pieces are drums alone."""
        places = self._songs.get(side, [])
        if self.songs is None or not places or random.random() < self.spec.alone:
            return "", None
        name = self.songs.files[int(random.choice(places))]
        return name, self._read(self.songs.root, name)

    def _drums(
        self, groove: str, song_name: str, song: Song | None, random: np.random.Generator
    ) -> tuple[DrumTrack, float, float, str]:
        """Return the hits of an excerpt, its start in the song, its length, and whose they are."""
        spec = self.spec
        if song is not None and song.drum.any():
            _, track = track_of_song(song, "auto")
            length = min(spec.seconds, song.duration_s)
            start = float(random.uniform(0, max(0.0, song.duration_s - length)))
            return (
                _enough(track.between(start, start + length), song_name),
                start,
                length,
                song_name,
            )
        played = self._read(self.grooves.root, groove, drums=True)
        _, track = track_of_song(played, spec.mapping)
        if song is None:
            start = float(random.uniform(0, max(0.0, played.duration_s - spec.seconds)))
            track = track.between(start, start + spec.seconds)
            ring = float(track.time_s.max(initial=0.0)) + spec.tail_s
            return _enough(track, groove), 0.0, max(_LEAST_S, ring), groove
        ratio = main_tempo(played) / main_tempo(song)
        ratio = ratio if 1 / _TEMPO_RATIO < ratio < _TEMPO_RATIO else 1.0
        track = DrumTrack(track.time_s * ratio, track.label, track.velocity, track.variant)
        length = min(spec.seconds, song.duration_s, float(track.time_s.max(initial=0.0)) + 1.0)
        start = float(random.uniform(0, max(0.0, song.duration_s - length)))
        return _enough(track.between(0, length), groove), start, max(_LEAST_S, length), groove

    def _read(self, root: Path, name: str, *, drums: bool = False) -> Song:
        """Return a MIDI file as a song; a bad one is named in quarantine, and not read again."""
        known = f"{root.name}/{name}"
        if known in self.report.refused:
            raise MidiError(f"{known}: {self.report.refused[known]}")
        try:
            song = read_midi((root / name).read_bytes())
            if drums:
                _require_drums(song)
        except (MidiError, OSError) as error:
            self.report.refused[known] = str(error)
            raise MidiError(f"{known}: {error}") from error
        return song

    def _store(self, name: str, sound: Samples, track: DrumTrack, about: dict[str, Any]) -> None:
        wave = Waveform(sound, RATE)
        data = encode(wave, "flac", "PCM_16")
        times = np.round(track.time_s, 6).tolist()
        hits = [
            Hit(time_s=time, label=label, velocity=round(velocity, 4))
            for time, label, velocity in zip(
                times, track.label, track.velocity.tolist(), strict=True
            )
        ]
        audio = Audio(file=f"{name}.flac", sha256=sha256(data), duration_s=wave.duration_s)
        lines = [f"{hit.time_s:.6f}\t{hit.label}\t{hit.velocity}\n" for hit in hits]
        notes = self.out / "annotations"
        write_whole(notes / f"{name}.bsm", to_bsm(Beatmap(audio=audio, hits=hits, about=about)))
        write_whole(notes / f"{name}.txt", "".join(lines).encode())
        write_whole(self._audio(name), data)

    def _audio(self, name: str) -> Path:
        return self.out / "audio" / f"{name}.flac"

    def _settle(self) -> None:
        """Make the folder, or see that what is in it was made with these settings."""
        chosen = {
            "version": VERSION,
            "settings": self.spec.model_dump(mode="json", exclude={"pieces"}),
            "grooves": digest(list(self.grooves.files), self.grooves.license),
            "kits": digest([kit.name for kit in self.kits.given], self.kits.computed),
            "songs": digest(list(self.songs.files), self.songs.license) if self.songs else "",
            "soundfont": self.soundfont.name if self.soundfont else "",
        }
        data = (json.dumps(chosen, indent=1, sort_keys=True) + "\n").encode()
        path = self.out / "settings.json"
        if path.is_file() and path.read_bytes() != data:
            raise FolderError(
                f"{self.out} was made with other settings or files: give a folder of its own"
            )
        for below in ("audio", "annotations"):
            (self.out / below).mkdir(parents=True, exist_ok=True)
        write_whole(path, data)

    def _write_index(self) -> None:
        """Write what the finished pieces say of themselves."""
        rows: list[list[Any]] = []
        for path in sorted((self.out / "annotations").glob("*.bsm")):
            if self._audio(path.stem).is_file():
                about = read_beatmap(path).about
                rows.append([path.stem, *(about.get(name, "") for name in INDEX_COLUMNS[1:])])
        write_whole(self.out / "index.csv", _table(INDEX_COLUMNS, rows))
        if self.report.refused:
            refused = sorted(self.report.refused.items())
            write_whole(self.out / "quarantine.csv", _table(("file", "reason"), refused))


def _require_drums(song: Song) -> None:
    if not song.drum.any():
        raise MidiError("has no notes on channel 10, where drums are")


def _enough(track: DrumTrack, name: str) -> DrumTrack:
    if len(track.time_s) < _LEAST_HITS:
        raise KitError(f"{name}: fewer than {_LEAST_HITS} hits")
    return track


def _by_side(sides: Sequence[str]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for place, side in enumerate(sides):
        found.setdefault(side, []).append(place)
    return found


def _table(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue().encode()
