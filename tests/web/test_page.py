"""The page in a real browser: what it computes, what it hears, what it says when it cannot."""

import base64
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import soxr

from groove.cli.page_server import served
from groove.export.web import frame_by_frame, largest_difference, page_folder
from groove.phase.play.resampling import Resampler

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("page"), pytest.mark.timeout(300)]

Serve = Callable[[bytes | None], Any]
PATIENCE_MS = 60_000
FIRST_HEARD = "() => barPhase.figures().frames > 100"


@contextmanager
def opened(chromium: Any, url: str, *, allowed: bool = True, state: str = "idle") -> Iterator[Any]:
    """The page, once it is in a state; it must not have tried to reach anything else."""
    context = chromium.new_context(permissions=["microphone"] if allowed else [])
    page = context.new_page()
    asked, problems = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: problems.append(str(error)))
    try:
        page.goto(url)
        page.wait_for_selector(f'html[data-state="{state}"]', timeout=PATIENCE_MS)
        yield page
    finally:
        context.close()
    assert not problems
    assert all(one.startswith((url, f"blob:{url}")) for one in asked), asked


def floats(text: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), dtype="<f4")


# Arrays go in and out as base64: a list of numbers is twenty times as long.
IN_AND_OUT = """
const bytesOf = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
const inside = (text) => new Float32Array(bytesOf(text).buffer);
const outside = (values) => {
  let text = '';
  for (const byte of new Uint8Array(values.slice().buffer)) text += String.fromCharCode(byte);
  return btoa(text);
};
"""


def run(page: Any, pcm: np.ndarray, anticipation_s: float) -> tuple[dict[str, np.ndarray], Any]:
    script = f"""async ([text, ahead]) => {{ {IN_AND_OUT}
        const {{ outputs, ...figures }} = await barPhase.run(inside(text), ahead);
        const encoded = Object.entries(outputs).map(([name, values]) => [name, outside(values)]);
        return {{ figures, outputs: Object.fromEntries(encoded) }};
    }}"""
    text = base64.b64encode(pcm.astype("<f4").tobytes()).decode()
    result = page.evaluate(script, [text, anticipation_s])
    frames = result["figures"]["frames"]
    outputs = {name: floats(one).reshape(frames, -1) for name, one in result["outputs"].items()}
    return outputs, result["figures"]


def test_the_browser_computes_what_onnxruntime_computes(
    chromium: Any,
    serve: Serve,
    real_model: bytes,
    clicks: Path,
    record_property: Callable[[str, object], None],
) -> None:
    sound, rate = soundfile.read(clicks, dtype="float32")
    pcm = soxr.resample(sound[: 12 * rate], rate, 16_000).astype(np.float32)
    expected = frame_by_frame(real_model, pcm, 0.25)
    with serve(real_model) as url, opened(chromium, url) as page:
        outputs, figures = run(page, pcm, 0.25)
    assert figures["frames"] == len(pcm) // 320
    assert figures["realTime"] > 0
    assert largest_difference(expected, outputs) < 1e-4
    record_property("browser_ms_per_frame", figures["msPerFrame"])


def test_a_microphone_is_followed(chromium: Any, serve: Serve, clockwork: bytes) -> None:
    with serve(clockwork) as url, opened(chromium, url) as page:
        page.keyboard.press("Space")
        page.wait_for_function(FIRST_HEARD, timeout=PATIENCE_MS)
        dial = page.locator("#dial")
        assert dial.get_attribute("data-tempo-bpm") == "120.00"
        assert dial.get_attribute("data-beats-per-bar") == "4"
        assert dial.get_attribute("data-confidence") == "0.900"
        phase = float(dial.get_attribute("data-bar-phase"))
        assert 0 <= phase < 1
        assert dial.get_attribute("data-beat") in {"1", "2", "3", "4"}
        page.wait_for_function("() => document.getElementById('tempo').textContent === '120'")
        assert page.locator("#meter").inner_text() == "4"
        figures = page.evaluate("barPhase.figures()")
        assert figures["dropped"] == 0
        assert figures["realTime"] > 1
        assert figures["latencyMs"] > 10
        # The drums of the fake microphone came through, at about their level.
        peaks = page.evaluate(
            """() => new Promise((resolve) => { const heard = [];
                setInterval(() => { heard.push(document.getElementById('level').style.transform);
                    if (heard.length > 40) resolve(heard); }, 50); })"""
        )
        shares = [float(one.removeprefix("scaleX(").removesuffix(")")) for one in peaks]
        assert max(shares) > 0.6
        page.keyboard.press("Space")
        page.wait_for_selector('html[data-state="idle"]')


