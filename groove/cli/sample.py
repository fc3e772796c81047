"""`groove sample`: drum grooves from a trained model, as MIDI or JSON.

What belongs here: options and output. What does not: drawing (:mod:`groove.ngram.play.sampling`),
MIDI and JSON (:mod:`groove.ngram.play.output`).
"""

from __future__ import annotations

import json
import math
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from groove.cli.refusal import refusals
from groove.cli.writing import write_whole

if TYPE_CHECKING:
    import pandas as pd

    from groove.ngram.language.model import GrooveModel
    from groove.ngram.play.sampling import Groove

_EXAMPLES = """
Examples:

  groove sample model.parquet -l 4 --temperature 0.8 --seed 42 > out.mid

  groove sample --bars 8 --style funk --swing 0.6 --fill-every 4 --out funk.mid

  groove sample model.parquet --cond '{"section":"chorus","intensity":"high"}' > chorus.mid

  groove sample --like loop.mid --bars 8 --seed 3 --out on.mid

  groove sample --count 20 --out-dir grooves --format json

  groove sample --list-conditions
"""
_MOST_JSON_CHARACTERS = 4096
_MOST_SEED = 2**63 - 1

Format = Literal["midi", "json"]


class OptionsError(ValueError):
    """Options that cannot be used. The message says why and what to give."""


def sample(
    model: Annotated[
        Path | None,
        typer.Argument(help="Model file; none: the last one trained here, or the released one"),
    ] = None,
    bars: Annotated[
        int, typer.Option("--bars", "--length", "-l", min=1, max=4096, help="Length in bars")
    ] = 4,
    temperature: Annotated[float, typer.Option(help="Under 1 likelier, over 1 wilder")] = 0.9,
    temperature_end: Annotated[
        float | None, typer.Option(help="Temperature of the last step, reached in a line")
    ] = None,
    top_k: Annotated[int, typer.Option(help="Draw from the k likeliest; 0 from all")] = 0,
    top_p: Annotated[float, typer.Option(help="Draw from the fewest that hold this share")] = 0.98,
    seed: Annotated[
        int, typer.Option(min=0, max=_MOST_SEED, help="The same seed gives the same file")
    ] = 0,
    cond: Annotated[
        str, typer.Option(help='Conditions as JSON, such as {"section":"chorus","heat":3}')
    ] = "",
    cond_style: Annotated[
        str, typer.Option("--cond-style", "--style", help="Style to play in; none is any")
    ] = "",
    cond_feel: Annotated[str, typer.Option(help="Feel")] = "",
    cond_section: Annotated[str, typer.Option(help="Section, such as chorus")] = "",
    cond_heat: Annotated[str, typer.Option(help="Bin of the vocals' heat, 0 to 15")] = "",
    cond_intensity: Annotated[str, typer.Option(help="low, mid or high")] = "",
    cond_density: Annotated[str, typer.Option(help="Density, as the loops' tags say")] = "",
    like: Annotated[
        Path | None, typer.Option(help="Go on from this loop (MIDI or a recording)")
    ] = None,
    fill_every: Annotated[int, typer.Option(min=0, help="Every so many bars is a fill")] = 0,
    swing: Annotated[
        float | None, typer.Option(help="0 straight to 1 full triplet swing; none: as learnt")
    ] = None,
    humanise: Annotated[
        float,
        typer.Option("--humanise", "--humanize", help="0 quantised, 1 as learnt, up to 2"),
    ] = 1.0,
    meter: Annotated[str | None, typer.Option(help="Meter, such as 3/4")] = None,
    tempo: Annotated[
        float | None, typer.Option(min=20, max=400, help="Quarters a minute; none: the usual one")
    ] = None,
    format: Annotated[  # noqa: A002  # the option's name
        str | None, typer.Option(help="midi or json; none: by the suffix of --out, or MIDI")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="File to write; none: standard output")
    ] = None,
    out_dir: Annotated[
        Path | None, typer.Option(help="Folder to write to, one file per seed")
    ] = None,
    count: Annotated[
        int, typer.Option(min=1, max=100_000, help="Grooves, of seeds one after the other")
    ] = 1,
    list_conditions: Annotated[
        bool,
        typer.Option(
            "--list-conditions", "--list-styles", help="List what can be asked for, and stop"
        ),
    ] = False,
) -> None:
    """Draw drum grooves and write them as MIDI or JSON."""
    from groove.cli.loading import load_named

    with refusals():
        written = _format(format, out)
        given = {
            "style": cond_style,
            "feel": cond_feel,
            "section": cond_section,
            "heat": cond_heat,
            "intensity": cond_intensity,
            "density": cond_density,
        }
        condition = {**_conditions(cond), **{key: value for key, value in given.items() if value}}
        _check_targets(out, out_dir, count)
        if tempo is not None and not math.isfinite(tempo):
            raise OptionsError("--tempo must be a number of quarters a minute")
        to_stdout = out is None and out_dir is None and not list_conditions
        if to_stdout and written == "midi" and sys.stdout.isatty():
            raise OptionsError("MIDI is binary: give --out FILE, or redirect with > groove.mid")
        trained, model_id = load_named(model, None)
        if list_conditions:
            _list(trained)
            return
        from groove.ngram.play.arrangement import usual_form
        from groove.ngram.play.lead import form_of_loop
        from groove.ngram.play.output import json_of, midi_of
        from groove.ngram.play.sampling import Heat, Sampler

        heat = Heat(temperature, temperature_end, top_k, top_p)
        loop = _loop(like, trained) if like is not None else None
        asked = condition or None
        if loop is not None:
            form, usual_bpm = form_of_loop(loop)
            if meter not in (None, form.meter):
                raise OptionsError(f"--like is in {form.meter}: leave --meter {meter} out")
        else:
            form, usual_bpm = usual_form(trained, condition, meter)
        sampler = Sampler(trained)
        bpm = tempo or usual_bpm
        for number in range(seed, seed + count):
            groove = sampler.draw(
                form,
                bars,
                heat,
                number,
                condition=asked,
                like=loop,
                fill_every=fill_every,
                swing=swing,
                humanise=humanise,
            )
            if number == seed:
                _tell(groove)
            if written == "json":
                data = json_of(trained, groove, bpm, seed=number, model_id=model_id)
            else:
                data = midi_of(trained, groove, bpm)
            target = _target(out, out_dir, number, written)
            if target is None:
                _to_stdout(data)
            else:
                write_whole(target, data)
            what = f"{bars} bars, {groove.hits} hits, {form.meter} at {bpm:g} bpm, seed {number}"
            typer.echo(f"{target or written}: {what}", err=True)


