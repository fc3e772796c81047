"""An example of a run: a configuration and every kind of input, small, made up and all green.

The sounds are noise and sines, the predictions are drawn: it shows what files look like, and that
an installation works. Its thresholds on counts are those of a handful of files.

What belongs here: making these files. What does not: what they mean
(:mod:`groove.readiness.run.lines`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from groove.core.digest import seed_of
from groove.midi.taxonomy import CLASSES
from groove.readiness.checks.alignment import speed_of_sound

CONFIG = """\
# An example of a readiness run. Every setting that is not named here has its default; see
# `groove readiness run --help`.
root: .
alignment:
  sessions: [session/session.json]
boundaries:
  window_ms: 2048
  hop_ms: 512
  margin_ms: 40
  events: [stream/events.jsonl]
  predictions: stream/hits.jsonl
open_set:
  truth: open/truth.jsonl
  predictions: open/predictions.jsonl
bootstrap:
  truth: test/truth.jsonl
  predictions: test/predictions.jsonl
  previous: test/previous.jsonl
calibration:
  truth: test/truth.jsonl
  predictions: test/predictions.jsonl
health:
  events: [manifest/train.jsonl, manifest/test.jsonl]
  min_class_count: 4
  required_techniques_file: manifest/techniques.txt
leakage:
  splits: {train: manifest/train.jsonl, test: manifest/test.jsonl}
coverage:
  events: [manifest/train.jsonl, manifest/test.jsonl]
  groups_per_class: 4
  techniques_file: manifest/techniques.txt
realtime:
  runs: speed/runs.jsonl
baseline:
  report: baseline.json
