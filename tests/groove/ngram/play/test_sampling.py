"""Grooves are drawn under what is asked for, the same for the same seed."""

import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from groove.midi.taxonomy import LABELS
from groove.ngram.language.codec import pack
from groove.ngram.language.model import GrooveModel
from groove.ngram.play.arrangement import usual_form
from groove.ngram.play.lead import form_of_loop
from groove.ngram.play.output import bars_frame, midi_of
from groove.ngram.play.plan import FILL_HEAT
from groove.ngram.play.sampling import Form, Groove, Heat, SampleError, Sampler

COMMON_TIME = Form(4, 4, 4)
KICK, TOM = (LABELS.index(name) for name in ("kick", "tom_high"))
ROCK = {"style": "rock"}


def struck(groove: Groove, label: int) -> np.ndarray:
    """Per bar and step, whether a label is struck."""
    return (groove.symbols.reshape(len(groove.bars), -1) >> label & 1).astype(bool)


def test_the_same_seed_gives_the_same_bytes(model: GrooveModel) -> None:
    first, again, other = (
        midi_of(
            model, Sampler(model).draw(COMMON_TIME, 4, Heat(), seed, condition=ROCK, swing=0.5), 110
        )
        for seed in (7, 7, 8)
    )
    assert first == again
    assert first != other


def test_another_process_gives_the_same_bytes(model: GrooveModel, tmp_path: Path) -> None:
    path = tmp_path / "model.parquet"
    path.write_bytes(pack(model))
    code = (
        "import sys, hashlib; from pathlib import Path;"
        "from groove.ngram.language.codec import read;"
        "from groove.ngram.play.output import midi_of;"
        "from groove.ngram.play.sampling import *;"
        "model = read(Path(sys.argv[1]));"
        "groove = Sampler(model).draw(Form(4, 4, 4), 4, Heat(0.9, 0.7, 30, 0.95), 5,"
        " condition={'style': 'bossa'}, fill_every=2, swing=0.3, humanise=1.3);"
        "print(hashlib.sha256(midi_of(model, groove, 99)).hexdigest())"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", code, str(path)],
            capture_output=True,
            check=True,
            env={"PYTHONHASHSEED": seed, "OMP_NUM_THREADS": "1"},
        ).stdout
        for seed in ("1", "2")
    }
    assert len(found) == 1


def test_a_sampler_has_no_memory_of_earlier_grooves(model: GrooveModel) -> None:
    used = Sampler(model)
    used.draw(COMMON_TIME, 4, Heat(), 1, condition={"style": "bossa"})
    fresh = Sampler(model).draw(COMMON_TIME, 4, Heat(), 2, condition=ROCK)
    again = used.draw(COMMON_TIME, 4, Heat(), 2, condition=ROCK)
    assert np.array_equal(again.symbols, fresh.symbols)
    assert all(
        np.array_equal(a.velocity, b.velocity) and np.array_equal(a.offset_ticks, b.offset_ticks)
        for a, b in zip(again.bars, fresh.bars, strict=True)
    )


def test_a_style_sounds_like_itself(model: GrooveModel) -> None:
    sampler = Sampler(model)
    for style, step in (("rock", 8), ("bossa", 6)):
        grooves = [
            sampler.draw(COMMON_TIME, 4, Heat(0.8), seed, condition={"style": style})
            for seed in range(12)
        ]
        kicks = np.concatenate([struck(groove, KICK) for groove in grooves]).mean(axis=0)
        assert kicks[step] > 0.6
        assert kicks[14 - step] < 0.3
        assert grooves[0].conditions == (f"style={style}",)


def test_steps_are_drawn_as_often_as_they_are_likely(model: GrooveModel) -> None:
    """The first step of many grooves against the model's own probability, tempered."""
    sampler, temperature, drawn = Sampler(model), 0.7, 1500
    form = Form(5, 4, 4)  # never heard: no lead-in, so that the context is always the same
    first = np.array(
        [sampler.draw(form, 1, Heat(temperature), seed).symbols[0] for seed in range(drawn)]
    )
    from groove.ngram.language.walk import Walk

    context = np.tile(Walk(5, 4, 4, form.steps, []).context(), (len(model.symbols), 1))
    wanted = model.probability(context, model.symbols) ** (1 / temperature)
    wanted /= wanted.sum()
    found = (first[:, None] == model.symbols).mean(axis=0)
    assert np.abs(found - wanted).max() < 4 * np.sqrt(0.25 / drawn)