def _format(asked: str | None, out: Path | None) -> Format:
    suffixes: dict[str, Format] = {".mid": "midi", ".midi": "midi", ".json": "json"}
    if asked is not None:
        if asked.lower() not in ("midi", "mid", "json"):
            raise OptionsError(f"--format {asked}: give midi or json")
        return "json" if asked.lower() == "json" else "midi"
    return suffixes.get(out.suffix.lower(), "midi") if out is not None else "midi"


def _conditions(text: str) -> dict[str, str]:
    """Return the tags of ``--cond``; keys and values are those of :mod:`corpus.conditions`."""
    if not text:
        return {}
    if len(text) > _MOST_JSON_CHARACTERS:
        raise OptionsError(f"--cond has {len(text):,} characters; at most {_MOST_JSON_CHARACTERS}")
    try:
        found = json.loads(text, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise OptionsError(f'--cond is not JSON such as {{"style":"funk"}}: {error}') from error
    if not isinstance(found, Mapping):
        raise OptionsError('--cond must be an object such as {"section":"chorus","heat":3}')
    from groove.ngram.corpus.conditions import KEYS

    spelling = {"heat_bin": "heat", "is_fill": "fill"}
    tags = {}
    for key, value in found.items():
        name = spelling.get(key, key)
        if name not in KEYS:
            raise OptionsError(f"--cond: no condition {key!r}; there are: {', '.join(KEYS)}")
        tags[name] = _tag(key, value)
    return {key: value for key, value in tags.items() if value}


def _tag(key: str, value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, str | int):
        raise OptionsError(f"--cond: {key} must be text or a whole number")
    return str(value)


def _check_targets(out: Path | None, out_dir: Path | None, count: int) -> None:
    if out is not None and out_dir is not None:
        raise OptionsError("give --out FILE or --out-dir DIR, not both")
    if count > 1 and out_dir is None:
        raise OptionsError("several grooves need a folder: give --out-dir DIR")
    if out is not None and out.is_dir():
        raise OptionsError(f"{out} is a folder: give a file, or --out-dir {out}")
    if out is not None and not out.parent.is_dir():
        raise OptionsError(f"{out.parent} is no folder to write {out.name} to")
    if out_dir is not None:
        if out_dir.exists() and not out_dir.is_dir():
            raise OptionsError(f"{out_dir} is no folder")
        out_dir.mkdir(parents=True, exist_ok=True)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    if twice := [name for name in names if names.count(name) > 1]:
        raise ValueError(f"{twice[0]} is there twice")
    return dict(pairs)


def _loop(path: Path, model: GrooveModel) -> pd.DataFrame:
    from groove.core import tags
    from groove.ngram.corpus.alphabets import alphabet_of
    from groove.ngram.play.given import bars_of_file
    from groove.ngram.spec import EventSpec

    # As the model's own bars were read.
    events = EventSpec.model_validate(model.card["events"]) if "events" in model.card else None
    alphabet = alphabet_of(model.labels).name
    beside = path.with_name(f"{path.stem}.meta.yaml")
    try:
        about = tags.sidecar(beside.read_bytes()) if beside.is_file() else {}
        return bars_of_file(path.read_bytes(), path.name, alphabet, about, events=events)
    except ValueError as error:
        raise OptionsError(f"{path}: {error}") from error


def _list(model: GrooveModel) -> None:
    bars = {
        name: sum(int(form["bars"]) for form in forms)
        for name, forms in model.card["forms"].items()
    }
    for name in sorted(name for name in model.conditions if name):
        heard = f"\t{bars[name]:,} bars" if name in bars else ""
        typer.echo(f"{name}{heard}")


def _tell(groove: Groove) -> None:
    for tag in groove.ignored:
        typer.echo(f"the model knows no {tag}: played without it", err=True)
    for remark in groove.remarks:
        typer.echo(remark, err=True)


def _target(out: Path | None, out_dir: Path | None, seed: int, written: Format) -> Path | None:
    if out_dir is None:
        return out
    return out_dir / f"groove_{seed:06d}.{'mid' if written == 'midi' else 'json'}"


def _to_stdout(data: bytes) -> None:
    try:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        # Whoever reads has enough. Nothing is left to flush when the process ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(1) from None


sample.__doc__ = (sample.__doc__ or "") + _EXAMPLES
