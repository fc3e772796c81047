"""`groove train`: a groove model from a folder of loops.

What belongs here: options. What does not: what is done with them (:mod:`groove.cli.training`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from groove.cli.training import train_folder

_EXAMPLES = """
Examples:

  groove train loops/ --out model.parquet

  groove train loops/ --ext midi --auto-res --fold-halves --min-bpm 80 --max-bpm 160 --out m.parquet

  groove train loops/ --aux aux.json --out model.parquet

  groove train loops/ --aux-key style --exclude-fills --len-sampling proportional --out m.parquet
"""


def train(
    root: Annotated[Path, typer.Argument(help="Folder of loops, MIDI or audio")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Model file to write")],
    ext: Annotated[str, typer.Option(help="midi, wav, a suffix, or several with commas")] = (
        "midi,wav"
    ),
    auto_res: Annotated[
        bool, typer.Option("--auto-res/--no-auto-res", help="Find each loop's grid; no: 16ths")
    ] = True,
    beats_per_bar: Annotated[
        int, typer.Option(min=0, max=64, help="Quarters in a bar of loops that state no meter")
    ] = 0,
    order: Annotated[
        int, typer.Option("--order", "-n", min=-1, max=6, help="Longest context; -1: the best")
    ] = -1,
    smoothing: Annotated[
        Literal["auto", "kneser_ney", "witten_bell", "absolute"], typer.Option(help="Estimator")
    ] = "auto",
    aux: Annotated[
        Path | None, typer.Option(help="JSON: file -> section, heat_bin, intensity")
    ] = None,
    aux_key: Annotated[
        str, typer.Option(help="The one tag to condition on, such as style; none: all of them")
    ] = "",
    tempo_policy: Annotated[
        Literal["skip", "fallback", "accept"], typer.Option(help="For a missing or invalid tempo")
    ] = "fallback",
    fallback_bpm: Annotated[float, typer.Option(help="Tempo of the policy fallback")] = 120.0,
    min_bpm: Annotated[float, typer.Option(help="Slowest valid tempo")] = 40.0,
    max_bpm: Annotated[float, typer.Option(help="Fastest valid tempo")] = 300.0,
    fold_halves: Annotated[
        bool, typer.Option("--fold-halves", help="Halve or double a tempo out of range")
    ] = False,
    tempo_verbose: Annotated[
        bool, typer.Option("--tempo-verbose", help="Say what became of tempos")
    ] = False,
    inject_default_tempo: Annotated[
        float, typer.Option(help="Tempo taken for a file that states none; 0 takes none")
    ] = 0.0,
    min_bars: Annotated[float, typer.Option(help="Shortest loop to keep, bars")] = 1.0,
    min_notes: Annotated[int, typer.Option(help="Fewest notes to keep")] = 8,
    drum_only: Annotated[bool, typer.Option("--drum-only", help="Keep drums")] = False,
    pitched_only: Annotated[
        bool, typer.Option("--pitched-only", help="Keep pitched parts; with --drum-only both")
    ] = False,
    exclude_fills: Annotated[
        bool, typer.Option("--exclude-fills", help="Leave files tagged as fills out")
    ] = False,
    len_sampling: Annotated[
        Literal["uniform", "sqrt", "proportional"], typer.Option(help="Weight of a loop's length")
    ] = "sqrt",
    min_count: Annotated[
        int, typer.Option(min=1, help="Leave rarer n-grams of long contexts out")
    ] = 1,
    near_duplicates: Annotated[
        float, typer.Option(help="Share of hits in common that makes a duplicate; 1: exact copies")
    ] = 0.9,
    spill_dir: Annotated[
        Path | None,
        typer.Option(
            "--spill-dir", "--memmap-dir", help="Where counts go; a killed run is resumed there"
        ),
    ] = None,
    snapshot_interval: Annotated[
        int, typer.Option(min=1, help="Loops counted before counts are kept on disk")
    ] = 2048,
    memory_mb: Annotated[
        int, typer.Option(min=64, help="Memory of the counting before it spills to disk")
    ] = 512,
    refit: Annotated[
        bool, typer.Option("--refit/--no-refit", help="In the end, count all loops, not a part")
    ] = True,
    source: Annotated[
        str, typer.Option(help="Source of files that state none; none: the folder's name")
    ] = "",
    license_: Annotated[
        str, typer.Option("--license", help="Licence of files that state none, such as CC-BY-4.0")
    ] = "",
    attribution: Annotated[
        list[str] | None, typer.Option(help="Text that a licence asks to be kept; repeatable")
    ] = None,
    limit_files: Annotated[int, typer.Option(min=0, help="Read the first files only; 0 all")] = 0,
    jobs: Annotated[int, typer.Option(min=0, help="Processes; 0 takes one per core")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON")] = False,
) -> None:
    """Train an n-gram model of drum grooves from a folder of loops.

    Order and weights are chosen on loops held out of the folder; figures are of others again.
    """
    settings: dict[str, Any] = {
        "min_bars": min_bars,
        "min_notes": min_notes,
        "drum_only": drum_only,
        "pitched_only": pitched_only,
        "tempo_policy": tempo_policy,
        "fallback_bpm": fallback_bpm,
        "min_bpm": min_bpm,
        "max_bpm": max_bpm,
        "fold_halves": fold_halves,
        "inject_default_tempo": inject_default_tempo,
        "default_meter": f"{beats_per_bar}/4" if beats_per_bar else "",
    }
    counting = {
        "length_weight": len_sampling,
        "exclude_fills": exclude_fills,
        "min_count": min_count,
        "near_duplicates": near_duplicates,
        "snapshot_loops": snapshot_interval,
        "memory_limit_mb": memory_mb,
    }
    train_folder(
        root,
        out,
        alphabet="drums",
        auto_res=auto_res,
        settings=settings,
        limits={
            "extensions": ext.split(","),
            "limit_files": limit_files,
            "aux_key": aux_key,
            "source": source,
            "license": license_,
        },
        counting=counting,
        fitting={"order": order, "smoothing": smoothing},
        refit=refit,
        attribution=attribution or (),
        aux=aux,
        spill=spill_dir,
        jobs=jobs,
        tempo_verbose=tempo_verbose,
        as_json=as_json,
    )


train.__doc__ = (train.__doc__ or "") + _EXAMPLES