@pytest.mark.parametrize(
    ("condition", "ignored"),
    [
        ({"style": "polka"}, ("style=polka",)),
        ({"style": "rock", "section": "chorus", "heat": "3"}, ("section=chorus", "heat=3")),
        ({"style": " Rock "}, ()),
        ({"style": ""}, ()),
    ],
)
def test_what_is_unknown_is_left_out_and_said(
    model: GrooveModel, condition: Mapping[str, str], ignored: tuple[str, ...]
) -> None:
    groove = Sampler(model).draw(COMMON_TIME, 2, Heat(), 3, condition=condition)
    assert groove.ignored == ignored
    assert groove.hits > 0


def test_a_meter_never_heard_is_played_from_what_is_known_of_all(model: GrooveModel) -> None:
    groove = Sampler(model).draw(Form(5, 4, 4), 4, Heat(0.9, None, 0, 0.95), 3, condition=ROCK)
    assert len(groove.symbols) == 80
    assert groove.hits > 0


def test_every_so_many_bars_is_a_fill(model: GrooveModel) -> None:
    groove = Sampler(model).draw(COMMON_TIME, 16, Heat(0.8), 5, condition=ROCK, fill_every=4)
    assert groove.fills == (3, 7, 11, 15)
    toms = struck(groove, TOM).mean(axis=1)
    chosen = np.isin(np.arange(16), groove.fills)
    assert toms[chosen].mean() > 0.3
    assert toms[~chosen].mean() < toms[chosen].mean() / 3
    assert "style=rock&fill=yes" in groove.conditions
    assert groove.remarks == ()
    assert bars_frame(groove)["is_fill"].tolist() == chosen.tolist()


def test_without_fills_in_the_model_they_are_hotter_and_it_is_said(
    plain_model: GrooveModel,
) -> None:
    groove = Sampler(plain_model).draw(COMMON_TIME, 4, Heat(0.8), 5, fill_every=2)
    assert groove.fills == (1, 3)
    assert f"{FILL_HEAT:g} times as hot" in groove.remarks[0]


def test_a_given_loop_is_gone_on_with(
    model: GrooveModel, make_loop: Callable[..., list[dict[str, object]]]
) -> None:
    """What the loop does that is not usual goes on in what is drawn."""
    bar = [0] * 16
    for step in (0, 3, 6, 11):
        bar[step] = 1 << KICK
    rows = make_loop("mine", [bar] * 4, style="bossa", velocity=110, offset=20.0)
    loop = pd.DataFrame(rows)
    form, tempo_bpm = form_of_loop(loop)
    assert (form, tempo_bpm) == (COMMON_TIME, 100.0)
    sampler = Sampler(model)
    like, without = (
        np.mean([
            struck(sampler.draw(form, 2, Heat(0.7), seed, like=given), KICK)[:, [3, 11]].mean()
            for seed in range(30)
        ])
        for given in (loop, None)
    )  # fmt: skip
    assert like > without + 0.1
    groove = sampler.draw(form, 2, Heat(0.7), 1, like=loop)
    assert groove.conditions == ("style=bossa",)
    assert sampler.draw(form, 2, Heat(0.7), 1, like=loop, condition={}).conditions == ()
    offset = np.concatenate([bar.offset_ticks for bar in groove.bars])
    plain = np.concatenate(
        [
            bar.offset_ticks
            for bar in sampler.draw(form, 2, Heat(0.7), 1, condition={"style": "bossa"}).bars
        ]
    )
    assert offset.mean() > plain.mean()


