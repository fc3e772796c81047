"""What a bar-phase model must stand before it is released, as rows of ``phase_checks``.

* Parity: told of a whole file by torch at once, and frame by frame by torch, by ONNX Runtime
  through the tracker that users have (in blocks of odd sizes), and by onnxruntime-web, it is the
  same. Tempo is compared in shares of itself.
* Bad audio: every figure is a number, and where there is no beat, or none any more for three
  seconds, no row has much confidence.
* Speed: the median time of a frame in ONNX Runtime on one core, and the mean one under Node.
* The model that is shipped, whatever was trained here: it finds the bars of plain clicks, and its
  two files are one model (:mod:`groove.phase.judge.shipped`).

A runtime that is not installed has a row without a value: the gate names it, and no figure is
made up for it.

What belongs here: measuring these. What does not: verdicts (:mod:`groove.phase.quality`).
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from groove.core.store import Store
from groove.core.tables import records
from groove.export.web import RuntimeMissingError, frame_by_frame_in_node
from groove.phase.judge.signals import SETTLED_S, Signal, clicks, signals
from groove.phase.judge.spec import PhaseCheckSpec
from groove.phase.judge.table import OURS, network_of
from groove.phase.labels import FRAME, FRAME_RATE_HZ

if TYPE_CHECKING:
    from groove.phase.model.registry import PhaseModel
    from groove.phase.play.estimates import Estimates

VERSION = "2"

Told = Mapping[str, NDArray[np.float64]]
#: Given a model's ONNX file, 16 kHz samples and an anticipation: what is told of each frame, and
#: the milliseconds that one took.
Runtime = Callable[[bytes, NDArray[np.float32], float], tuple[Told, float]]

_LOOK_S = 0.25
#: Blocks that samples arrive in: none of them a whole number of frames.
_BLOCKS = (1, 37, 320, 1001, 4096)
_WARM_FRAMES = 50
_STRETCHES = 5
#: Begins the note of a runtime that is missing and may be.
NOT_REQUIRED = "not required"


def check(
    phase_model: pd.DataFrame, *, spec: PhaseCheckSpec, store: Store, web: Runtime | None = None
) -> Iterator[dict[str, Any]]:
    """Yield the rows of ``phase_checks`` of our network, or of the first one.

    Parameters
    ----------
    phase_model
        Trained networks.
    web
        Runs the file in a browser's runtime; :func:`in_node` without it.
    """
    import torch

    from groove.phase.judge.shipped import shipped
    from groove.phase.model.registry import load
    from groove.phase.model.release import exported

    torch.set_num_threads(spec.threads)
    rows = records(phase_model)
    ours = [row for row in rows if network_of(row) == OURS] or rows
    for row in ours[:1]:
        weights = store.read(row["blob"])
        model, data = load(weights), exported(weights)
        found = [
            *_parity(model, data, spec, web or in_node),
            *_bad_audio(data, spec),
            _speed(data, spec),
        ]
        for one in found:
            yield {"model_id": row["model_id"], **one}
    if spec.released:
        yield from shipped()


def _row(
    name: str, case: str, value: float | None, unit: str = "", note: str = ""
) -> dict[str, Any]:
    return {"check": name, "case": case, "value": value, "unit": unit, "note": note}


def _parity(
    model: PhaseModel, data: bytes, spec: PhaseCheckSpec, web: Runtime
) -> Iterator[dict[str, Any]]:
    samples = clicks(spec.seconds, spec.seed)
    samples = samples[: len(samples) // FRAME * FRAME]
    whole = whole_file(model, samples, _LOOK_S)
    yield _row("parity", "torch_step", difference(whole, by_steps(model, samples, _LOOK_S)))
    yield _row("parity", "onnxruntime", difference(whole, by_tracker(data, samples, _LOOK_S)))
    try:
        told, ms = web(data, samples, _LOOK_S)
    except RuntimeMissingError as error:
        why = str(error) if spec.web_required else f"{NOT_REQUIRED}: {error}"
        yield _row("parity", "onnxruntime_web", None, note=why)
        return
    yield _row("parity", "onnxruntime_web", difference(whole, told))
    yield _row("speed", "onnxruntime_web", ms, "ms")


def difference(first: Told, second: Told) -> float:
    """Return the largest difference of what both tell; infinite where one tells no number.

    Raises
    ------
    ValueError
        If they tell nothing that can be compared, or of different numbers of frames.
    """
    shared = sorted(first.keys() & second.keys())
    if "bar" not in shared:
        raise ValueError("nothing to compare: a runtime tells no bar phase")
    worst = 0.0
    for name in shared:
        if first[name].shape != second[name].shape:
            raise ValueError(f"{name}: shapes {first[name].shape} and {second[name].shape} differ")
        scale = np.maximum(first[name], 1.0) if name == "tempo_bpm" else 1.0
        apart = np.abs(first[name] - second[name]) / scale
        worst = max(worst, float(np.nan_to_num(apart, nan=np.inf).max(initial=0.0)))
    return worst


def whole_file(model: PhaseModel, samples: NDArray[np.float32], look_s: float) -> Told:
    """Return what torch tells of ``(n,)`` samples at once."""
    import torch

    from groove.phase.judge.evaluation import told_at

    told = told_at(model, torch.from_numpy(samples)[None], [look_s])[0]
    return {
        name: value[0].double().numpy()
        for name, value in told._asdict().items()
        if value is not None
    }


def by_steps(model: PhaseModel, samples: NDArray[np.float32], look_s: float) -> Told:
    """Return what torch tells of the same frame by frame."""
    import torch

    from groove.phase.model.streaming import PhaseStep

    step = PhaseStep(model).eval()
    state, frames = step.start(), []
    with torch.no_grad():
        for frame in torch.from_numpy(samples).reshape(-1, 1, FRAME):
            result = step(frame, torch.tensor([look_s]), *state)
            told, state = result[: len(step.outputs)], list(result[len(step.outputs) :])
            frames.append([value[0].double().numpy() for value in told])
    return {
        name: np.array(values)
        for name, values in zip(step.outputs, zip(*frames, strict=True), strict=True)
    }


def by_tracker(data: bytes, samples: NDArray[np.float32], look_s: float) -> Told:
    """Return what the tracker tells, samples arriving in blocks of odd sizes."""
    from groove.phase.play.estimates import joined
    from groove.phase.play.tracker import PhaseTracker

    tracker = PhaseTracker(data, look_s)
    parts, at, turn = [], 0, 0
    while at < len(samples):
        block = samples[at : at + _BLOCKS[turn % len(_BLOCKS)]]
        parts.append(tracker.push(block))
        at, turn = at + len(block), turn + 1
    return _told_of(joined(parts))


def in_node(data: bytes, samples: NDArray[np.float32], look_s: float) -> tuple[Told, float]:
    """Return what onnxruntime-web tells under Node, and its milliseconds per frame.

    Raises
    ------
    groove.export.web.RuntimeMissingError
        If it is not installed.
    """
    told, ms = frame_by_frame_in_node(data, samples, look_s)
    single = ("tempo_bpm", "confidence", "silence")
    return {
        name: (value[:, 0] if name in single else value).astype(np.float64)
        for name, value in told.items()
    }, ms


def _told_of(rows: Estimates) -> Told:
    """Return rows as the model's own outputs; unknown ones are left out."""
    told = {"bar": _on_circle(rows.bar_phase, rows.confidence)}
    if np.isfinite(rows.tempo_bpm).all():
        told["tempo_bpm"], told["confidence"] = rows.tempo_bpm, rows.confidence
        told["activations"] = rows.activations.astype(np.float64)
    return told


