"""The network: it sees the past only, and streaming is the offline network."""

from __future__ import annotations

import pytest
import torch

from groove.core.models import ModelError, pack
from groove.phase.labels import FRAME
from groove.phase.model.front import FrontEnd
from groove.phase.model.network import PhaseModel
from groove.phase.model.streaming import PhaseStep, export_case, load_model
from groove.phase.spec import PhaseTcnSpec

SPEC = PhaseTcnSpec(channels=12, blocks=4, low_bands=6, high_bands=10)


def shaken(spec=SPEC):
    """Return a model whose batch norms are not the identity."""
    torch.manual_seed(7)
    model = PhaseModel(spec)
    model.train()
    with torch.no_grad():
        for _ in range(3):
            model(torch.randn(2, FRAME * 80) * 0.1, torch.rand(2) * 0.5)
    return model.eval()


def music(frames, batch=1):
    random = torch.Generator().manual_seed(frames)
    envelope = (torch.arange(frames * FRAME) % 8000 < 2000).float()
    return torch.randn(batch, frames * FRAME, generator=random) * 0.2 * envelope


def test_the_future_does_not_change_the_past():
    model, samples = shaken(), music(120)
    changed = samples.clone()
    changed[:, 60 * FRAME :] += 0.5
    with torch.no_grad():
        before, after = (model(x, torch.tensor([0.2])) for x in (samples, changed))
    assert torch.equal(before[:, :60], after[:, :60])
    assert not torch.allclose(before[:, 60:], after[:, 60:])


def test_the_network_forgets_what_is_older_than_its_receptive_field():
    network = shaken().network.double()
    levels = torch.rand(1, 150, network.bands, dtype=torch.float64)
    changed = levels.clone()
    changed[:, :20] += 1.0
    with torch.no_grad():
        before, after = (network(x, torch.zeros(1).double()) for x in (levels, changed))
    clear = 20 + network.receptive_frames - 1
    assert torch.equal(before[:, clear:], after[:, clear:])
    assert not torch.equal(before[:, clear - 1], after[:, clear - 1])


def test_the_default_network_sees_twenty_seconds():
    assert PhaseModel(PhaseTcnSpec()).network.receptive_frames / 50 == pytest.approx(20.4, abs=0.1)


def test_streaming_equals_offline():
    data = pack(shaken().network, {"stage": "phase_tcn", "spec": SPEC.model_dump()})
    model, samples, look = load_model(data), music(150, batch=2), torch.tensor([0.0, 0.4])
    step = PhaseStep(model)
    state, streamed = step.start(batch=2), []
    with torch.no_grad():
        offline = model(samples, look)
        for frame in samples.split(FRAME, dim=1):
            phase, *state = step(frame, look, *state)
            streamed.append(phase)
    assert torch.allclose(torch.stack(streamed, dim=1), offline, atol=1e-4)
    assert torch.allclose(offline.norm(dim=2), torch.ones(2, 150), atol=1e-5)


def test_gain_does_not_matter():
    front, samples = FrontEnd(8, 16, 4.0), music(100)
    with torch.no_grad():
        quiet, loud = front(samples * 0.25), front(samples)
    steady = slice(5, None)
    assert torch.allclose(quiet[:, steady], loud[:, steady], atol=0.02)


def test_bass_is_told_apart_by_the_long_window():
    seconds = torch.arange(16_000 * 2) / 16_000
    front = FrontEnd(16, 32, 4.0)
    tones = torch.stack([torch.sin(2 * torch.pi * hz * seconds) for hz in (55.0, 82.4, 110.0)])
    with torch.no_grad():
        peaks = front._power(tones)[:, -1, :16].argmax(dim=1)
    assert len(set(peaks.tolist())) == 3


def test_the_export_case_is_one_step_with_its_state_in_the_open():
    case = export_case(pack(shaken().network, {"stage": "phase_tcn", "spec": SPEC.model_dump()}))
    assert len(case.inputs) == len(case.input_names)
    with torch.no_grad():
        outputs = dict(zip(case.output_names, case.network(*case.inputs), strict=True))
    shapes = {name: value.shape for name, value in zip(case.input_names, case.inputs, strict=True)}
    assert outputs["phase"].shape == (1, 2)
    assert {i: outputs[o].shape for o, i in case.feedback.items()} == {
        name: shape for name, shape in shapes.items() if name not in {"frame", "anticipation_s"}
    }


def test_another_model_is_refused():
    with pytest.raises(ModelError, match="not of 'phase_tcn'"):
        load_model(pack(shaken().network, {"stage": "token_gru", "spec": {}}))
