"""Beats off rows: each once, where it falls, with its number, and nothing from later."""

import io
import json

import mir_eval
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from groove.phase.play.beats import BeatReader, beats_of
from groove.phase.play.estimates import Estimates
from groove.phase.play.formats import COLUMNS, beats_text, csv_of, jams_text


def steady(
    bpm: float, per_bar: int, seconds: float, start_s: float = 0.0, jitter: float = 0.0
) -> Estimates:
    """Return rows of music in one tempo, their phases shaken by ``jitter`` beats."""
    random = np.random.default_rng(0)
    time = (np.arange(round(seconds * 50)) + 1) / 50
    beats = (time - start_s) * bpm / 60
    shaken = beats + jitter * random.standard_normal(len(time))
    return Estimates(
        time_s=time,
        bar_phase=(beats + jitter * random.standard_normal(len(time))) / per_bar % 1.0,
        beat_phase=shaken % 1.0,
        tempo_bpm=bpm * (1 + jitter * random.standard_normal(len(time))),
        beats_per_bar=np.full(len(time), per_bar),
        confidence=np.full(len(time), 0.9),
        activations=np.zeros((len(time), 4), dtype=np.float32),
        silence=np.zeros(len(time)),
    )


@given(
    bpm=st.floats(40, 300),
    per_bar=st.integers(2, 7),
    start_s=st.floats(0, 1),
    jitter=st.sampled_from([0.0, 0.02, 0.05]),
)
def test_steady_music_has_every_beat_once(
    bpm: float, per_bar: int, start_s: float, jitter: float
) -> None:
    beats = beats_of(steady(bpm, per_bar, 20, start_s, jitter))
    beat_s = 60 / bpm
    expected = start_s + np.arange(1, int((19 - start_s) / beat_s)) * beat_s
    near = beats.time_s > expected[0] - beat_s / 2
    found = beats.time_s[near & (beats.time_s < expected[-1] + beat_s / 2)]
    assert len(found) == len(expected)
    # Shaken phases reach a beat early, and by chance the more so the more rows a beat has.
    assert np.abs(found - expected).max() <= (1e-9 if jitter == 0 else 0.02 + 4 * jitter * beat_s)
    numbers = beats.number
    assert set(numbers.tolist()) <= set(range(1, per_bar + 1))
    assert ((numbers[1:] - numbers[:-1]) % per_bar == 1 % per_bar).all()
    nearest = round((float(beats.time_s[5]) - start_s) * bpm / 60) % per_bar + 1
    assert numbers[5] == nearest


def test_rows_may_come_one_by_one_and_beats_are_told_before_they_fall() -> None:
    rows = steady(137, 3, 10, jitter=0.03)
    reader = BeatReader()
    found = []
    for k in range(len(rows)):
        for time in reader.push(rows[k : k + 1]).time_s.tolist():
            assert time >= rows.time_s[k] - 1e-12
            found.append(time)
    assert found == beats_of(rows).time_s.tolist()


def test_with_an_anticipation_a_beat_is_known_earlier() -> None:
    rows = steady(120, 4, 10)
    ahead = steady(120, 4, 10, start_s=-0.25)
    reader = BeatReader(0.25)
    for k in range(len(ahead)):
        for time in reader.push(ahead[k : k + 1]).time_s.tolist():
            assert time >= ahead.time_s[k] + 0.25 - 1e-9
    later = beats_of(ahead, 0.25)
    assert np.allclose(later.until(10.0).time_s, beats_of(rows).until(10.0).time_s[:], atol=1e-9)


def test_one_wrong_bar_phase_does_not_move_the_count_two_do() -> None:
    rows = steady(120, 4, 20)
    bar = rows.bar_phase.copy()
    bar[500:510] = (bar[500:510] + 0.25) % 1.0
    once = beats_of(Estimates(**{**vars(rows), "bar_phase": bar}))
    assert np.array_equal(once.number, beats_of(rows).number)
    bar[500:] = (rows.bar_phase[500:] + 0.5) % 1.0
    moved = beats_of(Estimates(**{**vars(rows), "bar_phase": bar}))
    assert np.array_equal(moved.number[-10:], (beats_of(rows).number[-10:] + 1) % 4 + 1)
    assert (np.diff(moved.number) % 4 != 1).sum() == 1


