"""What commands that train an n-gram model share, whatever the model plays.

What belongs here: from options to a model file and its figures. What does not: the options
(:mod:`groove.cli.train`, :mod:`groove.cli.percussion`), reading the folder
(:mod:`groove.cli.inventory`), fitting (:mod:`groove.ngram.language.training`).
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from groove.cli.inventory import read, rows_of, tempo_lines
from groove.cli.refusal import refusals
from groove.cli.writing import write_whole

if TYPE_CHECKING:
    from groove.ngram.corpus.alphabets import AlphabetName

_LOOPS: Mapping[AlphabetName, str] = {"drums": "drum loop", "percussion": "percussion"}
#: Grid of 16ths, for loops whose own is not to be found.
_SIXTEENTHS = [4]


def train_folder(
    root: Path,
    out: Path,
    *,
    alphabet: AlphabetName,
    auto_res: bool,
    settings: Mapping[str, Any],
    limits: Mapping[str, Any],
    counting: Mapping[str, Any],
    fitting: Mapping[str, Any],
    refit: bool = True,
    attribution: Sequence[str] = (),
    aux: Path | None = None,
    spill: Path | None = None,
    jobs: int = 0,
    tempo_verbose: bool = False,
    as_json: bool = False,
) -> None:
    """Train a model from a folder, write it, and say on standard error how it went.

    Parameters
    ----------
    root, out
        Folder of loops, and the model file to write.
    alphabet
        What the model is to play.
    auto_res
        Whether each loop's grid is found; otherwise it is that of 16ths.
    settings, limits, counting, fitting
        Fields of :class:`~groove.midi.spec.LoopIndexSpec`,
        :class:`~groove.ngram.spec.FolderSpec`, :class:`~groove.ngram.spec.NgramSpec` and
        :class:`~groove.ngram.spec.ModelSpec`.
    refit, attribution, spill
        As in :func:`groove.ngram.language.training.train_model`.
    aux, jobs
        As in :func:`groove.cli.inventory.read`.
    tempo_verbose
        Say what became of tempos.
    as_json
        Print the figures as JSON to standard output.

    Raises
    ------
    typer.Exit
        With 2, if an option, the folder or the aux map is wrong, or there is nothing to learn.
    """
    from groove.core.models import ModelError
    from groove.ngram.corpus.alphabets import ALPHABETS
    from groove.ngram.language.codec import pack
    from groove.ngram.language.training import train_model
    from groove.ngram.spec import EventSpec, ModelSpec, NgramSpec

    started = time.monotonic()
    with refusals():
        if not out.parent.is_dir():
            raise ModelError(f"{out.parent} is no folder to write {out.name} to")
        grids = {} if auto_res else {"resolutions": _SIXTEENTHS}
        events = EventSpec.model_validate({"alphabet": alphabet, **grids})
        folder = read(root, settings, limits, events=events, aux=aux, jobs=jobs)
        if tempo_verbose:
            typer.echo("\n".join(tempo_lines(rows_of(folder.loops))), err=True)
        if not len(folder.bars):
            left_out = f"{len(folder.quarantine)} files left out"
            raise ModelError(f"no {_LOOPS[alphabet]} below {root}; {left_out}")
        read_s = time.monotonic() - started
        trained = train_model(
            folder.bars,
            NgramSpec.model_validate(dict(counting)),
            ModelSpec.model_validate(dict(fitting)),
            refit=refit,
            labels=ALPHABETS[alphabet].labels,
            attribution=attribution,
            spill=spill,
            events=events,
        )
        data = pack(trained.model)
        write_whole(out, data)
    train_s = time.monotonic() - started - read_s
    loops = int(folder.bars["key"].nunique())
    if as_json:
        report = {
            "model": str(out),
            "bytes": len(data),
            "files": folder.files,
            "quarantined": len({path for path, _ in folder.quarantine}),
            "loops": loops,
            "bars": len(folder.bars),
            "order": trained.model.order,
            "conditions": [name for name in trained.model.conditions if name],
            "metrics": trained.metrics,
            "history": trained.history,
            "read_seconds": round(read_s, 3),
            "train_seconds": round(train_s, 3),
        }
        typer.echo(json.dumps(report, sort_keys=True))
    said = trained.metrics.get("test_bits_per_event")
    typer.echo(
        f"{out}: {len(data):,} bytes, order {trained.model.order}, {len(folder.bars):,} bars of "
        f"{loops:,} loops; read in {read_s:.1f} s, trained in {train_s:.1f} s"
        + (f"; {said:.3f} bits per step on loops held out" if said is not None else ""),
        err=True,
    )
