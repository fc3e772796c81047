"""The same model file in a browser's runtime: onnxruntime-web beside onnxruntime.

What belongs here: where the page and its runtime are, and how far the two runtimes' answers lie
apart. What does not: fetching the runtime (:mod:`groove.cli.phase_runtime`), serving the page
(:mod:`groove.cli.phase_page`).

Conventions
-----------
* A model is a step file: inputs ``frame`` (1, 320) and ``anticipation_s`` (1,); every other input
  is state that starts as zeros and comes back as ``next_<name>``.
* The browser's files run under Node, too: the comparison needs no browser.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import groove
from groove.export.onnx import ExportError, session

Array = NDArray[np.float32]

PACKAGE = "onnxruntime-web"
#: What the page needs of the package's 140 MB: the module, its WebAssembly and what loads that.
RUNTIME_FILES = (
    "ort.wasm.min.mjs",
    "ort-wasm-simd-threaded.mjs",
    "ort-wasm-simd-threaded.wasm",
)
#: Beside the files: the integrity of the package that they came from.
INTEGRITY_FILE = "integrity"
_NODE_TIMEOUT_S = 600


class RuntimeMissingError(ExportError):
    """The browser's runtime, or Node, is not here."""


@dataclass(frozen=True)
class Pinned:
    """The one version of onnxruntime-web that the page is made for.

    Parameters
    ----------
    version
        As npm numbers it.
    integrity
        Of the package file: ``sha512-`` and base64, as npm writes it into the lock.
    """

    version: str
    integrity: str


def page_folder() -> Path:
    """Return the page's folder: ``web/`` of a checkout, or else ``groove/web/`` of a wheel.

    Raises
    ------
    RuntimeMissingError
        If there is neither.
    """
    package = Path(groove.__file__).parent
    for folder in (package.parent / "web", package / "web"):
        if (folder / "index.html").is_file() and (folder / "package-lock.json").is_file():
            return folder
    raise RuntimeMissingError(f"the page's files are in neither {package.parent}/web nor {package}")


def pinned() -> Pinned:
    """Return the version in the page's ``package-lock.json``."""
    lock = json.loads((page_folder() / "package-lock.json").read_text(encoding="utf-8"))
    entry = lock["packages"][f"node_modules/{PACKAGE}"]
    return Pinned(str(entry["version"]), str(entry["integrity"]))


