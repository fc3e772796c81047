"""Model files: what is packed comes back, anything else is refused."""

import pytest
import torch

from groove.core.models import ModelError, pack, unpack


def test_weights_and_metadata_come_back() -> None:
    torch.manual_seed(1)
    network = torch.nn.Linear(3, 2)
    data = pack(network, {"labels": ["kick", "snare"], "rate": 0.5})
    state, metadata = unpack(data)
    assert metadata == {"labels": ["kick", "snare"], "rate": 0.5}
    again = torch.nn.Linear(3, 2)
    again.load_state_dict(state)
    sample = torch.randn(4, 3)
    assert torch.equal(again(sample), network(sample))
    assert pack(again, metadata) == data


@pytest.mark.parametrize("data", [b"", b"RIFF", b"\xff" * 64, b"\x80\x04pickle" * 9])
def test_anything_else_is_refused(data: bytes) -> None:
    with pytest.raises(ModelError, match="not a groove model"):
        unpack(data)
