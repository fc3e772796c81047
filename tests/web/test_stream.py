"""The page's queue of frames, under Node: what is left out, and what breaks, begins anew."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import Any

import pytest

from groove.export.web import page_folder

NODE = shutil.which("node")
pytestmark = pytest.mark.skipif(NODE is None, reason="no Node on this machine")

# A model whose state counts its frames; told is the count, or no number where a frame says so.
MODEL = """
import { Stream, MOST_WAITING, KEPT, isSane } from './js/stream.js';
const model = {
  started: 0,
  start() { this.started += 1; return { count: 0 }; },
  async step(frame, anticipationS, state) {
    state.count += 1;
    if (frame[0] === 7) state.count = NaN;
    return { bar: Float32Array.of(state.count, anticipationS) };
  },
};
const stream = new Stream(model);
const frame = (value = 0) => ({ frame: new Float32Array(320).fill(value), timeS: 0 });
"""


def ran(script: str) -> Any:
    assert NODE is not None
    done = subprocess.run(
        [NODE, "--input-type=module", "-e", f"{MODEL}\n{script}"],
        cwd=page_folder(), capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_frames_are_heard_in_order_with_one_state() -> None:
    assert ran("""
        for (let k = 0; k < 3; k += 1) stream.push({ ...frame(), timeS: k });
        const seen = [];
        while (stream.waiting.length) {
          const { entry, told } = await stream.next(0.25);
          seen.push([entry.timeS, ...told.bar]);
        }
        console.log(JSON.stringify(seen));
    """) == [[0, 1, 0.25], [1, 2, 0.25], [2, 3, 0.25]]


def test_after_frames_were_left_out_it_starts_anew() -> None:
    found = ran("""
        stream.push(frame());
        await stream.next(0);
        for (let k = 0; k <= MOST_WAITING; k += 1) stream.push({ ...frame(), timeS: k });
        const left = stream.waiting.length;
        const { entry, told } = await stream.next(0);
        const { dropped } = stream;
        stream.restart();
        console.log(JSON.stringify({ left, KEPT, dropped, timeS: entry.timeS, first: told.bar[0],
          after: [stream.dropped, stream.waiting.length] }));
    """)
    assert found["left"] == found["KEPT"]
    assert found["dropped"] == 101 - found["KEPT"]
    # The newest are kept, and heard from a fresh start: the old state is of a time before them.
    assert found["timeS"] == 101 - found["KEPT"]
    assert found["first"] == 1
    assert found["after"] == [0, 0]


def test_what_is_no_number_begins_anew() -> None:
    assert ran("""
        const seen = [];
        for (const value of [0, 0, 7, 0, 0]) {
          stream.push(frame(value));
          seen.push((await stream.next(0)).told.bar[0]);
        }
        console.log(JSON.stringify([seen, isSane({ a: [1, NaN] }), isSane({ a: [1, 2] })]));
    """) == [[1, 2, 1, 2, 3], False, True]


def test_a_model_that_never_tells_a_number_is_said() -> None:
    assert (
        ran("""
        model.step = async () => ({ bar: Float32Array.of(NaN) });
        stream.push(frame());
        const why = await stream.next(0).catch((error) => error.message);
        console.log(JSON.stringify(why));
    """)
        == "it gives no numbers, not even of silence"
    )
