"""`groove drums learn`: a transcriber from annotated music.

What belongs here: options and output. What does not: training
(:mod:`groove.drums.transcribe.learn`), reading the folder
(:mod:`groove.drums.transcribe.folder`).
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from groove.cli.refusal import reason, refusals
from groove.cli.settings import settings_of
from groove.cli.writing import write_whole

if TYPE_CHECKING:
    from groove.drums.transcribe.recordings import Recording
    from groove.drums.transcribe.spec import LevelSpec

_EXAMPLES = """
Examples:

  groove drums play --grooves midi/ --synthesised 40 --pieces 600 --out played

  groove drums learn played --out transcriber.safetensors --config configs/drums_transcriber.yaml

  groove drums learn played mine --from transcriber.safetensors --epochs 5 --out better.safetensors
"""
_STAGE = "drum_transcriber"


def learn(
    roots: Annotated[
        list[Path], typer.Argument(help="Annotated folders: audio/NAME.*, annotations/NAME.*")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="Model file to write (.safetensors)")],
    config: Annotated[
        Path | None, typer.Option(help="YAML of settings; none: the defaults")
    ] = None,
    epochs: Annotated[int, typer.Option(min=0, help="Passes at most; 0: as set")] = 0,
    start: Annotated[
        Path | None, typer.Option("--from", help="A transcriber to go on from")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on where a killed training stood")
    ] = False,
    cache: Annotated[
        Path | None, typer.Option(help="Folder for levels; none: beside the model file")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON")] = False,
) -> None:
    """Train a transcriber on recordings whose hits are known.

    Early stopping and thresholds see the validation recordings, figures are of the test ones (of
    the validation ones when there are none, and then their names say so). Each epoch is kept
    beside the model file.
    """
    from groove.core.digest import digest
    from groove.core.models import ModelError
    from groove.core.resuming import Checkpoint
    from groove.drums.transcribe.learn import figures, majority_of
    from groove.drums.transcribe.learn import learn as learn_from
    from groove.drums.transcribe.model import Transcriber
    from groove.drums.transcribe.spec import LevelSpec, TranscriberSpec

    with refusals():
        spec = settings_of(TranscriberSpec, _STAGE, config, {"epochs": epochs} if epochs else {})
        if not out.parent.is_dir():
            raise ModelError(f"{out.parent} is no folder to write {out.name} to")
        before = Transcriber.from_bytes(start.read_bytes()) if start is not None else None
        level = before.level if before is not None else LevelSpec()
        scratch = cache or out.parent / f"{out.name}.levels"
        sides, names = _recordings(roots, scratch, level)
        for side in ("train", "validation"):
            if not sides[side]:
                raise ModelError(f"no recording on the side {side!r}: add some, or an index.csv")
        identity = digest("drums learn", names, spec.model_dump_json(), level.model_dump_json())
        checkpoint = Checkpoint(out.parent / f"{out.name}.training.safetensors", identity)
        if not resume:
            checkpoint.path.unlink(missing_ok=True)
        started = time.monotonic()
        trained, fitted = learn_from(
            sides["train"],
            sides["validation"],
            spec,
            level,
            run=_Teller(),
            checkpoint=checkpoint,
            start=before,
        )
        judged = "test" if sides["test"] else "validation"
        found = figures(trained, sides[judged], judged, majority_of(sides["train"]))
        data = trained.to_bytes()
        write_whole(out, data)
        checkpoint.path.unlink(missing_ok=True)
    seconds = time.monotonic() - started
    found |= {"best_epoch": float(fitted.best_epoch), "train_seconds": seconds}
    if as_json:
        report = {"figures": found, "history": fitted.history, "thresholds": trained.thresholds}
        typer.echo(json.dumps(report, sort_keys=True))
    typer.echo(
        f"{out}: {len(data):,} bytes; F at 50 ms over classes on {judged} recordings "
        f"{found[f'{judged}_micro_f1']:.3f} (every rise as the commonest class "
        f"{found[f'{judged}_rise_micro_f1']:.3f}), in {seconds:.0f} s",
        err=True,
    )


def _recordings(
    roots: list[Path], cache: Path, level: LevelSpec
) -> tuple[dict[str, list[Recording]], list[tuple[str, str]]]:
    """Return the recordings of each side, and the names of all with their sides."""
    from groove.drums.transcribe.folder import pieces, recordings

    sides: dict[str, list[Recording]] = {"train": [], "validation": [], "test": []}
    names: list[tuple[str, str]] = []
    for root in roots:
        for piece, found in recordings(pieces(root), cache, level):
            if isinstance(found, Exception):
                typer.echo(f"left out: {piece.audio}: {reason(found)}", err=True)
                continue
            sides[piece.split].append(found)
            names.append((piece.name, piece.split))
    return sides, names


class _Teller:
    """A tracker's run that tells each epoch on standard error."""

    id = ""

    def log(self, figures: Mapping[str, float], step: int) -> None:
        """Tell the losses of an epoch."""
        told = ", ".join(
            f"{name.replace('_', ' ')} {value:.4f}"
            for name, value in sorted(figures.items())
            if name.endswith("_loss")
        )
        typer.echo(f"epoch {step + 1}: {told}", err=True)

    def model(self, name: str, files: Mapping[str, bytes]) -> None:
        """Keep nothing: the command writes the model."""

    def file(self, path: str, data: bytes) -> None:
        """Keep nothing."""


learn.__doc__ = (learn.__doc__ or "") + _EXAMPLES
