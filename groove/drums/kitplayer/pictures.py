"""What to show of kit renders.

What belongs here: choosing what is drawn. What does not: drawing (:mod:`groove.plots`).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from groove.audio.waveform import read_audio
from groove.core.store import Store
from groove.plots.audio import spectrogram


def first_render(kit_renders: pd.DataFrame, store: Store) -> Mapping[str, bytes]:
    """Return a spectrogram of the first render with a line at each hit; nothing of no table."""
    pictures = {}
    for row in kit_renders.head(1).to_dict(orient="records"):
        sound = read_audio(store.read(row["audio"]))
        hits = np.asarray(row["hit_s"], dtype=np.float64)
        name = f"{row['path']} on {row['kit_id']}"
        pictures[name] = spectrogram(sound.mono(), sound.sample_rate, hits)
    return pictures
