"""`groove phase apply`: bar phase, beats and clicks of an audio file.

What belongs here: options, files and a summary. What does not: the phase
(:mod:`groove.phase.play`).
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from groove.cli.phase_outputs import OutputError, check_outputs
from groove.cli.refusal import refusals
from groove.cli.writing import write_whole
from groove.core.files import mode_of, written_aside

if TYPE_CHECKING:
    from groove.phase.play.beats import Beats
    from groove.phase.play.estimates import Estimates
    from groove.phase.play.tracker import PhaseTracker

_EXAMPLES = """
Causal: a row for a time depends on no sound after it. With --anticipation A, the phases of the row
at t are those of t + A, and a beat is known A before it falls; time_s stays t. With --offline the
whole file is looked at first: better, and not causal.

Examples:

  groove phase apply song.mp3

  groove phase apply song.wav --csv song.csv --anticipation 0.25

  groove phase apply song.flac --beats song.beats --click song-click.wav --offline
"""


@dataclass(frozen=True)
class _Heard:
    """What was found in a file."""

    rows: Estimates
    beats: Beats
    seconds: float
    peak: float
    tracker: PhaseTracker


def apply(
    audio: Annotated[Path, typer.Argument(help="Audio file: WAV, FLAC, OGG, MP3 …")],
    csv: Annotated[
        Path | None, typer.Option(help="File for one row per 20 ms, the first at 0.02 s")
    ] = None,
    beats: Annotated[
        Path | None, typer.Option(help="File for `time<TAB>beat in bar` lines; 1 = downbeat")
    ] = None,
    jams: Annotated[Path | None, typer.Option(help="File for beats and tempo as JAMS")] = None,
    click: Annotated[
        Path | None, typer.Option(help="File for the audio with clicks: .wav .flac .ogg .mp3")
    ] = None,
    anticipation: Annotated[
        float, typer.Option(help="How far ahead the phases are, 0 to 0.5 s")
    ] = 0.0,
    model: Annotated[
        Path | None, typer.Option(help="ONNX file; none: GROOVE_PHASE_MODEL, or the released one")
    ] = None,
    offline: Annotated[
        bool, typer.Option("--offline", help="Look ahead: use the whole file for every row")
    ] = False,
) -> None:
    """Tell where in the bar an audio file is, every 20 ms."""
    outputs = {"--csv": csv, "--beats": beats, "--jams": jams, "--click": click}
    started = time.perf_counter()
    with refusals():
        check_outputs({"the audio": audio, "the model": model or audio}, outputs)
        heard = _hear(audio, model, anticipation, click, offline=offline)
        taken_s = time.perf_counter() - started
        summary = _summary(audio, heard, taken_s)
        _write(audio, heard, outputs, _about(heard, anticipation, offline=offline))
    if offline:
        typer.echo("--offline: every row has looked ahead to the end of the file", err=True)
    typer.echo(summary, err=any(outputs.values()))


def _hear(
    audio: Path, model: Path | None, anticipation: float, click: Path | None, *, offline: bool
) -> _Heard:
    from groove.audio.waveform import AudioError
    from groove.phase.play.beats import beats_of
    from groove.phase.play.estimates import joined
    from groove.phase.play.soundfiles import CLICK_FORMATS, SoundReader, check_clicks
    from groove.phase.play.tracker import PhaseTracker

    if click is not None and click.suffix.lower() not in CLICK_FORMATS:
        raise OutputError(f"--click {click}: a file ends with {', '.join(CLICK_FORMATS)}")
    with SoundReader(audio) as sound:
        if click is not None:
            check_clicks(click.suffix.lower(), sound.sample_rate, sound.channels)
        tracker = PhaseTracker(model, anticipation, sound.sample_rate)
        rows = joined([tracker.push(block) for block in sound.blocks()])
        if not len(rows):
            raise AudioError(f"{audio} is {sound.seconds:.3f} s long; the first row is at 0.02 s")
        if offline:
            from groove.phase.play.smoothing import smoothed

            rows = smoothed(rows, tracker.file, anticipation)
        found = beats_of(rows, anticipation).until(sound.seconds)
        return _Heard(rows, found, sound.seconds, sound.peak, tracker)


def _about(heard: _Heard, anticipation: float, *, offline: bool) -> dict[str, Any]:
    return {
        "model": str(heard.tracker.file.info.get("model_id", "")),
        "anticipation_s": anticipation,
        "causal": not offline,
    }


def _write(
    audio: Path, heard: _Heard, outputs: dict[str, Path | None], about: dict[str, Any]
) -> None:
    from groove.phase.play.formats import beats_text, csv_of, jams_text
    from groove.phase.play.soundfiles import write_clicks

    # All are made before the first is written.
    texts: list[tuple[Path, str]] = []
    if path := outputs["--csv"]:
        texts.append((path, csv_of(heard.rows)))
    if path := outputs["--beats"]:
        texts.append((path, beats_text(heard.beats)))
    if path := outputs["--jams"]:
        text = jams_text(heard.beats, heard.rows, heard.seconds, audio.stem, about)
        texts.append((path, text))
    for path, text in texts:
        write_whole(path, text.encode())
    if path := outputs["--click"]:
        target = path.resolve()
        with written_aside(target, mode_of(target)) as aside:
            write_clicks(audio, heard.beats, heard.peak, aside, path.suffix.lower())


def _summary(audio: Path, heard: _Heard, taken_s: float) -> str:
    import numpy as np

    from groove.phase.play.formats import median_tempo

    minutes, seconds = divmod(heard.seconds, 60)
    parts = [f"{audio}: {minutes:.0f} min {seconds:.1f} s"]
    tempo, _ = median_tempo(heard.rows)
    if np.isfinite(tempo):
        parts.append(f"{tempo:.1f} beats a minute")
    counted = np.bincount(heard.rows.beats_per_bar)
    if counted[1:].any():
        usual = int(counted[1:].argmax()) + 1
        parts.append(f"{usual} beats a bar ({counted[usual] / len(heard.rows):.0%} of the time)")
    parts += [
        f"{len(heard.beats)} beats, {int((heard.beats.number == 1).sum())} downbeats",
        f"mean confidence {heard.rows.confidence.mean():.2f}",
        f"{heard.seconds / max(taken_s, 1e-9):.0f} × real time",
    ]
    return "; ".join(parts)


apply.__doc__ = (apply.__doc__ or "") + _EXAMPLES
