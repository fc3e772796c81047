"""Mel features against librosa and torchaudio, and their torch form against themselves."""

import librosa
import numpy as np
import onnxruntime
import pytest
import torch

from groove.audio.mel import LOG_FLOOR, filterbank, log_mel
from groove.audio.mel_torch import MelFrontEnd
from groove.audio.torchaudio_shim import torchaudio
from groove.midi.notes import song_from_notes
from groove.midi.synth import render

RATE = 22_050
SETTINGS = [(2048, 512, 128, 0.0, None), (512, 160, 64, 30.0, 8_000.0), (1024, 220, 40, 50.0, None)]


@pytest.fixture(scope="module")
def music():
    rng = np.random.default_rng(0)
    starts = np.arange(40) * 0.25
    drum = rng.random(40) < 0.5
    pitch = np.where(drum, rng.choice([36, 38, 42, 49], 40), rng.integers(40, 80, 40))
    song = song_from_notes(starts, 0.4, pitch, 100, 0, drum, [(0, 120)], [(0, 4, 4)])
    return render(song, sample_rate=RATE).mean(axis=0)


@pytest.mark.parametrize("center", [True, False])
def test_equal_to_librosa(music, center):
    power = librosa.feature.melspectrogram(
        y=music, sr=RATE, n_fft=1024, hop_length=256, n_mels=64, fmin=40, fmax=9_000, center=center
    )
    ours = log_mel(music, RATE, 1024, 256, 64, 40, 9_000, center=center)
    np.testing.assert_allclose(ours, np.log(power.T + LOG_FLOOR), atol=1e-4)
    assert ours.dtype == np.float32


@pytest.mark.parametrize("center", [True, False])
@pytest.mark.parametrize("setting", SETTINGS)
def test_torch_form_is_equal(music, setting, center):
    reference = log_mel(music, RATE, *setting, center=center)
    with torch.no_grad():
        ours = MelFrontEnd(RATE, *setting, center=center)(torch.from_numpy(music)[None])[0].numpy()
    assert ours.shape == reference.shape
    np.testing.assert_allclose(ours, reference, atol=1e-4)


def test_filterbank_is_torchaudios():
    theirs = torchaudio.functional.melscale_fbanks(
        513, 40.0, 9_000.0, 64, RATE, norm="slaney", mel_scale="slaney"
    )
    np.testing.assert_allclose(filterbank(RATE, 1024, 64, 40.0, 9_000.0).T, theirs, atol=1e-6)


def test_torchaudio_computes_without_its_compiled_part(music):
    wave = torch.from_numpy(music)
    down = torchaudio.transforms.Resample(RATE, RATE // 2)(wave)
    assert down.shape[0] == -(-len(music) // 2)


def test_batch_is_row_by_row(music):
    front = MelFrontEnd(RATE, 1024, 256, 40)
    rows = torch.from_numpy(np.stack([music[:8_000], music[8_000:16_000]]))
    with torch.no_grad():
        torch.testing.assert_close(front(rows)[1], front(rows[1:])[0], atol=1e-5, rtol=1e-5)


def test_nothing_to_train_and_nothing_in_a_checkpoint():
    front = MelFrontEnd(RATE)
    assert not list(front.parameters())
    assert not front.state_dict()


@pytest.mark.filterwarnings("ignore:.*LeafSpec:FutureWarning")  # inside torch's own exporter
def test_exported_graph_takes_any_length(music, tmp_path):
    front = MelFrontEnd(16_000, 512, 160, 40, 30.0, 7_600.0).eval()
    path = tmp_path / "mel.onnx"
    program = torch.onnx.export(
        front,
        (torch.zeros(2, 4_000),),
        dynamo=True,
        external_data=False,
        opset_version=20,
        verbose=False,
        input_names=["samples"],
        output_names=["log_mel"],
        dynamic_shapes=({0: torch.export.Dim("batch"), 1: torch.export.Dim("length")},),
    )
    program.save(path)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    wave = music[None, :12_345]
    (found,) = session.run(None, {"samples": wave})
    with torch.no_grad():
        np.testing.assert_allclose(found, front(torch.from_numpy(wave)).numpy(), atol=1e-4)


@pytest.mark.parametrize(("n", "center", "frames"), [(100, True, 1), (0, True, 1), (100, False, 1)])
def test_short_sounds_have_a_frame(n, center, frames):
    found = log_mel(np.zeros(n, dtype=np.float32), RATE, center=center)
    assert found.shape == (frames, 128)
    np.testing.assert_allclose(found, np.log(LOG_FLOOR), rtol=1e-6)
