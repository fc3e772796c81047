"""What a network has to say of a batch, how far off it is, and for which music.

What belongs here: from a batch to the loss, and the loss by meter and by tempo. What does not: the
losses themselves (:mod:`groove.phase.learn.loss`), milliseconds and downbeats
(:mod:`groove.phase.judge`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd
import torch
from torch import Tensor, nn
from torch.nn import functional

from groove.phase.judge.summary import tempo_class
from groove.phase.labels import DELAY, FRAME_RATE_HZ
from groove.phase.learn.beatless import expected_struck
from groove.phase.learn.dataset import Batch, prepare
from groove.phase.learn.loss import circular_loss, joint_loss, target_phase
from groove.phase.model.network import Heard
from groove.phase.spec import PhaseModelSpec


def groups_of(phase_features: pd.DataFrame) -> list[tuple[str, ...]]:
    """Return what each chunk is counted under: its meter and its class of tempo."""
    tempo = phase_features["tempo_bpm"].astype(float)
    return [
        (f"{meter.replace('/', '_')}", f"bpm_{tempo_class(bpm)}")
        for meter, bpm in zip(phase_features["meter"], tempo, strict=True)
    ]


@dataclass
class Objective:
    """The loss in the form that the training loop calls.

    In evaluation mode it also remembers how far off each chunk was; :meth:`figures` sums that up.

    Parameters
    ----------
    spec
        Settings.
    groups
        Names under which each chunk that is evaluated is counted, by its place.
    """

    spec: PhaseModelSpec
    groups: Sequence[Sequence[str]] = ()
    _seen: list[tuple[int, Tensor]] = field(default_factory=list, repr=False)

    def __call__(self, network: nn.Module, batch: Batch) -> Mapping[str, Tensor]:
        """Return ``loss`` to learn by, and its parts."""
        batch = prepare(batch, self.spec)
        heard = network(batch.levels, batch.anticipation_s)
        heard = Heard(heard.phase.float(), heard.struck.float())
        frames = heard.phase.shape[1]
        phase = target_phase(batch.phases[..., 0], batch.anticipation_s, frames)
        struck, known = struck_targets(batch.phases, frames, DELAY)
        if batch.beatless is not None:
            expected_struck(struck, known, batch.beatless, self.spec)
        warmup = round(self.spec.warmup_s * FRAME_RATE_HZ)
        if not network.training:
            for row, place in enumerate(batch.places.tolist()):
                one = slice(row, row + 1)
                off = circular_loss(heard.phase[one], phase[one], warmup)
                if not phase[one, warmup:].isnan().all():
                    self._seen.append((place, off))
        return joint_loss(heard, phase, struck, known, warmup)

    def figures(self, _network: nn.Module | None = None) -> dict[str, float]:
        """Return the mean circular loss of the chunks of each group since the last call."""
        found: dict[str, list[float]] = {}
        for place, off in self._seen:
            for name in self.groups[place] if self.groups else ():
                found.setdefault(f"validation_phase_loss_{name}", []).append(float(off))
        self._seen.clear()
        return {name: sum(values) / len(values) for name, values in sorted(found.items())}


def struck_targets(phases: Tensor, frames: int, delay: int) -> tuple[Tensor, Tensor]:
    """Return how much each frame has to say that a beat, a downbeat was struck.

    Something was struck where its phase falls: in the 20 ms of the label before. That frame is to
    say 1, its two neighbours a half, all ``delay`` frames later (the form that
    :func:`groove.phase.learn.loss.struck_target` gives times).

    Parameters
    ----------
    phases
        ``(batch, labels, 2)`` in the bar and in the beat; ``nan`` where unknown.
    frames
        How many frames speak.
    delay
        How long after they do.

    Returns
    -------
    target
        ``(batch, frames, 2)`` of beat and downbeat, in 0..1.
    known
        ``(batch, frames)`` whether there is a truth: not before the crop, nor outside every bar.
    """
    now, coming = phases[:, :-1], phases[:, 1:]
    struck = ((coming < now) & (coming > 0)) | (now == 0)
    there = struck.to(phases.dtype).flip(2).transpose(1, 2)
    near = functional.max_pool1d(there, 3, stride=1, padding=1)
    target = torch.maximum(there, near / 2)
    known = ~phases[:, :-1].isnan().any(dim=2)
    target = functional.pad(target, (delay, 0))[:, :, :frames].transpose(1, 2)
    # Before the crop nothing is known.
    known = functional.pad(known, (delay, 0))[:, :frames]
    return target, known.to(phases.dtype)
