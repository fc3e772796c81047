"""The network: it sees the past only, and streaming is the offline network."""

from __future__ import annotations

import pytest
import torch

from groove.core.models import ModelError, pack
from groove.phase.labels import FRAME
from groove.phase.model.card import STAGE
from groove.phase.model.front import FrontEnd
from groove.phase.model.registry import PhaseModel, load
from groove.phase.model.streaming import PhaseStep, export_case
from groove.phase.spec import PhaseModelSpec

SMALL = {"channels": 12, "blocks": 4, "low_bands": 6, "high_bands": 10, "tempo_step": 0.1}
SPEC = PhaseModelSpec(**SMALL)
SPECS = {name: PhaseModelSpec(network=name, **SMALL) for name in ("bar_pointer", "phase_tcn")}


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


@pytest.mark.parametrize("name", SPECS)
def test_the_future_does_not_change_the_past(name):
    model, samples = shaken(SPECS[name]), music(120)
    changed = samples.clone()
    changed[:, 60 * FRAME :] += 0.5
    with torch.no_grad():
        before, after = (model(x, torch.tensor([0.2])) for x in (samples, changed))
    for first, second in zip(before, after, strict=True):
        if first is not None:
            assert torch.equal(first[:, :60], second[:, :60])
            assert not torch.equal(first[:, 60:], second[:, 60:])


@pytest.mark.parametrize("name", SPECS)
def test_the_network_forgets_what_is_older_than_its_receptive_field(name):
    network = shaken(SPECS[name]).network.double()
    levels = torch.rand(1, 150, network.bands, dtype=torch.float64)
    changed = levels.clone()
    changed[:, :20] += 1.0
    with torch.no_grad():
        before, after = (network(x, torch.zeros(1).double()).phase for x in (levels, changed))
    clear = 20 + network.receptive_frames - 1
    assert torch.equal(before[:, clear:], after[:, clear:])
    assert not torch.equal(before[:, clear - 1], after[:, clear - 1])


@pytest.mark.parametrize("name", SPECS)
def test_the_default_network_sees_twenty_seconds(name):
    network = PhaseModel(PhaseModelSpec(network=name)).network
    assert network.receptive_frames / 50 == pytest.approx(20.4, abs=0.1)


@pytest.mark.parametrize("name", SPECS)
def test_streaming_equals_offline(name):
    spec = SPECS[name]
    data = pack(shaken(spec).network, {"stage": STAGE, "spec": spec.model_dump()})
    model, samples, look = load(data), music(150, batch=2), torch.tensor([0.0, 0.4])
    step = PhaseStep(model)
    state, streamed = step.start(batch=2), []
    with torch.no_grad():
        offline = model(samples, look)
        for frame in samples.split(FRAME, dim=1):
            told = step(frame, look, *state)
            streamed.append(dict(zip(step.outputs, told, strict=False)))
            state = list(told[len(step.outputs) :])
    for output in step.outputs:
        whole = getattr(offline, output)
        parts = torch.stack([frame[output] for frame in streamed], dim=1)
        assert torch.allclose(parts, whole, atol=1e-4, rtol=1e-5), output


def test_anticipation_turns_the_phase_on():
    told = shaken(SPECS["phase_tcn"])(music(60), torch.tensor([0.3]))
    assert torch.allclose(told.bar.norm(dim=2), torch.ones(1, 60), atol=1e-5)
    assert told.beat is None


@pytest.mark.parametrize("name", SPECS)
def test_no_input_makes_a_number_that_is_none(name):
    """A file may say anything: infinities, not-a-numbers, an offset, far too loud."""
    samples = music(80)
    samples[0, 1000:3000] = torch.nan
    samples[0, 5000:5500] = torch.inf
    samples[0, 9000:9500] = -torch.inf
    samples[0, 12_000:16_000] = 1e30
    samples[0, 18_000:20_000] = 1.0
    with torch.no_grad():
        told = shaken(SPECS[name])(samples, torch.tensor([0.5]))
    assert all(torch.isfinite(part).all() for part in told if part is not None)


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


def test_running_means_are_those_of_the_recursion():
    front, samples = FrontEnd(6, 10, 0.5), music(200)
    state = front.start(1)
    whole, silence = front.both(samples)
    for frame, (levels, quiet) in enumerate(zip(whole[0], silence[0], strict=True)):
        stepped, still, *state = front.step(samples[:, frame * FRAME : (frame + 1) * FRAME], *state)
        assert torch.allclose(stepped[0], levels, atol=1e-5)
        assert torch.allclose(still[0], quiet, atol=1e-5)


def test_silence_is_what_a_converter_leaves():
    front = FrontEnd(32, 32, 4.0)
    noise = torch.randn(1, FRAME * 300, generator=torch.Generator().manual_seed(0))
    late = slice(200, None)
    assert float(front.both(noise * 10 ** (-60 / 20))[1][0, late].max()) == 0.0
    assert float(front.both(noise * 10 ** (-96 / 20))[1][0, late].min()) == 1.0
    assert float(front.both(torch.full((1, FRAME * 300), 0.7))[1][0, late].min()) > 0.97


@pytest.mark.parametrize("floor_db", [-200.0, -96.0, -75.0])
def test_what_is_far_under_the_music_before_it_becomes_silence(floor_db):
    front = FrontEnd(32, 32, 4.0)
    noise = torch.randn(1, FRAME * 400, generator=torch.Generator().manual_seed(0))
    gain = torch.full((1, FRAME * 400), 0.1)
    gain[:, FRAME * 200 :] = 10 ** (floor_db / 20)
    silence = front.both(noise * gain)[1][0]
    assert float(silence[:200].max()) == 0.0
    # It comes on over half a second: between two beats there is none yet.
    assert 0.3 < float(silence[200 + 25]) < 0.75
    assert float(silence[200 + 50]) > 0.8
    assert float(silence[200 + 150]) > 0.99


def test_clicks_with_nothing_between_them_are_no_silence():
    front, samples = FrontEnd(32, 32, 4.0), torch.zeros(1, FRAME * 500)
    for beat in range(20):
        start = beat * 8000
        samples[0, start : start + 800] = torch.sin(torch.arange(800) * 0.4)
    assert float(front.both(samples)[1][0, 50:].max()) < 0.7


@pytest.mark.parametrize("name", SPECS)
def test_the_export_case_is_one_step_with_its_state_in_the_open(name):
    spec = SPECS[name]
    case = export_case(pack(shaken(spec).network, {"stage": STAGE, "spec": spec.model_dump()}))
    assert len(case.inputs) == len(case.input_names)
    with torch.no_grad():
        outputs = dict(zip(case.output_names, case.network(*case.inputs), strict=True))
    shapes = {name: value.shape for name, value in zip(case.input_names, case.inputs, strict=True)}
    assert outputs["bar"].shape == (1, 2)
    assert {i: outputs[o].shape for o, i in case.feedback.items()} == {
        name: shape for name, shape in shapes.items() if name not in {"frame", "anticipation_s"}
    }


def test_another_model_is_refused():
    with pytest.raises(ModelError, match="not of 'phase_model'"):
        load(pack(shaken().network, {"stage": "token_gru", "spec": {}}))


def test_weights_of_another_shape_are_refused():
    metadata = {"stage": STAGE, "spec": {**SPEC.model_dump(), "channels": 16}}
    with pytest.raises(ModelError, match="do not belong together"):
        load(pack(shaken().network, metadata))
