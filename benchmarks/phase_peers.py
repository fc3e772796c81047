"""Other trackers of beat and bar, where they are installed, as the judge hears them.

* BeatNet (Heydari, Cwitkowitz & Duan 2021): a causal network and a particle filter ("online"), or
  the same network and madmom's dynamic Bayesian network over the whole recording ("offline").
  It needs madmom; madmom-infer, which has the same classes without a compiler, will do.

What belongs here: running peers. What does not: trackers that the package itself has
(:mod:`groove.phase.judge.others`).
"""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
import sys
import types
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from groove.audio.waveform import Waveform, resample
from groove.phase.judge.figures import Said
from groove.phase.judge.others import said_of
from groove.phase.labels import FRAME_RATE_HZ

_RATE = 22_050
#: Of the three sets of weights, the one that was not trained on GTZAN.
_WEIGHTS = 1

Tracker = Callable[[Waveform, float], Said]


def peers() -> Mapping[str, Tracker]:
    """Return the peers that can be imported, by name."""
    found: dict[str, Tracker] = {}
    try:
        made = _beatnet()
    except ImportError as error:
        print(f"BeatNet is not measured: {error}", file=sys.stderr)
        return found
    found["BeatNet online (causal)"] = _runner(made, "online", "PF")
    found["BeatNet offline (looks ahead)"] = _runner(made, "offline", "DBN")
    return found


def _beatnet() -> Any:
    """Return BeatNet's class, what it needs put under the names it expects."""
    if not hasattr(np, "in1d"):
        setattr(np, "in1d", np.isin)  # noqa: B010  # its name until NumPy 2.4: BeatNet's
    if importlib.util.find_spec("pyaudio") is None:
        # For its microphone mode alone.
        sys.modules["pyaudio"] = types.ModuleType("pyaudio")
    if importlib.util.find_spec("madmom") is None:
        infer = importlib.import_module("madmom_infer")
        for module in pkgutil.walk_packages(infer.__path__, "madmom_infer."):
            if ".torch" not in module.name:
                loaded = importlib.import_module(module.name)
                sys.modules[module.name.replace("madmom_infer", "madmom", 1)] = loaded
        sys.modules["madmom"] = infer
        downbeats = importlib.import_module("madmom_infer.features.downbeats")
        features: Any = sys.modules["madmom.features"]
        features.DBNDownBeatTrackingProcessor = downbeats.DBNDownBeatTrackingProcessor
    return importlib.import_module("BeatNet.BeatNet").BeatNet


def _runner(made: Any, mode: str, inference: str) -> Tracker:
    def run(sound: Waveform, anticipation_s: float) -> Said:
        del anticipation_s  # it has none
        np.random.seed(0)  # noqa: NPY002  # the generator that its particle filter draws from
        tracker = made(_WEIGHTS, mode=mode, inference_model=inference, plot=[], thread=False)
        found = np.asarray(tracker.process(resample(sound, _RATE).mono())).reshape(-1, 2)
        found = found[np.concatenate([[True], np.diff(found[:, 0]) > 0])] if len(found) else found
        return _said(found[:, 0], found[found[:, 1] == 1, 0], sound.duration_s, mode == "online")

    return run


def _said(beats: Any, downbeats: Any, seconds: float, causal: bool) -> Said:
    """Return beats as phases: between downbeats where both are known, or gone on from the last two.

    A causal tracker's phase in a bar rests on the bar before: the next downbeat is not known yet.
    """
    heard = np.arange(1, int(seconds * FRAME_RATE_HZ) + 1) / FRAME_RATE_HZ
    phase = np.full(len(heard), np.nan)
    if len(downbeats) > 2:
        last = np.searchsorted(downbeats, heard, side="right") - 1
        if causal:
            known = last >= 1
            start, length = downbeats[last], downbeats[last] - downbeats[last - 1]
        else:
            last = np.minimum(last, len(downbeats) - 2)
            known = last >= 0
            start, length = downbeats[last], downbeats[last + 1] - downbeats[last]
        phase = np.where(known, (heard - start) / length % 1.0, np.nan)
    return said_of(np.asarray(beats), np.asarray(downbeats), phase, heard)
