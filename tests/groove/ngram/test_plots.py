"""Pictures are made of what the tables hold."""

from typing import Any

from groove.midi.taxonomy import LABELS
from groove.ngram.summary import step_shares
from groove.plots.ngram import step_histograms

PNG = b"\x89PNG"


def test_step_shares_are_shares_of_bars(trained: Any) -> None:
    shares = step_shares(trained.events)
    assert set(shares) == {"rock", "bossa"}
    kick, hat = LABELS.index("kick"), LABELS.index("hihat_closed")
    assert shares["rock"][kick, 0] == 1.0
    assert shares["rock"].shape == (len(LABELS), 16)
    assert 0.5 < shares["rock"][hat, 14] < 1.0
    assert step_histograms(shares, LABELS).startswith(PNG)
