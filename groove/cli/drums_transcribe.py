"""`groove drums transcribe`: songs in, beatmaps out.

What belongs here: options, files, a line per song. What does not: finding hits
(:mod:`groove.drums.transcribe`), forms of beatmaps (:mod:`groove.drums.beatmap_forms`).
"""

from __future__ import annotations

import inspect
import math
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from groove.cli.drums_sounds import SoundsError, audio_files, check_threshold, promoted
from groove.cli.phase_outputs import check_outputs
from groove.cli.refusal import reason, refusals
from groove.cli.writing import write_whole

if TYPE_CHECKING:
    from groove.drums.beatmap import Beatmap, Form
    from groove.drums.transcribe.choice import Ears

_EXAMPLES = """
Examples:

  groove drums transcribe song.mp3 -o song.bsm

  groove drums transcribe song.mp3 -o song.mid --csv song.csv

  groove drums transcribe album/ -o beatmaps/ --form jams

  groove drums transcribe song.wav --heuristics
"""
_SUFFIXES: dict[str, str] = {
    "bsm": ".bsm", "midi": ".mid", "mid": ".mid", "jams": ".jams", "csv": ".csv", "txt": ".txt",
}  # fmt: skip
#: Songs of at least this many seconds have their speed told.
_WORTH_TIMING_S = 60.0


def transcribe(
    audio: Annotated[
        list[Path], typer.Argument(metavar="AUDIO...", help="Audio files, folders of them")
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", help="File: .bsm .mid .jams .csv .txt; of several songs a folder"
        ),
    ] = None,
    csv: Annotated[
        Path | None,
        typer.Option(help="File for onset_s,label,velocity,confidence; of several a folder"),
    ] = None,
    form: Annotated[
        str, typer.Option(help="In a folder of --out: bsm, mid, jams, csv or txt")
    ] = "bsm",
    model: Annotated[
        Path | None,
        typer.Option(
            help="A transcriber's or a classifier's file; none: GROOVE_DRUM_MODEL, the promoted, "
            "the released one"
        ),
    ] = None,
    threshold: Annotated[
        float | None,
        typer.Option(help="Least confidence of a hit, above 0 to 1; none: as the model was set"),
    ] = None,
    heuristics: Annotated[
        bool,
        typer.Option("--heuristics", help="Use no model (also: GROOVE_DRUM_HEURISTICS=1)"),
    ] = False,
    offset: Annotated[
        float, typer.Option(help="Seconds added to every time, as for a cut from a longer piece")
    ] = 0.0,
) -> None:
    """Tell what the drums play in recordings.

    Without --out and --csv the CSV of one song is printed. What hears the song is said, and written
    into .bsm and .jams files. With the heuristic, confidence is how far an onset stands out; it
    is no probability.

    What cannot be used (no audio, over three hours) is named and left out; the exit code is then
    1, and 2 if nothing could be used.
    """
    from groove.drums.transcribe.choice import ears

    with refusals():
        _check_numbers(threshold, offset)
        songs = audio_files(audio)
        _check_form(form)
        several = len(songs) > 1 or any(path.is_dir() for path in audio)
        outputs = {"--out": out, "--csv": csv}
        targets = [_targets(song, outputs, form, several=several) for song in songs]
        _check(songs, targets, model, several=several)
        hearing = ears(model, heuristics=heuristics, promoted=promoted)
        typer.echo(f"heard by {hearing.name}", err=True)
        for folder in sorted({path.parent for each in targets for path in each.values()}):
            folder.mkdir(exist_ok=True)
        bad = 0
        for song, paths in zip(songs, targets, strict=True):
            try:
                _one(song, paths, hearing, threshold, offset)
            except (ValueError, OSError) as error:
                said = reason(error)
                typer.echo(said if str(song) in said else f"{song}: {said}", err=True)
                bad += 1
    if bad:
        raise typer.Exit(1 if bad < len(songs) else 2)


def _one(
    song: Path, paths: dict[str, Path], hearing: Ears, threshold: float | None, offset: float
) -> None:
    from groove.drums.beatmap import form_of
    from groove.drums.beatmap_forms import render
    from groove.drums.transcribe.listening import transcribe_file

    started = time.perf_counter()
    hearing = _for_rate(song, hearing)
    about = {**hearing.about, **({} if threshold is None else {"threshold": threshold})}
    found = transcribe_file(song, lambda heard: hearing.hear(heard, threshold), about)
    seconds = found.audio.duration_s or 0.0
    if offset:
        found = _moved(found, offset)
    for option, path in paths.items():
        form: Form = "csv" if option == "--csv" else form_of(path)
        write_whole(path, render(found, form))
    if not paths:
        typer.echo(render(found, "csv").decode(), nl=False)
    typer.echo(_summary(song, found, seconds, time.perf_counter() - started), err=True)