def test_a_loop_in_another_form_is_refused(
    model: GrooveModel, make_loop: Callable[..., list[dict[str, object]]]
) -> None:
    waltz = pd.DataFrame(make_loop("waltz", [[1] + [0] * 11] * 2, meter=(3, 4)))
    with pytest.raises(SampleError, match="no whole bar in 4/4"):
        Sampler(model).draw(COMMON_TIME, 2, Heat(), 1, like=waltz)
    foreign = pd.DataFrame(make_loop("far", [[1] * 16])).assign(symbols=[[1 << 30] * 16])
    with pytest.raises(SampleError, match="labels"):
        Sampler(model).draw(COMMON_TIME, 2, Heat(), 1, like=foreign)
    with pytest.raises(SampleError, match="no bars"):
        Sampler(model).draw(COMMON_TIME, 2, Heat(), 1, like=waltz.iloc[:0])


def test_swing_and_humanise_do_not_change_what_is_struck(model: GrooveModel) -> None:
    sampler = Sampler(model)
    plain = sampler.draw(COMMON_TIME, 8, Heat(), 4, condition=ROCK)
    steady = sampler.draw(COMMON_TIME, 8, Heat(), 4, condition=ROCK, humanise=0.0)
    swinging = sampler.draw(COMMON_TIME, 8, Heat(), 4, condition=ROCK, humanise=0.0, swing=1.0)
    assert np.array_equal(plain.symbols, steady.symbols)
    assert np.array_equal(plain.symbols, swinging.symbols)
    for still, moved in zip(steady.bars, swinging.bars, strict=True):
        assert (still.offset_ticks == 0).all()
        assert set(moved.offset_ticks.tolist()) <= {0.0, 40.0, 80.0}
    for label in range(len(LABELS)):
        loud = {v for bar in steady.bars for v in bar.velocity[bar.label == label].tolist()}
        assert len(loud) <= 1
    assert "moved by" in swinging.remarks[0]


def test_hits_stay_on_their_steps(model: GrooveModel) -> None:
    groove = Sampler(model).draw(COMMON_TIME, 32, Heat(), 3, humanise=2.0)
    offset = np.concatenate([bar.offset_ticks for bar in groove.bars])
    assert np.abs(offset).max() <= 60
    frame = bars_frame(groove)
    for symbols, step, label in zip(
        frame["symbols"], frame["hit_step"], frame["hit_label"], strict=True
    ):
        made = np.zeros(16, dtype=int)
        np.bitwise_or.at(made, step, np.left_shift(1, label))
        assert made.tolist() == symbols


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"fill_every": -1}, "fill-every"),
        ({"swing": 1.5}, "swing"),
        ({"humanise": 3.0}, "humanise"),
        ({"humanise": float("nan")}, "humanise"),
        ({"condition": {"mood": "sad"}}, "no condition mood"),
    ],
)
def test_what_makes_no_sense_is_refused(
    model: GrooveModel, options: dict[str, object], reason: str
) -> None:
    with pytest.raises(SampleError, match=reason):
        Sampler(model).draw(COMMON_TIME, 2, Heat(), 1, **options)  # type: ignore[arg-type]  # wrong


@pytest.mark.parametrize("length", [0, -3, 10**7])
def test_lengths_have_limits(model: GrooveModel, length: int) -> None:
    with pytest.raises(SampleError, match="bars"):
        Sampler(model).draw(COMMON_TIME, length, Heat(), 1)


def test_a_lead_in_is_two_bars_of_the_style(model: GrooveModel, bars: pd.DataFrame) -> None:
    numbers, _ = model.resolve({"style": "bossa"})
    leads = model.leads(numbers, (4, 4, 4))
    assert leads.shape[1] == 32
    symbols = bars["symbols"].map(tuple)
    same = bars["key"] == bars["key"].shift(-1)
    heard = {
        (*a, *b) for a, b, follows in zip(symbols, symbols.shift(-1), same, strict=True) if follows
    }
    assert all(tuple(lead) in heard for lead in leads.tolist())
    assert len(model.leads(numbers, (9, 8, 4))) == 0


def test_a_condition_has_its_usual_form(model: GrooveModel) -> None:
    assert usual_form(model, ROCK) == (COMMON_TIME, 100.0)
    assert usual_form(model, {"style": "polka"}, "3/4")[0] == Form(3, 4, 4)
    with pytest.raises(SampleError, match="knows 3/4, 4/4"):
        usual_form(model, ROCK, "11/8")
