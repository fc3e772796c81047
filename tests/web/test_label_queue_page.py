"""The page of a labelling queue in a real browser: heard, answered, saved, and put back."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from groove.audio.waveform import Waveform, encode
from groove.drums.label_queue.answers import Applied, read_answers, with_answers
from groove.drums.label_queue.folder import export_queue
from groove.drums.label_queue.ranking import queue
from groove.drums.label_queue.spec import QueueSpec
from groove.drums.manifest.schema import Component, Event
from groove.midi.taxonomy import CLASSES

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("page"), pytest.mark.timeout(300)]

HOSTILE = "__proto__</script><img src=x onerror=alert(1)>"


@pytest.fixture
def events() -> list[Event]:
    return [
        Event(
            sample_id=name, session_id="s", audio_path="takes/a ü#1.wav", onset_time=1.0 + place,
            components=[Component(label="kick")],
        )
        for place, name in enumerate(("one", "two", HOSTILE))
    ]  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path, events: list[Event]) -> Path:
    (tmp_path / "takes").mkdir()
    sound = np.random.default_rng(0).uniform(-0.01, 0.01, (2, 5 * 44_100)).astype(np.float32)
    (tmp_path / events[0].audio_path).write_bytes(encode(Waveform(sound, 44_100), "wav"))
    likely = [[0.1, 0.95 - place / 10, *[0.01] * (len(CLASSES) - 2)] for place in range(3)]
    table = pd.DataFrame({
        "sample_id": [event.sample_id for event in events], "session_id": "s",
        "path": events[0].audio_path, "onset_s": [event.onset_time for event in events],
        "true_classes": [["kick"]] * 3, "probabilities": likely,
    })  # fmt: skip
    ranked = queue(table, {"bootstrap.macro_f1": np.ones(len(CLASSES))}, QueueSpec(diversity=0))
    assert ranked["sample_id"].tolist() == ["one", "two", HOSTILE]
    labels = {event.sample_id: event.labels for event in events}
    export_queue(ranked, labels, tmp_path, tmp_path / "queue")
    return tmp_path / "queue"


def test_clips_are_heard_answered_saved_and_put_back(
    chromium: Any, folder: Path, events: list[Event], tmp_path: Path
) -> None:
    context = chromium.new_context(accept_downloads=True)
    page = context.new_page()
    asked: list[str] = []
    problems: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda said: problems.append(said.text) if said.type == "error" else None)
    page.on("dialog", lambda box: problems.append(box.message))
    try:
        page.goto((folder / "index.html").as_uri())
        assert page.locator("article").count() == 3
        assert page.locator("#progress").inner_text() == "0 of 3 answered"
        first = page.locator("article").first
        assert "heard for sure, but not labelled: snare" in first.inner_text()
        assert "labelled kick" in first.inner_text()
        assert "snare 95 %" in first.inner_text()
        assert "may move bootstrap.macro_f1" in first.inner_text()
        assert page.locator("#save").get_attribute("aria-disabled") == "true"

        # A sound plays, and is as long as it was cut.
        script = """() => { const audio = document.querySelector('audio');
            return audio.play().then(() => audio.duration); }"""
        assert page.evaluate(script) == pytest.approx(1.5, abs=0.01)

        boxes = page.locator("input.label")
        boxes.nth(0).fill("tambourinoid")
        assert "no drum of the taxonomy" in first.inner_text()
        boxes.nth(0).fill("SD + Hi-Hat_open")
        boxes.nth(0).press("Enter")
        assert page.evaluate(
            "document.activeElement === document.querySelectorAll('input.label')[1]"
        )
        page.locator("input.note").nth(0).fill("a flam?")
        page.locator("button.none").nth(2).click()
        assert page.locator("#progress").inner_text() == "2 of 3 answered"

        # What was typed is still there when the page is opened again.
        page.reload()
        assert page.locator("#progress").inner_text() == "2 of 3 answered"
        page.locator("button.same").nth(1).click()
        with page.expect_download() as saving:
            page.locator("#save").click()
        assert saving.value.suggested_filename == "labels.jsonl"
        saving.value.save_as(tmp_path / "labels.jsonl")
    finally:
        context.close()
    assert not problems
    assert all(url.startswith((folder.as_uri(), "blob:")) for url in asked), asked

    done = Applied()
    answers = read_answers(tmp_path / "labels.jsonl")
    one, two, hostile = with_answers(events, answers, done)
    assert one.labels == ["snare", "hihat_open"]
    assert one.qc["label_review"]["note"] == "a flam?"
    assert two.labels == ["kick"]
    assert (hostile.sample_id, hostile.negative_example) == (HOSTILE, True)
    assert (done.corrected, done.confirmed, done.stale) == (2, 1, [])
