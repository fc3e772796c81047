"""`groove phase view`: pictures of what was said of a recording, or of the pipeline's worst chunks.

What belongs here: options and files. What does not: drawing (:mod:`groove.plots.phase`), what is
drawn (:mod:`groove.phase.pictures`).
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from groove.cli.phase_outputs import OutputError, check_outputs
from groove.cli.refusal import refusals
from groove.cli.writing import write_whole

if TYPE_CHECKING:
    from groove.phase.judge.reference import Reference
    from groove.phase.play.estimates import Estimates
    from groove.phase.play.soundfiles import Samples

_EXAMPLES = """
Examples:

  groove phase view song.mp3 --out song.png

  groove phase view song.wav --beats song.beats --start 60 --seconds 20 --out song.png

  groove phase view --worst 6 --out pictures
"""
_LONGEST_S = 600.0


def view(
    audio: Annotated[Path | None, typer.Argument(help="Audio file; not with --worst")] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="PNG to write; with --worst a folder")
    ] = None,
    beats: Annotated[
        Path | None, typer.Option(help="True beats, `time<TAB>beat in bar`: shows the error")
    ] = None,
    worst: Annotated[
        int, typer.Option(min=0, max=1000, help="The so many worst chunks of phase_evaluation")
    ] = 0,
    start: Annotated[float, typer.Option(min=0, help="Where the picture begins, s")] = 0.0,
    seconds: Annotated[
        float, typer.Option(min=1, max=_LONGEST_S, help="How much it shows, s")
    ] = 30.0,
    anticipation: Annotated[
        float, typer.Option(help="How far ahead the phases are, 0 to 0.5 s")
    ] = 0.0,
    model: Annotated[
        Path | None, typer.Option(help="ONNX file; none: GROOVE_PHASE_MODEL, or the released one")
    ] = None,
) -> None:
    """Draw waveform, phases said and true, error and confidence."""
    with refusals():
        if out is None:
            raise OutputError("give --out FILE.png, or with --worst --out FOLDER")
        if (audio is None) == (worst == 0):
            raise OutputError("give an audio file, or --worst N for the pipeline's chunks")
        if audio is None:
            _draw_worst(worst, out)
        else:
            sources = {"the audio": audio, "the beats": beats or audio, "the model": model or audio}
            check_outputs(sources, {"--out": out})
            data = _drawn(audio, beats, (start, start + seconds), anticipation, model)
            write_whole(out, data)
            typer.echo(f"{out}: {audio.name}, {start:g} to {start + seconds:g} s", err=True)


def _drawn(
    audio: Path,
    beats: Path | None,
    span: tuple[float, float],
    anticipation: float,
    model: Path | None,
) -> bytes:
    from groove.phase.judge.ours import said_by
    from groove.phase.pictures import followed_of
    from groove.plots.phase import followed

    reference = None if beats is None else _reference(beats)
    samples, rate, rows = _heard(audio, span, anticipation, model)
    told = followed_of(reference, said_by(rows, anticipation))
    told = replace(told, time_s=told.time_s - span[0], bar_start_s=told.bar_start_s - span[0])
    title = f"{audio.name} from {span[0]:g} s"
    if anticipation:
        title += f", {anticipation:g} s ahead"
    return followed(samples, rate, told, title)


def _reference(path: Path) -> Reference:
    from groove.phase.judge.reference import BeatsError, read_beats

    try:
        return read_beats(path.read_text(encoding="utf-8"))
    except (BeatsError, UnicodeDecodeError) as error:
        raise BeatsError(f"{path}: {error}") from error


def _heard(
    audio: Path, span: tuple[float, float], anticipation: float, model: Path | None
) -> tuple[Samples, int, Estimates]:
    """Return the mono sound of a span, its rate, and the rows in it; all before it was heard."""
    import numpy as np

    from groove.audio.waveform import AudioError
    from groove.phase.play.estimates import joined
    from groove.phase.play.soundfiles import SoundReader
    from groove.phase.play.tracker import PhaseTracker, mono

    kept, parts, at = [], [], 0
    with SoundReader(audio) as sound:
        rate = sound.sample_rate
        tracker = PhaseTracker(model, anticipation, rate)
        begin, end = round(span[0] * rate), round(span[1] * rate)
        for block in sound.blocks():
            whole = mono(block)
            parts.append(tracker.push(whole))
            kept.append(whole[max(0, begin - at) : max(0, end - at)])
            at += len(whole)
            if at >= end:
                break
        if at <= begin:
            raise AudioError(f"{audio} is {sound.seconds:.1f} s long; --start {span[0]:g} is later")
    rows = joined(parts)
    first, last = np.searchsorted(rows.time_s, [span[0], span[1] + 1e-9]).tolist()
    return np.concatenate(kept), rate, rows[first:last]


def _draw_worst(count: int, folder: Path) -> None:
    from groove.cli.data import read_table
    from groove.phase.pictures import worst_chunks

    table = read_table("phase_evaluation")
    if folder.exists() and not folder.is_dir():
        raise OutputError(f"{folder} is no folder; with --worst --out is one")
    pictures = worst_chunks(table, _Blobs(), count)
    if not pictures:
        raise OutputError("phase_evaluation has no chunk of our network: nothing to draw")
    folder.mkdir(parents=True, exist_ok=True)
    for place, (title, data) in enumerate(pictures.items(), start=1):
        path = folder / f"worst_{place:03d}.png"
        write_whole(path, data)
        typer.echo(f"{path}: {title}", err=True)


class _Blobs:
    """The pipeline's blobs, to read."""

    def read(self, blob: str) -> bytes:
        from groove.cli.data import read_blob

        return read_blob(blob)

    def view(self, blob: str) -> memoryview:
        return memoryview(self.read(blob))

    def read_raw(self, path: str) -> NoReturn:
        raise OutputError(f"{path}: a picture needs no input file")

    def write(self, data: bytes, suffix: str) -> NoReturn:
        raise OutputError(f"a picture writes no blob ({len(data)} bytes of {suffix})")


view.__doc__ = (view.__doc__ or "") + _EXAMPLES