"""

_RATE = 8_000
_KITS = ("kit_1", "kit_2", "kit_3", "kit_4")
_TEST_KIT = _KITS[-1]
_SESSIONS, _PER_CLASS = 12, 4
_OVERHEAD_M = 1.2

Signal = NDArray[np.float64]


def files() -> Iterator[tuple[str, bytes]]:
    """Yield (path below the root, content) of every file but the baseline."""
    yield "readiness.yaml", CONFIG.encode()
    yield from _session()
    yield from _manifests()
    yield from _clips()
    yield from _unknown()
    yield from _stream()
    runs = [{"audio_s": 240.0, "seconds": seconds} for seconds in (8.1, 7.9, 8.4)]
    yield "speed/runs.jsonl", _lines(runs)


def _lines(rows: list[dict[str, Any]]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def _random(*parts: str) -> np.random.Generator:
    return np.random.default_rng(seed_of("readiness example", *parts))


def _flac(signal: Signal) -> bytes:
    from groove.audio.waveform import Waveform, encode

    return encode(Waveform(signal.astype(np.float32)[None], _RATE), "flac")


def _hit(name: str, frequency_hz: float) -> Signal:
    course = np.arange(int(0.15 * _RATE)) / _RATE
    noise = _random("hit", name).normal(size=len(course)) * np.exp(-course / 0.02)
    return 0.1 * noise + 0.4 * np.sin(2 * np.pi * frequency_hz * course) * np.exp(-course / 0.04)


def _session() -> Iterator[tuple[str, bytes]]:
    """Yield a drum before two microphones, the second one 1.2 m away."""
    random = _random("session")
    starts = np.cumsum(random.uniform(0.3, 0.6, size=30))
    late = round(_OVERHEAD_M / speed_of_sound(20.0) * _RATE)
    close, far = np.zeros((2, int((starts[-1] + 0.6) * _RATE)))
    for number, start in enumerate(starts):
        stroke = random.uniform(0.7, 1.0) * _hit(f"stroke {number}", 180.0)
        place = int(start * _RATE)
        close[place : place + len(stroke)] += stroke
        far[place + late : place + late + len(stroke)] += 0.4 * stroke
    yield "session/snare.flac", _flac(close)
    yield "session/overhead.flac", _flac(far)
    near, distant = "session/snare.flac", "session/overhead.flac"
    described = {
        "session_id": "session_1",
        "anchor": "snare",
        "microphones": [
            {"name": "snare", "path": near, "role": "close", "distance_m": [0.0, 0.05]},
            {"name": "overhead", "path": distant, "role": "overhead", "distance_m": [1.1, 1.3]},
        ],
    }
    yield "session/session.json", (json.dumps(described, indent=2) + "\n").encode()


def _manifests() -> Iterator[tuple[str, bytes]]:
    rows: dict[str, list[dict[str, Any]]] = {"train": [], "test": []}
    buckets = ("ghost", "light", "medium", "accent")
    for turn, kit in enumerate(_KITS):
        for place, klass in enumerate(CLASSES):
            path = f"audio/{kit}/{klass}.flac"
            yield path, _flac(_hit(path, 80.0 + 60.0 * place + 7.0 * turn))
            component: dict[str, Any] = {"label": klass, "dynamic_bucket": buckets[turn]}
            if klass.startswith("hihat"):
                component["openness"] = 0.9 if klass == "hihat_open" else 0.05 * turn
            row = {
                "sample_id": f"{kit}_{klass}",
                "session_id": f"{kit}_session",
                "kit_id": kit,
                "is_synthetic": False,
                "audio_path": path,
                "onset_time": 0.0,
                "components": [component],
                "techniques": ["flam"] if klass == "snare" else [],
                "loudness": {"LUFS_i": -20.0 - turn, "peak_dbfs": -6.0},
            }
            rows["test" if kit == _TEST_KIT else "train"].append(row)
    for side, listed in rows.items():
        yield f"manifest/{side}.jsonl", _lines(listed)
    yield "manifest/techniques.txt", b"# One technique a line.\nflam\n"


def _clips() -> Iterator[tuple[str, bytes]]:
    """Yield truth, and predictions of two releases that are right 96 and 93 times of 100."""
    truth, said = [], {"predictions": (0.96, 0.95), "previous": (0.93, 0.92)}
    answers: dict[str, list[dict[str, Any]]] = {name: [] for name in said}
    for session in range(_SESSIONS):
        for klass in CLASSES:
            for take in range(_PER_CLASS):
                sample = f"test_{session:02d}_{klass}_{take}"
                row = {"sample_id": sample, "session_id": f"test_{session:02d}", "labels": [klass]}
                truth.append(row)
                for name, (right, sure) in said.items():
                    hears = _heard(klass, right, _random(name, sample))
                    chances = _probabilities(hears, sure)
                    answers[name].append({"sample_id": sample, "probabilities": chances})
    yield "test/truth.jsonl", _lines(truth)
    for name, listed in answers.items():
        yield f"test/{name}.jsonl", _lines(listed)


def _heard(klass: str, right: float, random: np.random.Generator) -> str:
    others = [name for name in CLASSES if name != klass]
    return klass if random.random() < right else str(random.choice(others))


def _probabilities(klass: str, sure: float) -> Mapping[str, float]:
    rest = round((1 - sure) / (len(CLASSES) - 1), 6)
    return {name: sure if name == klass else rest for name in CLASSES}


def _unknown() -> Iterator[tuple[str, bytes]]:
    random = _random("unknown")
    truth, said = [], []
    for number in range(240):
        strange = number % 3 == 0
        sample, session = f"open_{number:03d}", f"open_{number % 10}"
        row: dict[str, Any] = {"sample_id": sample, "session_id": session}
        truth.append(row | ({"unknown": True} if strange else {"labels": ["snare"]}))
        confidence = round(
            float(random.uniform(0.1, 0.53) if strange else random.uniform(0.5, 1)), 4
        )
        said.append({"sample_id": sample, "probabilities": {"snare": confidence}})
    yield "open/truth.jsonl", _lines(truth)
    yield "open/predictions.jsonl", _lines(said)


def _stream() -> Iterator[tuple[str, bytes]]:
    random = _random("stream")
    events, hits = [], []
    for session in range(3):
        onsets = np.cumsum(random.uniform(0.15, 0.4, size=240))
        for number, onset in enumerate(onsets.round(4).tolist()):
            klass = ("kick", "hihat_closed", "snare", "hihat_closed")[number % 4]
            name = f"stream_{session}"
            events.append(
                {
                    "sample_id": f"{name}_{number}", "session_id": name,
                    "audio_path": f"{name}.flac", "onset_time": onset,
                    "components": [{"label": klass}],
                }
            )  # fmt: skip
            if number % 97:
                late = round(onset + float(random.uniform(0, 0.02)), 4)
                hits.append({"session_id": name, "label": klass, "onset_s": late})
    yield "stream/events.jsonl", _lines(events)
    yield "stream/hits.jsonl", _lines(hits)