def test_another_meter_goes_on_from_its_own_bar() -> None:
    rows, after = steady(120, 4, 8), steady(120, 3, 8)
    both = Estimates(
        *(np.concatenate([a, b]) for a, b in zip(vars(rows).values(), vars(after).values(), strict=True))
    )  # fmt: skip
    both.time_s[:] = (np.arange(800) + 1) / 50
    numbers = beats_of(both).number
    assert numbers[14:20].tolist() == [4, 1, 2, 3, 1, 2]
    assert numbers[-6:].tolist() == [3, 1, 2, 3, 1, 2]


def test_no_beats_where_nothing_is_known() -> None:
    rows = steady(120, 4, 4)
    rows.confidence[100:] = 0.0
    assert len(beats_of(rows)) == 4
    assert beats_of(rows).time_s.max() <= 2.0


def test_a_model_of_bars_alone_gives_downbeats() -> None:
    rows = steady(120, 4, 9)
    rows.beat_phase[:] = np.nan
    rows.tempo_bpm[:] = np.nan
    rows.beats_per_bar[:] = 0
    beats = beats_of(rows)
    assert beats.number.tolist() == [1] * 4
    assert np.abs(beats.time_s - [2, 4, 6, 8]).max() <= 0.02
    text = csv_of(rows).splitlines()
    assert text[1] == "0.02,0.01000,,,,0.9000"


def test_csv_and_beat_list() -> None:
    rows = steady(120, 4, 4)
    rows.bar_phase[3] = np.nextafter(1.0, 0.0)
    lines = csv_of(rows).splitlines()
    assert lines[0] == "time_s,bar_phase,beat_phase,tempo_bpm,beats_per_bar,confidence"
    assert lines[0].split(",") == list(COLUMNS)
    assert lines[1] == "0.02,0.01000,0.04000,120.00,4,0.9000"
    assert lines[4].split(",")[1] == "0.99999"
    assert [line.split(",")[0] for line in lines[1:4]] == ["0.02", "0.04", "0.06"]
    beats = beats_of(rows)
    text = beats_text(beats)
    assert text.splitlines()[:4] == ["0.5000\t2", "1.0000\t3", "1.5000\t4", "2.0000\t1"]
    times, labels = mir_eval.io.load_labeled_events(io.StringIO(text), delimiter="\t")
    mir_eval.beat.validate(times, times)
    assert mir_eval.beat.f_measure(times, beats.time_s) == 1.0
    assert labels == [str(number) for number in beats.number]


def test_jams_follows_its_schema() -> None:
    rows = steady(120, 4, 4)
    beats = beats_of(rows)
    jams = json.loads(jams_text(beats, rows, 4.0, "song", {"causal": True}))
    assert jams["file_metadata"]["duration"] == 4.0
    spaces = [annotation["namespace"] for annotation in jams["annotations"]]
    assert spaces == ["beat", "beat", "tempo"]
    for annotation in jams["annotations"]:
        assert set(annotation) >= {"annotation_metadata", "data", "namespace"}
        for observation in annotation["data"]:
            assert set(observation) == {"time", "duration", "value", "confidence"}
            assert observation["time"] >= 0
    every, first, tempo = (annotation["data"] for annotation in jams["annotations"])
    assert [o["value"] for o in every] == beats.number.tolist()
    assert [o["time"] for o in first] == pytest.approx([2.0, 4.0])
    assert tempo[0]["value"] == 120.0


def test_nothing_is_no_beats() -> None:
    rows = steady(120, 4, 4)[:0]
    assert len(beats_of(rows)) == 0
    assert beats_text(beats_of(rows)) == ""
    assert csv_of(rows).count("\n") == 1
    assert len(json.loads(jams_text(beats_of(rows), rows, 0.0, "", {}))["annotations"]) == 2
