"""A server, a browser and models for the tests of the page."""

import json
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from groove.cli.downloading import FetchError
from groove.cli.page_server import PageServer, served
from groove.cli.phase_runtime import ensure_runtime
from groove.export.web import page_folder

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
BROWSER = next((found for name in BROWSERS if (found := shutil.which(name))), None)
SWITCHES = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--autoplay-policy=no-user-gesture-required",
    # Nothing but this machine can be reached, whatever the page asks for.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]
RATE = 16_000


@pytest.fixture(scope="session")
def runtime() -> Path:
    """The folder with onnxruntime-web."""
    try:
        return ensure_runtime()
    except FetchError as error:
        pytest.skip(f"onnxruntime-web is not here and npm's registry is out of reach: {error}")


@pytest.fixture(scope="session")
def real_model() -> bytes:
    """The released model; before there is one, an untrained network of the same kind."""
    from groove.export.onnx import export
    from groove.phase.model.card import card, with_card
    from groove.phase.model.registry import build
    from groove.phase.model.streaming import step_case
    from groove.phase.play.stepfile import model_bytes
    from groove.phase.spec import NetworkSpec

    try:
        return model_bytes(None)[1]
    except ValueError:
        spec = NetworkSpec()
        return with_card(export(step_case(build(spec))), card(spec))


@pytest.fixture(scope="session")
def clockwork() -> bytes:
    """A model that knows the answer: 120 beats a minute, four in a bar, from the first frame on.

    Its outputs are a function of how many frames it has heard; ``activations`` begin with the
    mean level of the frame before and the peak of this one, so that what it heard shows, too.
    """
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    def tensor(name: str, *shape: int) -> Any:
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, list(shape))

    def constant(name: str, value: Any) -> Any:
        return numpy_helper.from_array(np.asarray(value, dtype=np.float32), name)

    node = helper.make_node
    nodes = [
        node("Add", ["count", "one"], ["next_count"]),
        node("Mul", ["next_count", "frame_s"], ["heard_s"]),
        node("Reshape", ["anticipation_s", "column"], ["ahead_s"]),
        node("Add", ["heard_s", "ahead_s"], ["asked_s"]),
        node("Identity", ["frame"], ["next_past"]),
        node("Abs", ["past"], ["past_level"]),
        node("Abs", ["frame"], ["frame_level"]),
        node("ReduceMean", ["past_level", "last"], ["mean"], keepdims=1),
        node("ReduceMax", ["frame_level", "last"], ["peak"], keepdims=1),
        node("Mul", ["heard_s", "bar_turns"], ["heard_angle"]),
        node("Sin", ["heard_angle"], ["heard_sin"]),
        node("Cos", ["heard_angle"], ["heard_cos"]),
        node("Concat", ["mean", "peak", "heard_sin", "heard_cos"], ["activations"], axis=1),
        node("Identity", ["none"], ["silence"]),
        node("Identity", ["tempo"], ["tempo_bpm"]),
        node("Identity", ["four"], ["meters"]),
        node("Identity", ["sure"], ["confidence"]),
    ]
    for name, turns in (("bar", "bar_turns"), ("beat", "beat_turns")):
        nodes += [
            node("Mul", ["asked_s", turns], [f"{name}_angle"]),
            node("Sin", [f"{name}_angle"], [f"{name}_sin"]),
            node("Cos", [f"{name}_angle"], [f"{name}_cos"]),
            node("Concat", [f"{name}_sin", f"{name}_cos"], [name], axis=1),
        ]
    graph = helper.make_graph(
        nodes,
        "clockwork",
        [
            tensor("frame", 1, 320),
            tensor("anticipation_s", 1),
            tensor("count", 1, 1),
            tensor("past", 1, 320),
        ],
        [
            tensor("bar", 1, 2),
            tensor("beat", 1, 2),
            tensor("tempo_bpm", 1),
            tensor("meters", 1, 6),
            tensor("confidence", 1),
            tensor("activations", 1, 4),
            tensor("silence", 1),
            tensor("next_count", 1, 1),
            tensor("next_past", 1, 320),
        ],
        [
            constant("one", [[1]]),
            constant("frame_s", [[0.02]]),
            constant("bar_turns", [[np.pi]]),
            constant("beat_turns", [[4 * np.pi]]),
            constant("tempo", [120]),
            constant("four", [[0.01, 0.02, 0.94, 0.01, 0.01, 0.01]]),
            constant("sure", [0.9]),
            constant("none", [0.0]),
            numpy_helper.from_array(np.array([1, 1], dtype=np.int64), "column"),
            numpy_helper.from_array(np.array([1], dtype=np.int64), "last"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)])
    model.ir_version = 10
    held = {"stage": "phase_model", "network": "clockwork", "model_id": "ticking"}
    helper.set_model_props(model, {"groove": json.dumps(held)})
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


@pytest.fixture(scope="session")
def serve(runtime: Path) -> Callable[..., Any]:
    """A context that serves the page with a model; without one, it is missing."""

    @contextmanager
    def serving(model: bytes | None) -> Iterator[str]:
        files = served(page_folder(), runtime, model or b"")
        if model is None:
            del files["/model.onnx"]
        server = PageServer(files, 0)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server.url
        finally:
            server.shutdown()
            server.server_close()
            thread.join()

    return serving


@pytest.fixture(scope="session")
def clicks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """24 s of a drum pattern at 120 beats a minute in 4/4, at 44.1 kHz."""
    rate = 44_100
    draw = np.random.default_rng(0)
    times = np.arange(int(0.12 * rate)) / rate
    kick = np.sin(2 * np.pi * 60 * times) * np.exp(-times * 20)
    snare = 0.5 * draw.standard_normal(len(times)) * np.exp(-times * 30)
    hat = 0.15 * draw.standard_normal(len(times)) * np.exp(-times * 90)
    sound = np.zeros(24 * rate)
    for eighth in range(24 * 4):
        stroke = hat + kick * (eighth % 8 == 0) + 0.7 * kick * (eighth % 8 == 5)
        stroke = stroke + snare * (eighth % 4 == 2)
        start = eighth * rate // 4
        stroke = stroke[: len(sound) - start]
        sound[start : start + len(stroke)] += stroke
    path = tmp_path_factory.mktemp("clicks") / "clicks.wav"
    soundfile.write(path, 0.5 * sound / np.abs(sound).max(), rate, subtype="PCM_16")
    return path


@pytest.fixture(scope="session")
def chromium(clicks: Path) -> Iterator[Any]:
    """A browser whose microphone hears the drum pattern, over and over."""
    if BROWSER is None:
        pytest.skip("no Chromium on this machine")
    from playwright.sync_api import sync_playwright

    switches = [
        *SWITCHES,
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-audio-capture={clicks}",
    ]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=switches)
        yield browser
        browser.close()