def _on_circle(phase: NDArray[np.float64], length: NDArray[np.float64]) -> NDArray[np.float64]:
    angle = 2 * np.pi * phase
    return np.stack([np.sin(angle), np.cos(angle)], axis=1) * length[:, None]


def _bad_audio(data: bytes, spec: PhaseCheckSpec) -> Iterator[dict[str, Any]]:
    from groove.phase.play.tracker import PhaseTracker

    for signal in signals(spec.seconds, spec.seed, spec.draws):
        rows = PhaseTracker(data, _LOOK_S, signal.sample_rate).push(signal.pcm)
        yield _row("finite", signal.name, _finite(rows, signal))
        if math.isfinite(signal.beatless_from_s):
            late = rows.time_s > signal.beatless_from_s + SETTLED_S
            sure = float(rows.confidence[late].max(initial=0.0))
            yield _row("bad_audio", signal.name, sure if late.any() else None)


def _finite(rows: Estimates, signal: Signal) -> float:
    """Return the share of expected figures that came, and are numbers within their range."""
    expected = int(signal.pcm.shape[1] / signal.sample_rate * FRAME_RATE_HZ)
    sane = (rows.bar_phase >= 0) & (rows.bar_phase < 1)
    sane &= (rows.confidence >= 0) & (rows.confidence <= 1)
    if np.isfinite(rows.tempo_bpm).any():
        sane &= (rows.beat_phase >= 0) & (rows.beat_phase < 1) & np.isfinite(rows.tempo_bpm)
    return float(sane.sum()) / expected if expected else 0.0


def _speed(data: bytes, spec: PhaseCheckSpec) -> dict[str, Any]:
    from groove.phase.play.stepfile import StepFile

    file = StepFile(data)
    state, spent = file.start(), []
    samples = clicks((spec.timed_frames + _WARM_FRAMES) / FRAME_RATE_HZ + 1, spec.seed)
    for frame in samples[: (spec.timed_frames + _WARM_FRAMES) * FRAME].reshape(-1, FRAME):
        # Time of this thread, in which it runs: what others do with the core is not the model's.
        started = time.thread_time()
        _, state = file.step(frame, _LOOK_S, state)
        spent.append(time.thread_time() - started)
    # Of five stretches that whose median is least: a neighbour on the other core takes its share of
    # the caches for some of the time, and every step does the same work.
    stretches = np.array_split(np.array(spent[_WARM_FRAMES:]), _STRETCHES)
    least = min(float(np.median(stretch)) for stretch in stretches)
    return _row("speed", "onnxruntime", 1000 * least, "ms")
