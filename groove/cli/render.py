"""`groove render`: MIDI files as sound, through a soundfont.

What belongs here: options, batches and output. What does not: rendering
(:mod:`groove.ngram.play.audio`).
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast, get_args

import typer

from groove.cli.refusal import reason, refusals
from groove.cli.writing import write_whole

if TYPE_CHECKING:
    from groove.audio.waveform import AudioFormat

_EXAMPLES = """
Examples:

  groove render funk.mid --out funk.wav

  groove sample --bars 8 --seed 1 | groove render - --out groove.ogg --normalise

  groove render *.mid --out-dir sounds --format flac --soundfont kit.sf2
"""
_MAX_INPUT_BYTES = 20_000_000


class RenderError(ValueError):
    """Options that make no sense together. The message says what to give."""


def render(
    files: Annotated[list[Path], typer.Argument(help="MIDI files; - is standard input")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="File: .wav, .flac, .ogg or .mp3")
    ] = None,
    out_dir: Annotated[
        Path | None, typer.Option(help="Folder for several files, named after their MIDI files")
    ] = None,
    format: Annotated[  # noqa: A002  # the option's name
        str | None, typer.Option(help="Format below --out-dir: wav, flac, ogg or mp3")
    ] = None,
    soundfont: Annotated[Path | None, typer.Option(help="SF2 file to play with")] = None,
    use_default_sf2: Annotated[
        bool,
        typer.Option(
            "--use-default-sf2", help="Play with the General MIDI soundfont (the default)"
        ),
    ] = False,
    sample_rate: Annotated[int, typer.Option(min=8000, max=192_000, help="Hz")] = 44_100,
    normalise: Annotated[
        bool,
        typer.Option("--normalise", "--normalize", help="Bring the true peak up to -1 dBTP too"),
    ] = False,
) -> None:
    """Render MIDI files to audio; the true peak is at most -1 dBTP."""
    with refusals():
        jobs = _jobs(files, out, out_dir, format)
        if soundfont is not None and use_default_sf2:
            raise RenderError("give --soundfont or --use-default-sf2, not both")
    failed = 0
    for source, target in jobs:
        try:
            seconds = _render(source, target, soundfont, sample_rate, normalise=normalise)
        except (ValueError, OSError) as error:
            failed += 1
            typer.echo(f"{source}: {reason(error)}", err=True)
        else:
            typer.echo(f"{target}: {seconds:.1f} s", err=True)
    if failed:
        raise typer.Exit(2)


def _jobs(
    files: list[Path], out: Path | None, out_dir: Path | None, wanted: str | None
) -> list[tuple[Path, Path]]:
    """Return (MIDI file, audio file) pairs; refuse what could not be written before any work."""
    if (out is None) == (out_dir is None):
        raise RenderError("give --out FILE for one file, or --out-dir FOLDER for several")
    if out is not None:
        if len(files) != 1:
            raise RenderError(f"--out is one file; {len(files)} MIDI files need --out-dir")
        if wanted is not None and out.suffix.lower() != f".{_format(wanted)}":
            raise RenderError(f"--format {wanted} is not what {out.name} ends with")
        _format(out.suffix.lower().removeprefix("."))
        targets = [out]
    elif out_dir is not None:
        suffix = _format(wanted or "wav")
        targets = [out_dir / f"{_stem(file)}.{suffix}" for file in files]
        if twice := sorted({t.name for t in targets if targets.count(t) > 1}):
            raise RenderError(f"several files would become {', '.join(twice)}: rename them")
        if out_dir.exists() and not out_dir.is_dir():
            raise RenderError(f"{out_dir} is no folder")
    for folder in {target.parent for target in targets}:
        if out_dir is None and not folder.is_dir():
            raise RenderError(f"{folder} is no folder to write {targets[0].name} to")
    return list(zip(files, targets, strict=True))


def _stem(file: Path) -> str:
    return "stdin" if str(file) == "-" else file.stem


def _format(name: str) -> AudioFormat:
    from groove.audio.waveform import AudioFormat

    known = get_args(AudioFormat)
    if name.lower() not in known:
        raise RenderError(f"no audio format {name!r}: a file ends with .{', .'.join(known)}")
    return cast("AudioFormat", name.lower())


def _render(
    source: Path, target: Path, soundfont: Path | None, sample_rate: int, *, normalise: bool
) -> float:
    """Render one file; return its length in seconds."""
    from groove.midi.notes import read_midi
    from groove.ngram.play.audio import encoded, render_audio

    song = read_midi(_read(source))
    sound = render_audio(song, soundfont=soundfont, sample_rate=sample_rate, normalise=normalise)
    data = encoded(sound, _format(target.suffix.removeprefix(".")))
    target.parent.mkdir(parents=True, exist_ok=True)
    write_whole(target, data)
    return sound.duration_s


def _read(source: Path) -> bytes:
    if str(source) == "-":
        return sys.stdin.buffer.read(_MAX_INPUT_BYTES + 1)
    with source.open("rb") as file:
        # One byte more than is read: the reader then says what the limit is.
        return file.read(_MAX_INPUT_BYTES + 1)


render.__doc__ = (render.__doc__ or "") + _EXAMPLES
