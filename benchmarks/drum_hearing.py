"""Drum hits: a clip's features, a clip through ONNX, a song to its beatmap.

The peer of the features is what scripts usually do for a classifier of 128 x 128 pictures: librosa's
mel spectrogram of a second, in dB, each picture stretched to its own minimum and maximum, and
resized. The peer of the ONNX file is PyTorch on the same clip, one at a time, as a live user has
them. A song's peer is the heuristic, which needs no network.

Seconds are wall clock on one thread. What is printed besides is the real-time factor: seconds of
work per second of song.

    python -m benchmarks.drum_hearing
"""

from __future__ import annotations

import librosa
import numpy as np
import torch

from benchmarks.corpus import files
from benchmarks.timing import Result, compare, show
from groove.audio.waveform import Waveform, read_audio, resample
from groove.drums.classify.calibration import Calibration
from groove.drums.classify.features import cut, pictures
from groove.drums.classify.model import DrumModel, Shape, export_case, from_bytes
from groove.drums.classify.network import CHANNELS, build
from groove.drums.spec import ClipSpec
from groove.drums.transcribe import heuristic
from groove.drums.transcribe.choice import RELEASED
from groove.drums.transcribe.model import Transcriber
from groove.drums.transcribe.network import TranscriberNetwork
from groove.drums.transcribe.spec import LevelSpec, TranscriberSpec
from groove.export.onnx import export, session
from groove.midi.taxonomy import CLASSES

_CLIPS = 64
_RATE = 44_100
_SONG_S = 240.0


def run() -> list[Result]:
    """Time all three; print milliseconds a clip and the real-time factor."""
    torch.set_num_threads(1)
    return [_features(), _onnx(), _song()]


def _features() -> Result:
    clip = _classifier().clip
    hits = [read_audio(data) for data in files("hits", _CLIPS).values()]
    seconds = [_second(hit) for hit in hits]
    at = np.zeros(1)

    def ours() -> np.ndarray:
        return pictures(np.concatenate([cut(hit, at, clip) for hit in hits]), clip)

    def peer() -> list[np.ndarray]:
        found = []
        for samples in seconds:
            power = librosa.feature.melspectrogram(y=samples, sr=_RATE, n_mels=128, fmax=8_000)
            level = librosa.power_to_db(power, ref=np.max)
            level = (level - level.min()) / max(float(np.ptp(level)), 1e-9)
            columns = np.linspace(0, level.shape[1] - 1, 128)
            found.append(np.array([np.interp(columns, np.arange(len(row)), row) for row in level]))
        return found

    made = ours()
    assert made.shape == (len(hits), clip.frames, clip.n_mels)  # noqa: S101  # as many clips
    assert len(peer()) == len(hits)  # noqa: S101  # on both sides
    found = compare(
        f"features, {len(hits)} clips",
        (f"picture {clip.frames} x {clip.n_mels}, resampling too", ours),
        ("librosa, 128 x 128", peer),
        "clips",
    )
    for name, spent in ((found.ours, found.ours_s), (found.peer, found.peer_s)):
        print(f"clip features: {name:<40}{1e3 * spent / len(hits):>8.2f} ms a clip")
    return found


def _onnx() -> Result:
    model = _classifier()
    data = model.to_bytes()
    case = export_case(data)
    graph = session(export(case))
    clips = np.concatenate(
        [cut(read_audio(hit), np.zeros(1), model.clip) for hit in files("hits", _CLIPS).values()]
    )
    network = case.network

    def ours() -> np.ndarray:
        return np.concatenate([graph.run(None, {"clips": clip[None]})[0] for clip in clips])

    def peer() -> np.ndarray:
        with torch.inference_mode():
            return np.concatenate([network(torch.from_numpy(clip[None])).numpy() for clip in clips])

    apart = float(np.abs(ours() - peer()).max())
    assert apart < 1e-3  # noqa: S101  # not equal, not comparable
    found = compare(
        f"one at a time, {len(clips)} clips",
        ("ONNX, features inside", ours),
        ("PyTorch, features inside", peer),
        f"probabilities, to {apart:.0e}",
    )
    print(f"clip to classes: {found.ours:<38}{1e3 * found.ours_s / len(clips):>8.2f} ms a clip")
    return found


def _song() -> Result:
    song = _of_length(read_audio(next(iter(files("tracks", 1).values()))), _SONG_S)
    transcriber, name = _transcriber()
    found = compare(
        f"song of {_SONG_S:.0f} s",
        (name, lambda: transcriber.transcribe(song)),
        (heuristic.NAME, lambda: heuristic.transcribe(song)),
        "one song",
        rounds=2,
    )
    for said, spent in ((found.ours, found.ours_s), (found.peer, found.peer_s)):
        print(f"song to beatmap: {said:<38}{spent / _SONG_S:>8.4f} × its length on one thread")
    return found


def _second(hit: Waveform) -> np.ndarray:
    samples = resample(hit, _RATE).mono()[:_RATE]
    return np.pad(samples, (0, _RATE - len(samples)))


def _of_length(song: Waveform, seconds: float) -> Waveform:
    """Return a song played over and over, for so long."""
    count = round(seconds * song.sample_rate)
    return Waveform(np.resize(song.mono(), count)[None], song.sample_rate)


def _classifier() -> DrumModel:
    """Return the released classifier; an untrained one takes as long."""
    file = RELEASED / "classifier.safetensors"
    if file.is_file():
        return from_bytes(file.read_bytes())
    clip, shape = ClipSpec(), Shape("edge", CHANNELS["edge"])
    network = build(shape.name, clip.frames, clip.n_mels, len(CLASSES), shape.channels)
    return DrumModel(network.eval(), shape, CLASSES, clip, Calibration(1.0, 0.0), 0.5)


def _transcriber() -> tuple[Transcriber, str]:
    """Return the released transcriber; of an untrained one little is heard, in as long."""
    file = RELEASED / "transcriber.safetensors"
    if file.is_file():
        return Transcriber.from_bytes(file.read_bytes()), "released transcriber"
    spec, level = TranscriberSpec(), LevelSpec()
    network = TranscriberNetwork(
        level.n_mels, len(CLASSES), spec.channels, spec.width, spec.layers, 0.0
    )
    limits = (spec.threshold,) * len(CLASSES)
    made = Transcriber(network.eval(), CLASSES, level, spec, limits)
    return made, "untrained transcriber"


if __name__ == "__main__":
    show(run())
