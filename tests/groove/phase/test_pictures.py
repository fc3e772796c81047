"""Pictures: every one is a PNG, and an empty table has none."""

from __future__ import annotations

import numpy as np
import pytest

from groove.core.store import MemoryStore
from groove.phase import pictures
from groove.phase.judge.figures import Said
from groove.phase.judge.reference import of_bars
from groove.phase.tables import PHASE_CHUNKS, PHASE_EVALUATION, SONG_RENDERS
from groove.plots.phase import by_group, followed, labelled_chunk

PNG = b"\x89PNG"
SAMPLES = np.random.default_rng(0).normal(0, 0.1, 160_000).astype(np.float32)


def test_a_labelled_chunk_is_a_png():
    phase = (np.arange(500) / 100 % 1).astype(np.float32)
    assert labelled_chunk(SAMPLES, 16_000, phase, np.arange(6) * 2.0).startswith(PNG)


@pytest.mark.parametrize("known", [True, False])
def test_what_was_said_is_shown_beside_what_is_true_where_that_is_known(known):
    heard = np.arange(1, 500) / 50
    said = Said(
        heard, heard, heard / 2 % 1, np.full(499, np.nan), np.empty(0), np.arange(1, 5) * 2.0
    )
    reference = of_bars(np.arange(5) * 2.0, np.empty(0)) if known else None
    told = pictures.followed_of(reference, said, 2.0)
    assert np.isfinite(told.error_ms).sum() == (399 if known else 0)
    np.testing.assert_allclose(told.error_ms[np.isfinite(told.error_ms)], 0, atol=1e-6)
    assert followed(SAMPLES, 16_000, told, "title").startswith(PNG)


def test_groups_are_drawn_one_box_each():
    assert by_group(["3/4", "4/4"], [[0.1, 0.2], [0.3]], "loss", "1 - cos").startswith(PNG)


def test_empty_tables_have_no_pictures():
    store = MemoryStore()
    assert pictures.first_render(SONG_RENDERS.empty(), store) == {}
    assert pictures.one_chunk_per_meter(PHASE_CHUNKS.empty(), store) == {}
    assert pictures.worst_chunks(PHASE_EVALUATION.empty(), store) == {}
    assert pictures.loss_by_meter(PHASE_EVALUATION.empty()) == {}
