"""Grooves drawn from the network, and the commands."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from groove.cli.rnn import rnn as app
from groove.midi.notes import read_midi, write_midi
from groove.ngram.corpus.events import bars_of_rows
from groove.ngram.neural import sampling, scoring
from groove.ngram.neural.inputs import steps_of
from groove.ngram.play.heat import Form, Heat, SampleError
from groove.ngram.play.output import bars_frame
from groove.ngram.play.render import song_of_bars

FORM = Form(4, 4, 4)


def test_the_same_seed_gives_the_same_groove_another_seed_another(rnn: Any) -> None:
    drawn = [sampling.draw(rnn.model, FORM, 4, Heat(), seed) for seed in (1, 1, 2)]
    files = [sampling.midi_of(rnn.model, groove, 100.0) for groove in drawn]
    assert files[0] == files[1] != files[2]
    song = read_midi(files[0])
    assert song.drum.all()
    assert song.n == drawn[0].hits
    assert song.tempo_bpm.tolist() == [100.0]


def test_drawing_is_told_what_scoring_is_told(rnn: Any) -> None:
    """The likeliest step, drawn one by one, is the likeliest of the whole groove at once."""
    form = Form(3, 4, 4)
    condition = {"style": "rock", "fill": "no"}
    groove = sampling.draw(rnn.model, form, 4, Heat(top_k=1), 0, condition=condition)
    bars = bars_frame(groove)
    known = rnn.model.vocabulary.symbols
    steps = steps_of(bars, rnn.model.vocabulary)
    found = scoring.distribution(rnn.model, steps, known, tagged=True)
    likeliest = known[found.argmax(axis=1)]
    assert (likeliest == groove.symbols).mean() > 0.97


def test_grooves_are_like_the_corpus(rnn: Any) -> None:
    groove = sampling.draw(rnn.model, FORM, 16, Heat(), 3)
    assert np.isin(groove.symbols, rnn.model.vocabulary.symbols).all()
    bits = scoring.bits_of_steps(rnn.model, steps_of(bars_frame(groove), rnn.model.vocabulary))
    shuffled = bars_frame(groove)
    random = np.random.default_rng(0)
    shuffled["symbols"] = [random.permutation(row).tolist() for row in shuffled["symbols"]]
    other = scoring.bits_of_steps(rnn.model, steps_of(shuffled, rnn.model.vocabulary))
    assert bits.mean() < 0.7 * other.mean()


def test_the_condition_tells(rnn: Any) -> None:
    velocity = {}
    for style in ("rock", "bossa", "polka"):
        groove = sampling.draw(rnn.model, FORM, 4, Heat(), 0, condition={"style": style})
        velocity[style] = np.concatenate([bar.velocity for bar in groove.bars]).mean()
        assert groove.ignored == (("style=polka",) if style == "polka" else ())
        assert groove.conditions == (() if style == "polka" else (f"style={style}",))
    assert velocity["rock"] > velocity["bossa"] + 20


def test_forms_are_those_heard(rnn: Any) -> None:
    form, tempo_bpm = sampling.form_of(rnn.model, {"style": "rock"}, "3/4")
    assert (form, tempo_bpm) == (Form(3, 4, 4), 100.0)
    assert sampling.form_of(rnn.model)[0] == FORM
    with pytest.raises(SampleError, match="7/8"):
        sampling.form_of(rnn.model, None, "7/8")
    with pytest.raises(SampleError, match="bars"):
        sampling.draw(rnn.model, FORM, 0, Heat(), 0)


def test_commands_train_and_sample(make_grooves: Any, tmp_path: Path) -> None:
    root = tmp_path / "loops"
    root.mkdir()
    for key, rows in make_grooves(loops=12, bars=2).groupby("key"):
        (root / f"{key}.mid").write_bytes(write_midi(song_of_bars(bars_of_rows(rows), 100.0)))
    out, drawn = tmp_path / "rnn.safetensors", tmp_path / "rnn.mid"
    runner = CliRunner()
    train = ["train", str(root), "--epochs", "1", "--hidden", "8", "--threads", "1"]
    done = runner.invoke(app, [*train, "--out", str(out), "--json"])
    assert done.exit_code == 0, done.output
    assert '"validation_bits_per_event"' in done.stdout
    assert "epoch 1" in done.stderr
    done = runner.invoke(app, ["sample", str(out), "-l", "2", "--out", str(drawn)])
    assert done.exit_code == 0, done.output
    assert read_midi(drawn.read_bytes()).drum.all()
    piped = runner.invoke(app, ["sample", str(out), "-l", "2"])
    assert piped.stdout_bytes == drawn.read_bytes()


def test_commands_refuse_in_words(tmp_path: Path) -> None:
    runner = CliRunner()
    wrong = tmp_path / "wrong.safetensors"
    wrong.write_bytes(b"no model")
    for arguments in (
        ["sample", str(wrong), "--out", str(tmp_path / "x.mid")],
        ["sample", str(tmp_path / "none"), "--out", str(tmp_path / "x.mid")],
        ["train", str(tmp_path), "--out", str(tmp_path / "x")],
        ["train", str(tmp_path / "none"), "--out", str(tmp_path / "x")],
    ):
        done = runner.invoke(app, arguments)
        assert done.exit_code == 2, arguments
        assert done.stderr.strip()
        assert not done.stdout
    assert sorted(path.name for path in tmp_path.iterdir()) == ["wrong.safetensors"]
