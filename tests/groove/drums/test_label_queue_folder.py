"""The folder of a queue, and answers back in a manifest: exact, whole, and safe with any names."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from groove.audio.waveform import AudioError, Waveform, encode, read_audio
from groove.drums.label_queue import folder, page
from groove.drums.label_queue.answers import Applied, read_answers, with_answers
from groove.drums.label_queue.folder import QueueError, export_queue
from groove.drums.label_queue.ranking import queue
from groove.drums.label_queue.snippets import snippet
from groove.drums.label_queue.spec import QueueSpec, SnippetSpec
from groove.drums.manifest.schema import Event, ManifestError, event_of
from groove.drums.manifest.writing import line_of
from groove.midi.taxonomy import CLASSES, LABELS, label_of_alias

RATE = 8000
UNFADED = SnippetSpec(fade_s=0)


def noise(path: Path, seconds: float = 4.0, channels: int = 1) -> np.ndarray:
    samples = np.random.default_rng(0).uniform(-0.5, 0.5, (channels, int(seconds * RATE)))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encode(Waveform(samples.astype(np.float32), RATE), "wav", "PCM_16"))
    return read_audio(path.read_bytes()).samples


def ranked(*rows: tuple[str, str, float]) -> pd.DataFrame:
    return queue(
        pd.DataFrame([
            {"sample_id": name, "session_id": "s", "path": path, "onset_s": onset_s,
             "true_classes": ["kick"], "probabilities": [0.01, 0.9 - n / 100, *[0.01] * 10]}
            for n, (name, path, onset_s) in enumerate(rows)
        ]),
        {}, QueueSpec(diversity=0),
    )  # fmt: skip


def contents(root: Path) -> dict[str, bytes]:
    return {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*") if p.is_file()}


def test_a_snippet_is_the_sound_around_the_onset_at_its_level() -> None:
    samples = np.random.default_rng(1).uniform(-0.9, 0.9, (2, 4 * RATE)).astype(np.float32)
    wave = Waveform(samples, RATE)
    found = snippet(wave, 2.0, SnippetSpec())
    plain = samples[:, int(1.5 * RATE) : 3 * RATE]
    edge = int(0.01 * RATE)
    np.testing.assert_array_equal(found.samples[:, edge:-edge], plain[:, edge:-edge])
    assert abs(found.samples[:, [0, -1]]).max() == 0
    assert (abs(found.samples) <= abs(plain)).all()
    assert snippet(wave, 0.1, UNFADED).samples.shape[1] == round(1.1 * RATE)
    assert snippet(wave, 3.9, UNFADED).samples.shape[1] == round(0.6 * RATE)
    assert snippet(Waveform(np.zeros((6, RATE), np.float32), RATE), 0.5, UNFADED).channels == 1
    for time in (4.0, -0.1, float("nan")):
        with pytest.raises(AudioError, match="outside"):
            snippet(wave, time, UNFADED)


def test_the_folder_has_sounds_lists_and_a_page_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = noise(tmp_path / "in" / "a" / "b.wav")[0]
    table = ranked(("one", "a/b.wav", 1.0), ("two", "a/b.wav", 2.0), ("gone", "c.wav", 1.0))
    out = tmp_path / "deep" / "queue"
    done = export_queue(table, {"one": ["kick"]}, tmp_path / "in", out, UNFADED)
    assert (done.clips, done.written) == (2, 2)
    assert [name for name, _ in done.refused] == ["gone"]
    lines = [json.loads(line) for line in (out / "queue.jsonl").read_bytes().splitlines()]
    assert [(line["rank"], line["sample_id"]) for line in lines] == [(1, "one"), (2, "two")]
    assert re.fullmatch(r"audio/0001_snare_[0-9a-f]{12}\.flac", lines[0]["audio"])
    assert lines[0]["labels"] == ["kick"]
    sound = read_audio((out / lines[1]["audio"]).read_bytes())
    np.testing.assert_array_equal(sound.samples[0], whole[int(1.5 * RATE) : 3 * RATE])
    rows = list(csv.DictReader(io.StringIO((out / "queue.csv").read_text())))
    assert float(rows[1]["p_snare"]) == pytest.approx(0.89)
    assert rows[0]["why"] == "hard_negative"
    before = contents(out)
    assert {str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()} == {
        "export.json", "queue.jsonl", "queue.csv", "index.html", *(one["audio"] for one in lines),
    }  # fmt: skip

    # Killed at the second sound, with a torn one left: the first is not cut again.
    (out / "index.html").unlink()
    (out / lines[1]["audio"]).write_bytes(b"fLaC torn")
    again = export_queue(table, {"one": ["kick"]}, tmp_path / "in", out, UNFADED)
    assert again.written == 1
    assert contents(out) == before

    # A page that cannot be written leaves no half of one, and no file beside it.
    (out / "index.html").unlink()
    monkeypatch.setattr(folder, "page", lambda *_: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(OSError, match="full"):
        export_queue(table, {"one": ["kick"]}, tmp_path / "in", out, UNFADED)
    assert not (out / "index.html").exists()
    assert not [name for name in contents(out) if name.endswith(".tmp")]


def test_another_queue_or_another_folder_is_refused(tmp_path: Path) -> None:
    noise(tmp_path / "a.wav")
    table = ranked(("one", "a.wav", 1.0))
    export_queue(table, {}, tmp_path, tmp_path / "q", UNFADED)
    with pytest.raises(QueueError, match="another queue"):
        export_queue(ranked(("two", "a.wav", 1.0)), {}, tmp_path, tmp_path / "q", UNFADED)
    with pytest.raises(QueueError, match="another queue"):
        export_queue(table, {}, tmp_path, tmp_path / "q", SnippetSpec(pre_s=0.2))
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("x")
    with pytest.raises(QueueError, match="not empty"):
        export_queue(table, {}, tmp_path, tmp_path / "full", UNFADED)
    with pytest.raises(QueueError, match="is a file"):
        export_queue(table, {}, tmp_path, tmp_path / "a.wav", UNFADED)


def test_nothing_is_read_or_written_elsewhere(tmp_path: Path) -> None:
    root, out = tmp_path / "root", tmp_path / "q"
    noise(root / "a.wav")
    noise(tmp_path / "secret.wav")
    (root / "link.wav").symlink_to(tmp_path / "secret.wav")
    for path in ("../secret.wav", "/etc/passwd", "link.wav", "a//b.wav", "C:\\x.wav"):
        with pytest.raises(ManifestError, match="audio_path"):
            export_queue(ranked(("one", path, 1.0)), {}, root, out, UNFADED)
    assert not out.exists()
    # A link where the sounds go, or in a sound's place, is not written through.
    table = ranked(("one", "a.wav", 1.0))
    export_queue(table, {}, root, out, UNFADED)
    name = json.loads((out / "queue.jsonl").read_text())["audio"]
    (out / name).unlink()
    (out / name).symlink_to(tmp_path / "secret.wav")
    secret = (tmp_path / "secret.wav").read_bytes()
    assert export_queue(table, {}, root, out, UNFADED).written == 1
    assert not (out / name).is_symlink()
    assert (tmp_path / "secret.wav").read_bytes() == secret
    (out / name).unlink()
    (out / "audio").rmdir()
    (tmp_path / "elsewhere").mkdir()
    (out / "audio").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(QueueError, match="no folder of its own"):
        export_queue(table, {}, root, out, UNFADED)
    assert not any((tmp_path / "elsewhere").iterdir())


@settings(max_examples=25, deadline=None)
@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=30))
def test_names_are_data_in_the_page_and_in_a_spreadsheet(name: str) -> None:
    line = {
        "rank": 1, "why": "missed", "asked": "kick", "loss": 1.0, "effect": 1.0, "gates": [],
        "labels": [name], "predicted": [], "probabilities": dict.fromkeys(CLASSES, 0.5),
        "sample_id": name, "audio_path": name, "onset_time": 1.0, "audio": "audio/1.flac",
    }  # fmt: skip
    text = page.page([line, {**line, "sample_id": "</script><script>alert(1)"}], 0.5).decode()
    data = re.search(r'<script type="application/json" id="queue">(.*?)</script>', text, re.DOTALL)
    assert data is not None
    assert [one["sample_id"] for one in json.loads(data[1])["clips"]] == [
        name, "</script><script>alert(1)",
    ]  # fmt: skip
    assert text.count("<script") == 2
    sheet = folder._sheet([{**line, "sample_id": "=HYPERLINK(1)"}]).decode()
    assert next(csv.DictReader(io.StringIO(sheet)))["sample_id"] == "'=HYPERLINK(1)"


def test_the_page_reads_names_as_a_manifest_does_and_asks_for_nothing_else() -> None:
    known = page.names()
    assert set(known.values()) == set(LABELS)
    assert all(label_of_alias(name) == label for name, label in known.items())
    assert (known["hh"], known["sd"], known["snare drum"]) == ("hihat_closed", "snare", "snare")
    text = page.page([], 0.5).decode()
    assert not re.search(r"https?:|//[a-z]|@import|url\(|<link|src=", text)


# Answers


def event(name: str, *labels: str, **fields: Any) -> Event:
    row = {
        "sample_id": name, "session_id": "s", "kit_id": "oak", "audio_path": "a.wav",
        "onset_time": 1.0, "components": [{"label": label, "velocity": 0.5} for label in labels],
    }  # fmt: skip
    return event_of({**row, "negative_example": not labels, **fields})


def answers(*rows: dict[str, Any]) -> Any:
    return read_answers(b"".join(json.dumps(row).encode() + b"\n" for row in rows))


def test_answers_become_labels_and_leave_everything_else() -> None:
    before = [
        event("wrong", "kick", "snare", qc={"gain": 3}, split="test", label_method="midi"),
        event("right", "kick", qc="checked"),
        event("nothing", "ride_bell"),
        event("negative", techniques=["flam"]),
        event("untouched", "kick"),
    ]
    given = answers(
        {"sample_id": "wrong", "labels": ["SD", "hi-hat open"], "was": ["kick", "snare"],
         "note": "a buzz"},
        {"sample_id": "right", "labels": ["bass drum"]},
        {"sample_id": "nothing", "labels": []},
        {"sample_id": "negative", "labels": ["crash"]},
    )  # fmt: skip
    done = Applied()
    after = list(with_answers(before, given, done))
    wrong, right, nothing, negative, untouched = after
    assert wrong.labels == ["snare", "hihat_open"]
    assert [c.velocity for c in wrong.components] == [0.5, None]
    review = {"was": ["kick", "snare"], "method_was": "midi", "labels": ["snare", "hihat_open"]}
    assert wrong.qc == {"gain": 3, "label_review": {**review, "note": "a buzz"}}
    assert (wrong.label_method, wrong.split, wrong.kit_id) == ("human", "test", "oak")
    assert right.components == before[1].components
    assert right.label_method == "human"
    assert right.qc["before"] == "checked"
    assert (nothing.components, nothing.negative_example) == ([], True)
    assert (negative.labels, negative.negative_example) == (["crash"], False)
    assert untouched == before[4]
    assert (done.corrected, done.confirmed, done.added, done.stale) == (3, 1, 0, [])
    # What comes out is a manifest; once more changes nothing.
    assert [event_of(json.loads(line_of(one))) for one in after] == after
    assert list(with_answers(after, given, Applied())) == after


def test_a_false_alarm_becomes_an_event_and_what_changed_meanwhile_stays() -> None:
    before = [event("a", "kick", license="CC0-1.0"), event("b", "crash")]
    place = {"audio_path": "a.wav", "onset_time": 3.5}
    given = answers(
        {"sample_id": "a.wav@3.5000", "labels": [], "was": [], **place},
        {"sample_id": "a.wav@4.0000", "labels": ["kick"], **place, "onset_time": 4.0},
        {"sample_id": "b", "labels": ["ride"], "was": ["snare"]},
    )  # fmt: skip
    done = Applied()
    after = list(with_answers(before, given, done))
    assert after[:2] == before
    assert done.stale == ["b"]
    assert [(e.onset_time, e.labels, e.negative_example) for e in after[2:]] == [
        (3.5, [], True), (4.0, ["kick"], False),
    ]  # fmt: skip
    assert (after[2].license, after[2].kit_id, after[2].session_id) == ("CC0-1.0", "oak", "s")
    assert list(with_answers(after, given, Applied())) == after
    for lost in (
        {"sample_id": "z", "labels": []},
        {"sample_id": "z", "labels": [], "audio_path": "z.wav", "onset_time": 1.0},
    ):
        with pytest.raises(ManifestError, match="no event"):
            list(with_answers(before, answers(lost), Applied()))


@pytest.mark.parametrize(
    "row", [{}, {"sample_id": "a"}, {"sample_id": "a", "labels": ["zither"]},
            {"sample_id": "a", "labels": "kick"}, {"sample_id": "a", "labels": [], "x": 1},
            {"sample_id": "a", "labels": [], "audio_path": "../a.wav", "onset_time": 1.0},
            {"sample_id": "a", "labels": [], "onset_time": -1.0},
            {"sample_id": "a", "labels": ["kick"] * 65}]
)  # fmt: skip
def test_answers_that_cannot_be_used_are_refused_by_line(row: dict[str, Any]) -> None:
    good = {"sample_id": "b", "labels": ["kick"]}
    with pytest.raises(ManifestError, match="line 2"):
        answers(good, row)
    with pytest.raises(ManifestError, match="line 1"):
        read_answers(b"not JSON")


def test_of_two_answers_the_last_counts() -> None:
    given = answers({"sample_id": "a", "labels": ["kick"]}, {"sample_id": "a", "labels": ["ride"]})
    (only,) = with_answers([event("a", "snare")], given, Applied())
    assert only.classes == ["ride"]


def test_sounds_of_any_rate_and_width_become_files(tmp_path: Path) -> None:
    noise(tmp_path / "six.wav", channels=6)
    export_queue(ranked(("one", "six.wav", 1.0)), {}, tmp_path, tmp_path / "q")
    (sound,) = (tmp_path / "q" / "audio").iterdir()
    about = soundfile.info(sound)
    assert (about.channels, about.samplerate, about.frames) == (1, RATE, round(1.5 * RATE))
