"""`groove sample` writes MIDI, the same for the same seed, and never to a terminal."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import typer
from typer.testing import CliRunner

from groove.cli.sample import sample
from groove.core.digest import sha256
from groove.midi.notes import read_midi
from groove.midi.taxonomy import LABELS
from groove.ngram.language.build import label_rates, levels_of
from groove.ngram.language.codec import pack
from groove.ngram.language.context import columns_of, events_of_bars, features_of
from groove.ngram.language.counts import Counts, contexts, sum_counts
from groove.ngram.language.forms import collect
from groove.ngram.language.model import Chain, GrooveModel
from groove.ngram.play.expression import fit_expression

app = typer.Typer()
app.command()(sample)
run = CliRunner().invoke


def model_bytes() -> bytes:
    symbols = [5, 0, 4, 0, 6, 0, 4, 0] * 2
    step, label = np.nonzero(np.array(symbols)[:, None] >> np.arange(len(LABELS)) & 1)
    bars = pd.DataFrame(
        {
            "key": "a", "bar": range(4), "numerator": 4, "denominator": 4, "resolution": 4,
            "steps": 16, "style": "rock", "is_fill": False, "tempo_bpm": 97.0,
            "symbols": [symbols] * 4, "hit_step": [step] * 4, "hit_label": [label] * 4,
            "hit_velocity": [np.full(len(step), 80)] * 4,
            "hit_offset_ticks": [np.zeros(len(step))] * 4,
        }
    )  # fmt: skip
    events = events_of_bars(bars)
    counts: list[Counts] = []
    chosen = columns_of("step")[:3]
    for keys, rank in contexts(features_of(events)[:, chosen]):
        one = np.ones(len(events), dtype=np.int64)
        counts.append(sum_counts(keys, rank, 0 * one, events.symbol, one, one.astype(float)))
    forms, starts = collect(bars, 1)
    model = GrooveModel(
        labels=LABELS,
        order=3,
        label_rates=label_rates(counts[0].symbol, counts[0].n.astype(float), len(LABELS)),
        styles=("rock",),
        share=0.5,
        chains=(
            Chain(
                "step",
                1.0,
                levels_of(counts, 3, "kneser_ney", styled=False),
                levels_of(counts, 3, "kneser_ney", styled=True),
            ),
        ),
        expression=fit_expression(bars, len(LABELS)),
        starts=starts,
        card={"forms": forms, "licenses": ["CC0-1.0"]},
    )
    return pack(model)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "model.parquet"
    path.write_bytes(model_bytes())
    return path


def test_a_file_and_standard_output_get_the_same_midi(model: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.mid"
    options = ["--model", str(model), "--style", "rock", "-l", "2", "--seed", "42"]
    to_file = run(app, [*options, "--out", str(out)])
    assert to_file.exit_code == 0, to_file.output
    piped = run(app, options)
    assert piped.stdout_bytes == out.read_bytes()
    song = read_midi(out.read_bytes())
    assert song.drum.all()
    assert song.tempo_bpm[0] == pytest.approx(97.0, abs=1e-3)


def test_the_trained_model_is_found_below_the_data_root(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = model.read_bytes()
    blob = sha256(data) + ".parquet"
    (tmp_path / "tables").mkdir()
    (tmp_path / "blobs" / blob[:2]).mkdir(parents=True)
    (tmp_path / "blobs" / blob[:2] / blob).write_bytes(data)
    pd.DataFrame({"blob": [blob]}).to_parquet(tmp_path / "tables" / "groove_model.parquet")
    monkeypatch.setenv("GROOVE_DATA", str(tmp_path))
    result = run(app, ["--tempo", "120", "--bars", "1"])
    assert result.exit_code == 0
    assert read_midi(result.stdout_bytes).tempo_bpm[0] == 120.0
    (tmp_path / "blobs" / blob[:2] / blob).write_bytes(data + b"x")
    assert "damaged" in run(app, []).output


def test_styles_are_listed(model: Path) -> None:
    assert run(app, ["--model", str(model), "--list-styles"]).output == "rock\n"


def test_a_terminal_gets_a_hint_and_no_bytes(
    model: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    with pytest.raises(typer.Exit) as stopped:
        sample(model=model)
    assert stopped.value.exit_code == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert "--out FILE" in told.err


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--style", "polka"], "it knows: rock"),
        (["--meter", "7/8"], "knows 4/4"),
        (["--temperature", "0"], "above 0"),
        (["--top-p", "2"], "top-p"),
    ],
)
def test_what_cannot_be_played_is_said(model: Path, options: list[str], reason: str) -> None:
    result = run(app, ["--model", str(model), *options])
    assert result.exit_code == 2
    assert reason in result.output


def test_without_data_the_way_to_get_them_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GROOVE_DATA", str(tmp_path))
    result = run(app, [])
    assert result.exit_code == 2
    assert "make demo" in result.output
