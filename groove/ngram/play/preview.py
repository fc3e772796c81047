"""A sample to look at and to listen to.

What belongs here: one of many samples as sound. What does not: rendering
(:mod:`groove.ngram.play.audio`), pictures (:mod:`groove.plots`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from groove.core.store import Store
from groove.midi.meter import bar_grid
from groove.midi.notes import read_midi
from groove.ngram.play.audio import encoded, render_audio


@dataclass(frozen=True)
class Preview:
    """A sample as sound.

    Parameters
    ----------
    blob
        FLAC file, in the store.
    samples, sample_rate
        The same, mono.
    bar_starts_s
        Where bars start.
    """

    blob: str
    samples: NDArray[np.float32]
    sample_rate: int
    bar_starts_s: NDArray[np.float64]


def preview_of(groove_samples: pd.DataFrame, store: Store) -> Preview:
    """Return the sample of median density, rendered with the soundfont that comes along."""
    order = groove_samples["hits_per_bar"].argsort(kind="stable")
    row = groove_samples.iloc[int(order.iloc[len(order) // 2])]
    song = read_midi(store.read(row["blob"]))
    sound = render_audio(song)
    blob = store.write(encoded(sound, "flac"), ".flac")
    return Preview(blob, sound.mono(), sound.sample_rate, bar_grid(song).bar_start_s)
