"""The exported model: one ONNX file that turns 20 ms of sound and its own past into the phase.

What belongs here: finding such a file, making sure that it is one, running a step. What does not:
sound and time (:mod:`groove.phase.play.tracker`), making the file (:mod:`groove.export`).

Conventions
-----------
* Inputs ``frame`` (1, 320) at 16 kHz and ``anticipation_s`` (1,); any other input is state, which
  starts as zeros and comes back as ``next_<name>``.
* Output ``bar`` (1, 2): sine and cosine of 2π phase. A model with the bar-pointer filter also has
  ``beat``, ``tempo_bpm``, ``meters``, ``confidence``, ``activations`` and ``silence``.
* The file's metadata hold its card (:mod:`groove.phase.model.card`).
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from groove.core.models import ModelError
from groove.phase.labels import FRAME
from groove.phase.model.card import card_of

Array = NDArray[np.float32]

#: Names a model file to use instead of the released one.
MODEL_VARIABLE = "GROOVE_PHASE_MODEL"
MAX_MODEL_BYTES = 20_000_000
_MAX_STATE = 8_000_000
_SHAPES = {
    "bar": 2,
    "beat": 2,
    "tempo_bpm": None,
    "confidence": None,
    "activations": 4,
    "silence": None,
}
_USUAL_METERS = (2, 3, 4, 5, 6, 7)
_MOST_STATES = 256
_MOST_BEATS_PER_BAR = 64
_LONGEST_DELAY_S = 1.0


def model_bytes(model: Path | bytes | None) -> tuple[str, bytes]:
    """Return what a model is called, and its file.

    Parameters
    ----------
    model
        A file, its content, or ``None``: the file that ``GROOVE_PHASE_MODEL`` names, or else the
        one that comes with the package.

    Raises
    ------
    ModelError
        If there is none, or the file is too large to be one.
    OSError
        If it cannot be read.
    """
    if isinstance(model, bytes):
        return "the model", model
    if model is None and (named := os.environ.get(MODEL_VARIABLE)):
        model = Path(named)
    if model is not None:
        size = model.stat().st_size
        if size > MAX_MODEL_BYTES:
            raise ModelError(f"{model}: {size:,} bytes; a bar-phase model has no 20 MB")
        return str(model), model.read_bytes()
    released = resources.files("groove.phase") / "released" / "phase.onnx"
    if not released.is_file():
        raise ModelError(
            "no bar-phase model comes with this package: give --model FILE, or train one with "
            f"`groove phase train`, and name it in {MODEL_VARIABLE}"
        )
    return "the released model", released.read_bytes()


class StepFile:
    """A checked model file, ready to run one frame at a time on one CPU thread.

    Parameters
    ----------
    model
        As for :func:`model_bytes`.

    Raises
    ------
    ModelError
        If there is none, or the file is not a bar-phase model.
    OSError
        If it cannot be read.
    """

    def __init__(self, model: Path | bytes | None = None) -> None:
        from groove.export.onnx import ExportError, session

        self.name, data = model_bytes(model)
        try:
            self.info = _checked(data)
            self._session = session(data)
            self._states = _states(self._session)
            #: Beats per bar that each entry of ``meters`` stands for.
            self.meters = _meters(self.info, self._session)
            #: How long ago what ``activations`` speak of was, in seconds.
            self.delay_s = _delay_s(self.info)
        except (ModelError, ExportError) as error:
            reason = str(error).partition("\n")[0]
            raise ModelError(f"{self.name} is no bar-phase model: {reason}") from error
        self._outputs = [output.name for output in self._session.get_outputs()]
        #: What a step tells, besides its state.
        self.tells = frozenset(name for name in self._outputs if not name.startswith("next_"))
        self._try()

    @property
    def states(self) -> Mapping[str, tuple[int, ...]]:
        """Name and shape of the state."""
        return dict(self._states)

    def _try(self) -> None:
        """Run a silent frame: what a file declares of its outputs need not be so."""
        told, state = self.step(np.zeros(FRAME, dtype=np.float32), 0.0, self.start())
        wrong = [name for name, shape in self._states.items() if state[name].shape != shape]
        wrong += ["meters"] if told.get("meters", self.meters).shape != self.meters.shape else []
        if wrong:
            raise ModelError(
                f"{self.name} is no bar-phase model: {wrong[0]} comes in another shape than it says"
            )

    def start(self) -> dict[str, Array]:
        """Return the state before the first frame: zeros."""
        return {name: np.zeros(shape, dtype=np.float32) for name, shape in self._states.items()}

    def step(
        self, frame: Array, anticipation_s: float, state: Mapping[str, Array]
    ) -> tuple[dict[str, Array], dict[str, Array]]:
        """Return what is told after one more frame ``(320,)``, without batch axis, and the state.

        Raises
        ------
        ModelError
            If the file cannot be run after all.
        """
        feeds = {
            "frame": frame[None],
            "anticipation_s": np.array([anticipation_s], dtype=np.float32),
            **state,
        }
        try:
            result = self._session.run(self._outputs, feeds)
        except Exception as error:
            # onnxruntime's exceptions share no base class of their own.
            raise ModelError(f"{self.name} failed in a step: {error}") from error
        named = dict(zip(self._outputs, result, strict=True))
        return (
            {name: named[name][0] for name in self.tells},
            {name: named[f"next_{name}"] for name in self._states},
        )


def _checked(data: bytes) -> dict[str, Any]:
    """Return the metadata of a file that is whole and asks for no other file."""
    import onnx

    if len(data) > MAX_MODEL_BYTES:
        raise ModelError(f"{len(data):,} bytes, over 20 MB")
    try:
        proto = onnx.load_model_from_string(data)
    except Exception as error:
        # protobuf's exceptions have no types to check against.
        raise ModelError("not an ONNX file") from error
    if not proto.graph.node:
        raise ModelError("not an ONNX file, or an empty one")
    if any(tensor.data_location == onnx.TensorProto.EXTERNAL for tensor in _tensors(proto)):
        raise ModelError("its weights are in another file; export it with the weights inside")
    return card_of({prop.key: prop.value for prop in proto.metadata_props})


def _tensors(message: Any) -> Iterator[Any]:
    """Yield every tensor in a protobuf message, in subgraphs and functions too."""
    from onnx import TensorProto

    if isinstance(message, TensorProto):
        yield message
        return
    for field, value in message.ListFields():
        if field.message_type is not None:
            for part in [value] if hasattr(value, "ListFields") else value:
                if hasattr(part, "ListFields"):
                    yield from _tensors(part)


def _states(session: Any) -> dict[str, tuple[int, ...]]:
    """Return name and shape of the state, after checking all inputs and outputs."""
    inputs = {node.name: node for node in session.get_inputs()}
    outputs = {node.name: node for node in session.get_outputs()}
    for name, shape in {"frame": [1, FRAME], "anticipation_s": [1]}.items():
        if name not in inputs or inputs.pop(name).shape != shape:
            raise ModelError(f"it has no input {name} of shape {shape}")
    if "bar" not in outputs:
        raise ModelError("it has no output bar")
    for name, width in _SHAPES.items():
        if name in outputs and outputs[name].shape != ([1] if width is None else [1, width]):
            raise ModelError(f"its output {name} has shape {outputs[name].shape}")
    for name, node in inputs.items():
        after = outputs.get(f"next_{name}")
        if after is None or after.shape != node.shape or not _sized(node.shape):
            raise ModelError(f"its input {name} is no state that comes back as next_{name}")
    if any(node.type != "tensor(float)" for node in [*session.get_inputs(), *outputs.values()]):
        raise ModelError("its inputs and outputs are not all float32")
    if len(inputs) > _MOST_STATES:
        raise ModelError(f"it has {len(inputs)} states, over {_MOST_STATES}")
    return {name: tuple(node.shape) for name, node in inputs.items()}


def _meters(info: Mapping[str, Any], session: Any) -> NDArray[np.int64]:
    """Return the card's beats per bar, after checking that the output ``meters`` has as many."""
    held = info.get("meters", list(_USUAL_METERS))
    if (
        not isinstance(held, list)
        or not held
        or not all(type(beats) is int and 1 <= beats <= _MOST_BEATS_PER_BAR for beats in held)
    ):
        raise ModelError(
            f"its card's meters are no list of beats per bar, 1 to {_MOST_BEATS_PER_BAR}"
        )
    told = [node.shape for node in session.get_outputs() if node.name == "meters"]
    if told and told[0] != [1, len(held)]:
        raise ModelError(f"its output meters has shape {told[0]}, its card {len(held)} meters")
    return np.array(held, dtype=np.int64)


def _delay_s(info: Mapping[str, Any]) -> float:
    held = info.get("delay_s", 0.0)
    if type(held) not in (int, float) or not 0 <= held <= _LONGEST_DELAY_S:
        raise ModelError(f"its card's delay_s is no number of seconds, 0 to {_LONGEST_DELAY_S:g}")
    return float(held)


def _sized(shape: list[Any]) -> bool:
    return all(isinstance(axis, int) and axis > 0 for axis in shape) and (
        int(np.prod(shape, dtype=np.float64)) <= _MAX_STATE
    )