def test_the_released_model_finds_the_bars_of_a_known_microphone(
    chromium: Any, serve: Serve, clicks: Path
) -> None:
    released = (resources.files("groove.phase") / "released" / "phase.onnx").read_bytes()
    with serve(released) as url, opened(chromium, url) as page:
        page.keyboard.press("Space")
        page.wait_for_function("() => barPhase.figures().frames > 900", timeout=2 * PATIENCE_MS)
        figures = page.evaluate("barPhase.figures()")
        history = page.evaluate("barPhase.history()")
        tempo = float(page.locator("#dial").get_attribute("data-tempo-bpm"))
    if figures["dropped"]:
        pytest.skip(f"too busy for real time: {figures['dropped']} frames were left out")
    sound, rate = soundfile.read(clicks, dtype="float32")
    # Where in the recording the microphone is: by its level, over one bar of 2 s and 100 frames.
    known = np.abs(sound[: 2 * rate]).reshape(100, -1).max(axis=1)
    late = history[-200:]
    slot = np.array([round(entry["timeS"] * 50) for entry in late])
    heard = np.zeros(100)
    np.maximum.at(heard, slot % 100, [entry["peak"] for entry in late])
    likeness = [np.corrcoef(np.roll(known, shift), heard)[0, 1] for shift in range(100)]
    start = int(np.argmax(likeness))
    assert max(likeness) > 0.7
    # A frame's phase is that of its end.
    true = (slot + 1 - (start + 1)) % 100 / 100
    told = np.array([entry["bar"] for entry in late])
    error = np.abs((told - true + 0.5) % 1 - 0.5)
    assert abs(np.log2(tempo / 120)) < 0.03
    # Within 40 ms of the recording's own bars.
    assert np.median(error) < 0.02


def test_a_model_that_tells_only_the_bar_is_followed(
    chromium: Any, serve: Serve, clockwork: bytes
) -> None:
    import onnx

    model = onnx.load_model_from_string(clockwork)
    kept = [one for one in model.graph.output if one.name in {"bar", "next_count", "next_past"}]
    del model.graph.output[:]
    model.graph.output.extend(kept)
    script = """async () => {
        const { Follower } = await import('/js/follower.js');
        const follower = new Follower([2, 3, 4]);
        for (let k = 1; k <= 100; k += 1) {
          const turns = 2 * Math.PI * 0.4 * (k * 0.02 + 0.1);
          follower.push({ timeS: k * 0.02, anticipationS: 0.1, peak: 0,
            values: { bar: [Math.sin(turns), Math.cos(turns)] } });
        }
        return [follower.at(1.0, 0), follower.at(2.3, 0.5)];
    }"""
    with serve(bytes(model.SerializeToString())) as url, opened(chromium, url) as page:
        page.locator("#start").click()
        page.wait_for_function(FIRST_HEARD, timeout=PATIENCE_MS)
        dial = page.locator("#dial")
        assert 0 <= float(dial.get_attribute("data-bar-phase")) < 1
        assert dial.get_attribute("data-tempo-bpm") == dial.get_attribute("data-beat") == ""
        assert page.locator("#tempo").inner_text() == "–"
        then, ahead = page.evaluate(script)
    # Two fifths of a bar a second, read off the phases themselves.
    assert then["bar"] == pytest.approx(0.4, abs=1e-6)
    assert ahead["bar"] == pytest.approx(2.8 * 0.4 % 1, abs=1e-6)
    assert ahead["tempo"] is None


def test_a_dial_shows_what_is_heard_of_a_file_and_turns_ahead(
    chromium: Any, serve: Serve, clockwork: bytes, clicks: Path
) -> None:
    # A bar of the clockwork takes 2 s: its phase goes along with the file, at a constant distance
    # (the silence before the player started).
    look = """() => new Promise((resolve) => { const found = [];
        const step = () => {
          const { currentTime } = document.getElementById('player');
          const off = barPhase.reading().bar - currentTime / 2;
          found.push(off - Math.floor(off + 0.5));
          if (found.length > 20) resolve(found.sort((a, b) => a - b)[10]);
          else setTimeout(step, 60);
        };
        step();
      })"""
    with serve(clockwork) as url, opened(chromium, url) as page:
        page.locator('[value="file"]').check(force=True)
        page.set_input_files("#file", clicks)
        page.wait_for_function(FIRST_HEARD, timeout=PATIENCE_MS)
        assert page.evaluate("document.documentElement.dataset.state") == "running"
        now = page.evaluate(look)
        assert abs(now) < 0.2
        assert page.evaluate(look) == pytest.approx(now, abs=0.04)
        page.evaluate(
            """() => { const slider = document.getElementById('anticipation');
                slider.value = '0.5'; slider.dispatchEvent(new Event('input')); }"""
        )
        assert page.locator("#ahead").inner_text() == "500 ms"
        assert page.evaluate(look) - now == pytest.approx(0.25, abs=0.04)
        page.locator("#start").click()
        page.wait_for_selector('html[data-state="paused"]')
        before = page.evaluate("barPhase.reading().bar")
        page.wait_for_timeout(300)
        assert page.evaluate("barPhase.reading().bar") == pytest.approx(before, abs=1e-6)
        page.locator("#start").click()
        page.wait_for_selector('html[data-state="running"]')


