"""The sound around a queued onset, as a file that browsers play.

What belongs here: cutting for ears. What does not: cutting for the classifier
(:mod:`groove.drums.classify.features`), which files there are.
"""

from __future__ import annotations

import numpy as np

from groove.audio.waveform import AudioError, Waveform, encode, fade
from groove.drums.collect.folder import cut_clip
from groove.drums.collect.spec import CutSpec
from groove.drums.label_queue.spec import SnippetSpec

_STEREO = 2


def snippet(wave: Waveform, onset_s: float, spec: SnippetSpec) -> Waveform:
    """Return the sound around an onset, at its own level, with short fades at its ends.

    It is shorter where the file begins or ends, and mono if there are more channels than two.

    Raises
    ------
    groove.audio.waveform.AudioError
        If the onset is not in the sound.
    """
    if not 0 <= onset_s < wave.duration_s:
        raise AudioError(f"{onset_s:g} s is outside the audio, {wave.duration_s:.3f} s long")
    cut, _ = cut_clip(wave, onset_s, CutSpec(pre_s=spec.pre_s, post_s=spec.post_s))
    samples = cut.samples if cut.channels <= _STEREO else cut.mono()[None]
    # Lossy decoders may overshoot; a FLAC file holds no more than full scale.
    kept = np.clip(samples, -1.0, 1.0)
    return Waveform(fade(kept, wave.sample_rate, spec.fade_s, spec.fade_s), wave.sample_rate)


def snippet_bytes(wave: Waveform, onset_s: float, spec: SnippetSpec) -> bytes:
    """Return :func:`snippet` as a FLAC file; the same sound gives the same bytes.

    Raises
    ------
    groove.audio.waveform.AudioError
        As there, or if FLAC cannot hold the sound's rate.
    """
    return encode(snippet(wave, onset_s, spec), "flac")
