"""Pictures: every one is a PNG, and an empty table has none."""

from __future__ import annotations

import numpy as np

from groove.core.store import MemoryStore
from groove.phase import pictures
from groove.phase.tables import PHASE_CHUNKS, PHASE_TCN, SONG_RENDERS
from groove.plots.phase import labelled_chunk, predicted_phase

PNG = b"\x89PNG"


def test_pictures_are_png():
    phase = (np.arange(500) / 100 % 1).astype(np.float32)
    samples = np.random.default_rng(0).normal(0, 0.1, 160_000).astype(np.float32)
    assert labelled_chunk(samples, 16_000, phase, np.arange(6) * 2.0).startswith(PNG)
    assert predicted_phase(phase.astype(float), phase.astype(float), 2.0).startswith(PNG)


def test_empty_tables_have_no_pictures():
    store = MemoryStore()
    assert pictures.first_render(SONG_RENDERS.empty(), store) == {}
    assert pictures.one_chunk_per_meter(PHASE_CHUNKS.empty(), store) == {}
    assert pictures.test_predictions(PHASE_TCN.empty(), PHASE_CHUNKS.empty(), store) == {}
