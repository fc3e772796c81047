"""`groove drums play`: grooves through kits, under music: recordings whose hits are known.

What belongs here: options and output. What does not: sound and files
(:mod:`groove.drums.kitplayer`).
"""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Annotated

import typer

from groove.cli.refusal import refusals

_SHOWN = 20
_EXAMPLES = """
Examples:

  groove drums play --grooves groove-midi/ --synthesised 40 --pieces 600 --out played

  groove drums play --grooves groove-midi/ --kits one-shots/ --soundfont FluidR3.sf2 --backing songs/ -o played
"""


def play(
    grooves: Annotated[
        Path, typer.Option("--grooves", "-g", help="Folder of MIDI drum grooves, at any depth")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="Annotated folder to write")],
    kits: Annotated[
        list[Path] | None, typer.Option(help="Folder of one-shots; may be repeated")
    ] = None,
    soundfont: Annotated[
        list[Path] | None, typer.Option(help="SF2 file with drum kits; may be repeated")
    ] = None,
    synthesised: Annotated[int, typer.Option(min=0, help="Number of computed kits")] = 0,
    backing: Annotated[
        Path | None, typer.Option(help="Folder of MIDI songs; their other parts are the music")
    ] = None,
    backing_soundfont: Annotated[
        Path | None, typer.Option(help="SF2 file that plays the music; none: a small one")
    ] = None,
    pieces: Annotated[int, typer.Option("--pieces", "-n", min=1, help="Recordings")] = 100,
    seconds: Annotated[
        float, typer.Option("--seconds", "-s", min=2, max=600, help="Of a recording, at most")
    ] = 30.0,
    seed: Annotated[int, typer.Option(min=0, max=999, help="Another one draws others")] = 0,
    held_out: Annotated[
        float,
        typer.Option(min=0, max=0.9, help="Share of players, kits and songs kept from training"),
    ] = 0.2,
    mapping: Annotated[
        str, typer.Option(help="What the grooves' keys mean: auto, gm or td11")
    ] = "auto",
    alone: Annotated[
        float, typer.Option(min=0, max=1, help="Share without music, if there is --backing")
    ] = 0.35,
    license_: Annotated[
        str, typer.Option("--license", help="Licence of the grooves, such as CC-BY-4.0")
    ] = "",
    kit_license: Annotated[
        str, typer.Option(help="Licence of kits that state none in labels.csv")
    ] = "",
    backing_license: Annotated[str, typer.Option(help="Licence of the songs")] = "",
) -> None:
    """Play drum grooves on kits of recorded, soundfont or computed sounds, with exact annotations.

    OUT is an annotated folder: audio/NAME.flac, annotations/NAME.txt and NAME.bsm, and index.csv
    with groove, kit, licence and side of the split. No player, kit or song is on two sides. With
    --backing, most recordings have music: a song's own drums are then what is played; a groove at
    the song's tempo, where it has none.

    What cannot be used is named in quarantine.csv and the rest goes on. The same command goes on
    where it was stopped, and more --pieces add to those that are there.
    """
    from groove.drums.kitplayer.folder import Player, midi_folder
    from groove.drums.kitplayer.kits import shelf
    from groove.drums.kitplayer.spec import FolderSpec

    with refusals():
        if mapping not in ("auto", "gm", "td11"):
            raise ValueError(f"--mapping {mapping[:20]}: give auto, gm or td11")
        if out.exists() and not out.is_dir():
            raise NotADirectoryError(20, "is a file; a folder is wanted", str(out))
        if backing_soundfont is not None and not backing_soundfont.is_file():
            raise FileNotFoundError(2, "is not there", str(backing_soundfont))
        spec = FolderSpec.model_validate(
            {
                "pieces": pieces,
                "seconds": seconds,
                "seed": seed,
                "held_out": held_out,
                "mapping": mapping,
                "alone": alone,
            }
        )
        found = midi_folder(grooves, license_)
        songs = midi_folder(backing, backing_license) if backing else None
        on = shelf(kits or [], soundfont or [], synthesised, seed=seed, license=kit_license)
        typer.echo(
            f"{len(found.files)} grooves, {len(on)} kits, {len(songs.files) if songs else 0} songs",
            err=True,
        )
        player = Player(out, found, on, songs, backing_soundfont, spec)
        typer.echo(f"sides that have grooves and kits: {', '.join(player.sides)}", err=True)
        for name, problem in player.pieces():
            if problem is not None:
                typer.echo(f"{name}: {problem}", err=True)
    report = player.report
    for file, reason in sorted(report.refused.items())[:_SHOWN]:
        typer.echo(f"left out {file}: {reason}", err=True)
    if len(report.refused) > _SHOWN:
        typer.echo(f"left out {len(report.refused) - _SHOWN} more", err=True)
    typer.echo(
        f"{out}: {report.written} recordings written, {report.known} there already", err=True
    )
    if not report.written and not report.known:
        raise typer.Exit(2)


play.__doc__ = inspect.cleandoc(play.__doc__ or "") + "\n" + _EXAMPLES