def test_it_works_without_a_network_and_without_its_server(
    chromium: Any, serve: Serve, clockwork: bytes, runtime: Path
) -> None:
    # The copies are made by name: none may be forgotten.
    listed = set(served(page_folder(), runtime, clockwork))
    context = chromium.new_context(permissions=["microphone"])
    page = context.new_page()
    try:
        with serve(clockwork) as url:
            page.goto(url)
            page.wait_for_selector('html[data-state="idle"]', timeout=PATIENCE_MS)
            page.evaluate("navigator.serviceWorker.ready.then(() => null)")
            kept = page.evaluate(
                """() => caches.open('bar-phase').then((cache) => cache.keys())
                    .then((all) => all.map(({ url }) => new URL(url).pathname))"""
            )
            assert set(kept) == listed - {"/offline.js"}
        context.set_offline(True)
        page.reload()
        page.wait_for_selector('html[data-state="idle"]', timeout=PATIENCE_MS)
        page.locator("#start").click()
        page.wait_for_function(FIRST_HEARD, timeout=PATIENCE_MS)
    finally:
        context.close()


@pytest.mark.parametrize("rate", [8000, 22_050, 44_100, 48_000, 96_000])
def test_the_page_resamples_as_the_command_does(
    chromium: Any, serve: Serve, clockwork: bytes, rate: int
) -> None:
    draw = np.random.default_rng(rate)
    sound = draw.standard_normal(rate // 2).astype(np.float32)
    script = f"""async ([text, rate]) => {{ {IN_AND_OUT}
        const {{ Resampler }} = await import('/js/resampler.js');
        const resampler = new Resampler(rate);
        const sound = inside(text);
        const pieces = [];
        for (let at = 0; at < sound.length; at += 128) {{
          pieces.push(...resampler.push(sound.subarray(at, at + 128)));
        }}
        return [resampler.delay, outside(Float32Array.from(pieces))];
    }}"""
    with serve(clockwork) as url, opened(chromium, url) as page:
        delay, text = page.evaluate(script, [base64.b64encode(sound.tobytes()).decode(), rate])
    ours = Resampler(rate)
    np.testing.assert_allclose(floats(text), ours.push(sound), atol=2e-5)
    # And both are a resampler: in the band that they pass, another one says the same.
    made, peer = floats(text)[delay:], soxr.resample(sound, rate, 16_000, "VHQ")
    count = min(len(made), len(peer))
    window = np.hanning(count)
    spectra = [np.fft.rfft(window * signal[:count]) for signal in (made, peer)]
    passed = np.fft.rfftfreq(count, 1 / 16_000) < 0.85 * min(rate, 16_000) / 2
    error = np.linalg.norm((spectra[0] - spectra[1])[passed]) / np.linalg.norm(spectra[1][passed])
    assert 20 * np.log10(error) < -60


def test_what_cannot_be_done_is_said(
    chromium: Any, serve: Serve, clockwork: bytes, tmp_path: Path
) -> None:
    words = tmp_path / "notes.wav"
    words.write_text("not a sound")
    with serve(clockwork) as url, opened(chromium, url) as page:
        page.locator('[value="file"]').check(force=True)
        page.set_input_files("#file", words)
        page.get_by_text("“notes.wav” cannot be decoded").wait_for(timeout=PATIENCE_MS)
        page.wait_for_selector('html[data-state="idle"]')
    with serve(clockwork) as url, opened(chromium, url, allowed=False) as page:
        page.locator("#start").click()
        page.get_by_text("The browser may not use the microphone").wait_for(timeout=PATIENCE_MS)
        page.evaluate(
            """() => { navigator.mediaDevices.getUserMedia = async () => {
                throw new DOMException('none', 'NotFoundError'); }; }"""
        )
        page.locator("#start").click()
        page.get_by_text("No microphone was found").wait_for(timeout=PATIENCE_MS)
    with serve(None) as url, opened(chromium, url, state="failed") as page:
        page.get_by_text("there is none. Start the page with groove phase page").wait_for()
        assert page.locator("#start").is_disabled()
    with serve(b"no model") as url, opened(chromium, url, state="failed") as page:
        page.get_by_text("ONNX Runtime cannot run it").wait_for()
