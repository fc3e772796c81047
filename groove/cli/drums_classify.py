"""`groove drums classify`: what one-shots are.

What belongs here: options, files, a row per file. What does not: the classifier
(:mod:`groove.drums.classify.model`).
"""

from __future__ import annotations

import csv as csv_files
import inspect
import io
import json
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from groove.cli.drums_sounds import audio_files, promoted
from groove.cli.phase_outputs import check_outputs
from groove.cli.refusal import reason, refusals
from groove.cli.writing import write_whole
from groove.midi.taxonomy import CLASSES

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from groove.drums.classify.model import DrumModel

_EXAMPLES = """
Examples:

  groove drums classify kick.wav snare.flac

  groove drums classify samples/ --csv samples.csv

  groove drums classify samples/ --json --model classifier.safetensors
"""
#: What rings longer is no single hit.
_MAX_SECONDS = 120.0
#: Below this a clip has no picture.
_SILENCE = 1e-6
_BATCH = 256
_SHOWN = 50


def classify(
    paths: Annotated[
        list[Path], typer.Argument(metavar="PATH...", help="Audio files, folders of them")
    ],
    csv: Annotated[Path | None, typer.Option(help="File for a row per file")] = None,
    model: Annotated[
        Path | None,
        typer.Option(help="A classifier's file; none: GROOVE_DRUM_MODEL, or the released one"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON")] = False,
) -> None:
    """Tell which drum each one-shot is.

    A row per file: file, a probability for each of the twelve classes (several may sound at once),
    label (the likeliest), known (false: probably none of these drums). Files stay in the order
    given, those of a folder by name. The first hit of a file counts.

    What cannot be used (no audio, silent, under 10 ms, over two minutes) is named and left out; the exit code
    is then 1, and 2 if nothing could be used.
    """
    from groove.drums.transcribe import choice

    with refusals():
        files = audio_files(paths)
        check_outputs(
            {str(path): path for path in [*files, *([model] if model else [])]}, {"--csv": csv}
        )
        chosen, name = choice.classifier(model, promoted=promoted)
        typer.echo(f"heard by {name}", err=True)
        if choice.heuristics_wanted():
            typer.echo(
                f"{choice.HEURISTICS_VARIABLE}: one-shots have no heuristic; the model is used",
                err=True,
            )
        bad: list[tuple[Path, str]] = []
        rows = list(_rows(chosen, files, bad))
        for path, why in bad[:_SHOWN]:
            typer.echo(f"left out {path}: {why}", err=True)
        if len(bad) > _SHOWN:
            typer.echo(f"left out {len(bad) - _SHOWN} more", err=True)
        if rows and csv is not None:
            write_whole(csv, _csv(rows).encode())
    if rows and as_json:
        typer.echo(json.dumps({"model": name, "classes": CLASSES, "files": rows}, indent=1))
    elif rows and csv is None:
        typer.echo(_csv(rows), nl=False)
    if bad:
        raise typer.Exit(1 if rows else 2)


def _rows(
    model: DrumModel, files: Iterable[Path], bad: list[tuple[Path, str]]
) -> Iterator[dict[str, Any]]:
    """Yield a row per usable file; put the others into ``bad``."""
    import numpy as np

    from groove.drums.classify.features import pictures

    left = iter(files)
    while batch := list(islice(left, _BATCH)):
        named: list[Path] = []
        clips: list[NDArray[np.float32]] = []
        for path in batch:
            try:
                clips.append(_clip(path, model))
            except (ValueError, OSError) as error:
                bad.append((path, reason(error).removeprefix(f"{path}: ")))
            else:
                named.append(path)
        if not clips:
            continue
        likely = model.probabilities(pictures(np.concatenate(clips), model.clip))
        for path, row, known in zip(named, likely, model.known(likely), strict=True):
            chances = dict(zip(model.classes, row.tolist(), strict=True))
            yield {
                "file": str(path),
                **{name: round(chances.get(name, 0.0), 6) for name in CLASSES},
                "label": max(CLASSES, key=lambda name: chances.get(name, 0.0)),
                "known": bool(known),
            }


def _clip(path: Path, model: DrumModel) -> NDArray[np.float32]:
    """Return the clip around a file's first hit, ``(1, clip samples)``."""
    import numpy as np

    from groove.audio.downmix import one_channel
    from groove.audio.waveform import AudioError, AudioLimits, Waveform, read_audio
    from groove.drums.classify.features import cut
    from groove.drums.corpus.events import onset
    from groove.drums.spec import EventSpec
    from groove.drums.transcribe.listening import SHORTEST_S

    wave = read_audio(path.read_bytes(), AudioLimits(max_seconds=_MAX_SECONDS))
    if wave.duration_s < SHORTEST_S:
        raise AudioError(f"{wave.duration_s * 1000:.1f} ms long, under {SHORTEST_S * 1000:.0f} ms")
    mono = one_channel(wave)
    if float(np.abs(mono).max(initial=0.0)) <= _SILENCE:
        raise AudioError("is silent")
    start_s = onset(mono, EventSpec().onset_share) / wave.sample_rate
    return cut(Waveform(mono[None], wave.sample_rate), np.array([start_s]), model.clip)


def _csv(rows: list[dict[str, Any]]) -> str:
    text = io.StringIO(newline="")
    table = csv_files.DictWriter(text, list(rows[0]), lineterminator="\n")
    table.writeheader()
    for row in rows:
        table.writerow({**row, "known": "true" if row["known"] else "false"})
    return text.getvalue()


classify.__doc__ = inspect.cleandoc(classify.__doc__ or "") + "\n" + _EXAMPLES
