"""Hits by a clip classifier: it is asked at every onset what sounds there.

For a recording a transcriber is the better tool: a classifier was trained on clips whose onset is
known, so what the onsets miss it cannot find, and it may take any attack for a drum.

What belongs here: onsets and a classifier put together. What does not: either of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from groove.audio.downmix import one_channel
from groove.audio.waveform import Waveform, resample
from groove.drums.beatmap import Beatmap, Hit
from groove.drums.transcribe.heuristic import onsets, velocities
from groove.midi.taxonomy import label_of_alias

if TYPE_CHECKING:
    from groove.drums.classify.model import DrumModel

#: Onsets asked about at a time: a bound on memory, not on the recording.
_BATCH = 512


def transcribe(model: DrumModel, waveform: Waveform, threshold: float | None = None) -> Beatmap:
    """Return the hits of a recording.

    Parameters
    ----------
    model
        Trained on clips around onsets.
    waveform
        At any rate, with any channels.
    threshold
        Least probability of a class; ``None``: the model's own. An onset where no class reaches
        it is no drum.
    """
    waveform = Waveform(one_channel(waveform)[None], waveform.sample_rate)
    at_s = onsets(waveform).time_s
    least = model.threshold if threshold is None else threshold
    hard = velocities(waveform, at_s)
    names = [str(label_of_alias(name)) for name in model.classes]
    # Once, not for each batch.
    heard = resample(waveform, model.clip.sample_rate_hz)
    hits = []
    for start in range(0, len(at_s), _BATCH):
        likely = model.listen(heard, at_s[start : start + _BATCH])
        for place, klass in zip(*np.nonzero(likely >= least), strict=True):
            hits.append(
                Hit(
                    time_s=round(float(at_s[start + place]), 4),
                    label=names[klass],
                    velocity=round(float(hard[start + place]), 3),
                    confidence=round(float(likely[place, klass]), 3),
                )
            )
    return Beatmap(hits=hits)