def _for_rate(song: Path, hearing: Ears) -> Ears:
    """Return what is to hear a song, and say what its sample rate leaves out."""
    from groove.drums.transcribe.choice import LEAST_HZ, for_rate
    from groove.drums.transcribe.listening import rate_of

    rate_hz = rate_of(song)
    if rate_hz is None or rate_hz >= LEAST_HZ:
        return hearing
    here = for_rate(hearing, rate_hz)
    by = "" if here is hearing else f"; heard by {here.name}"
    typer.echo(
        f"{song}: {rate_hz} Hz, nothing above {rate_hz // 2} Hz: cymbals and hi-hats cannot be "
        f"heard there, other drums badly{by}",
        err=True,
    )
    return here


def _moved(found: Beatmap, offset: float) -> Beatmap:
    """Return a beatmap with all times later by ``offset`` s; what falls before 0 is left out."""
    hits = [
        hit.model_copy(update={"time_s": round(hit.time_s + offset, 6)})
        for hit in found.hits
        if hit.time_s + offset >= 0
    ]
    # Its times are no longer those of the file.
    about = {**found.about, "offset_s": offset}
    return found.model_copy(update={"hits": hits, "about": about})


def _targets(
    song: Path, outputs: dict[str, Path | None], form: str, *, several: bool
) -> dict[str, Path]:
    """Return the files of one song, by option: those named, or those in the folders named."""
    paths = {}
    for option, path in outputs.items():
        if path is None:
            continue
        if several and path.is_file():
            raise SoundsError(f"{option} {path} is a file; of several songs it is a folder")
        suffix = ".csv" if option == "--csv" else _SUFFIXES[form]
        paths[option] = path / f"{song.stem}{suffix}" if several or path.is_dir() else path
    return paths


def _check(
    songs: Sequence[Path],
    targets: Sequence[dict[str, Path]],
    model: Path | None,
    *,
    several: bool,
) -> None:
    """Refuse outputs before any work: no folder, no form, a file that is read, two of one name."""
    from groove.drums.beatmap import form_of

    if several and not any(targets):
        raise SoundsError(f"{len(songs)} songs: name a folder with --out or --csv")
    sources = {f"the audio {song}": song for song in songs}
    if model is not None:
        sources["the model"] = model
    seen: dict[Path, str] = {}
    for song, paths in zip(songs, targets, strict=True):
        if "--out" in paths:
            form_of(paths["--out"])
        # A folder that several songs go to is made, in one that is there.
        made = {path for path in paths.values() if several and not path.parent.exists()}
        for path in made:
            if not path.parent.parent.is_dir():
                raise SoundsError(
                    f"{path.parent.parent} is no folder to make {path.parent.name} in"
                )
        check_outputs(sources, {o: path for o, path in paths.items() if path not in made})
        for option, path in paths.items():
            before = seen.setdefault(path.resolve(), f"{song} ({option})")
            if before != f"{song} ({option})":
                raise SoundsError(f"{before} and {song} ({option}) would both become {path}")


def _check_numbers(threshold: float | None, offset: float) -> None:
    check_threshold(threshold)
    if not math.isfinite(offset):
        raise SoundsError(f"--offset {offset}: give seconds")


def _check_form(form: str) -> None:
    if form not in _SUFFIXES:
        raise SoundsError(f"--form {form[:20]}: give bsm, mid, jams, csv or txt")


def _summary(song: Path, found: Beatmap, seconds: float, taken_s: float) -> str:
    from groove.midi.taxonomy import CLASSES, class_of

    minutes, rest = divmod(seconds, 60)
    counted = Counter(class_of(hit.label) for hit in found.hits)
    said = ", ".join(f"{counted[name]} {name}" for name in CLASSES if counted[name])
    # Of a short one, most of the time goes into getting ready.
    speed = f"; {seconds / taken_s:.0f} × real time" if seconds > _WORTH_TIMING_S else ""
    return (
        f"{song}: {minutes:.0f} min {rest:.1f} s; {len(found.hits)} hits"
        f"{f' ({said})' if said else ''}{speed}"
    )


transcribe.__doc__ = inspect.cleandoc(transcribe.__doc__ or "") + "\n" + _EXAMPLES