def runtime_folders() -> tuple[Path, ...]:
    """Return where the runtime may be put, best first: beside the page, or in the user's cache."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return page_folder() / "vendor", cache / "groove" / f"{PACKAGE}-{pinned().version}"


def runtime_folder() -> Path | None:
    """Return the folder that holds the runtime; ``None`` if it was not fetched yet.

    What ``npm ci`` installed in the page's folder counts, too: npm has checked it.
    """
    wanted = pinned()
    for folder in runtime_folders():
        note = folder / INTEGRITY_FILE
        if note.is_file() and note.read_text(encoding="utf-8").strip() == wanted.integrity:
            return folder
    installed = page_folder() / "node_modules" / PACKAGE
    described = installed / "package.json"
    if described.is_file():
        version = json.loads(described.read_text(encoding="utf-8")).get("version")
        if version == wanted.version:
            return installed / "dist"
    return None


def frame_by_frame(data: bytes, pcm: Array, anticipation_s: float = 0.0) -> dict[str, Array]:
    """Return every output but the state, ``(frames, …)``, by onnxruntime on one thread.

    Parameters
    ----------
    data
        A step file.
    pcm
        ``(samples,)`` at 16 kHz; what does not fill a frame at the end is left out.
    anticipation_s
        0 to 0.5 s.

    Raises
    ------
    ExportError
        If the file cannot be run.
    """
    running = session(data)
    inputs = {node.name: node.shape for node in running.get_inputs()}
    outputs = [node.name for node in running.get_outputs()]
    told = [name for name in outputs if not name.startswith("next_")]
    length = inputs["frame"][1]
    feeds = {name: np.zeros(shape, dtype=np.float32) for name, shape in inputs.items()}
    feeds["anticipation_s"][:] = anticipation_s
    rows: dict[str, list[Array]] = {name: [] for name in told}
    for start in range(0, len(pcm) - length + 1, length):
        feeds["frame"] = np.asarray(pcm[None, start : start + length], dtype=np.float32)
        result = dict(zip(outputs, running.run(outputs, feeds), strict=True))
        for name in told:
            rows[name].append(result[name].reshape(-1))
        feeds |= {
            name.removeprefix("next_"): value
            for name, value in result.items()
            if name.startswith("next_")
        }
    return {name: np.array(values, dtype=np.float32) for name, values in rows.items()}


def frame_by_frame_in_node(
    data: bytes, pcm: Array, anticipation_s: float = 0.0
) -> tuple[dict[str, Array], float]:
    """Return the same by onnxruntime-web under Node, and the mean milliseconds per frame.

    Raises
    ------
    RuntimeMissingError
        If Node is not installed or the runtime was not fetched.
    ExportError
        If onnxruntime-web cannot run the file.
    """
    node, runtime = shutil.which("node"), runtime_folder()
    if node is None:
        raise RuntimeMissingError("Node is not installed: parity with the browser is not measured")
    if runtime is None:
        raise RuntimeMissingError(
            f"{PACKAGE} {pinned().version} is not here: fetch it with `groove phase page --fetch`"
        )
    with tempfile.TemporaryDirectory() as folder:
        model, sound = Path(folder, "model.onnx"), Path(folder, "pcm.f32")
        model.write_bytes(data)
        sound.write_bytes(np.asarray(pcm, dtype="<f4").tobytes())
        command: list[str | Path] = [
            node,
            page_folder() / "parity.mjs",
            runtime,
            model,
            sound,
            str(anticipation_s),
        ]
        # A fixed program on files of our own; nothing of it comes from outside.
        ended = subprocess.run(  # noqa: S603  # see above
            command, capture_output=True, text=True, timeout=_NODE_TIMEOUT_S, check=False
        )
    if ended.returncode:
        lines = [line for line in ended.stderr.splitlines() if "Error" in line]
        raise ExportError(f"{PACKAGE} cannot run it: {lines[0] if lines else ended.stderr[-300:]}")
    result = json.loads(ended.stdout)
    frames = int(result["frames"])
    arrays = {
        name: np.frombuffer(base64.b64decode(text), dtype="<f4").reshape(frames, -1)
        for name, text in result["outputs"].items()
    }
    return arrays, float(result["ms_per_frame"])


def largest_difference(ours: dict[str, Array], theirs: dict[str, Array]) -> float:
    """Return the largest difference of any value; infinite where a number meets none.

    Of values over 1 (a tempo) it is taken as a share: 32 bits hold no more of them.

    Raises
    ------
    ExportError
        If names or shapes differ.
    """
    if sorted(ours) != sorted(theirs):
        raise ExportError(f"outputs differ: {sorted(ours)} and {sorted(theirs)}")
    worst = 0.0
    for name, value in ours.items():
        if value.shape != theirs[name].shape:
            raise ExportError(f"{name}: shape {theirs[name].shape}, not {value.shape}")
        difference = np.abs(value.astype(np.float64) - theirs[name]) / np.maximum(1, np.abs(value))
        worst = max(worst, float(np.nan_to_num(difference, nan=np.inf).max(initial=0.0)))
    return worst


def web_parity(onnx_bytes: bytes, pcm: Array, anticipation_s: float = 0.25) -> float:
    """Return the largest difference between onnxruntime and onnxruntime-web on the same samples.

    Both go through all of ``pcm`` frame by frame, each feeding back its own state, so that an
    error that builds up shows.

    Raises
    ------
    RuntimeMissingError
        If Node is not installed or the runtime was not fetched.
    ExportError
        If either cannot run the file.
    """
    theirs, _ = frame_by_frame_in_node(onnx_bytes, pcm, anticipation_s)
    return largest_difference(frame_by_frame(onnx_bytes, pcm, anticipation_s), theirs)
