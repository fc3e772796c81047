"""The front end: PCM to band levels, without look-ahead, frame by frame or all at once.

Two windows end at the same sample: 128 ms for the bands below 500 Hz, because a bass note has
no pitch and hardly a level in less, and 32 ms for the bands above, which say when something is
struck. Each band is held against its own recent level, so that neither gain nor a dull
recording matters: ``log(1 + power / mean)``, the mean an exponential one of some seconds with
its start-up bias removed (Kingma & Ba 2015, section 3). It is a simple kin of per-channel
energy normalisation (Wang et al. 2017).

Beside the levels it says how silent it is: nothing but what a converter leaves, or far under the
level of the last seconds, as when a song has ended and the room goes on. Sound lasts: between two
clicks of a metronome there is none, and no silence either, so it comes on over half a second.

Conventions
-----------
* Frame ``k`` has heard the samples before ``(k + 1) · FRAME``: what it says is about that
  moment, ``(k + 1) / 50`` s.
* Before the first sample there was silence.
* ``step`` fed frame by frame returns what ``forward`` returns, up to rounding.

What belongs here: features. What does not: mel bands (:mod:`groove.audio.mel_torch`), the
network (:mod:`groove.phase.model.network`).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from groove.audio.mel import LOG_FLOOR
from groove.audio.mel_torch import MelFrontEnd
from groove.phase.labels import FRAME, FRAME_RATE_HZ, SAMPLE_RATE

LONG_WINDOW = 2048
SHORT_WINDOW = 512
_LOW_HZ = (30.0, 500.0)
_HIGH_HZ = (400.0, 8000.0)
#: Frames whose running means are computed together.
_BLOCK = 64
#: Samples are held within this: a file may say anything.
_LOUDEST = 8.0
#: Natural logarithm of the loudest band's power from which on there is sound, and how far below
#: there is none.
_SOUND = math.log(LOG_FLOOR) + 3.0
_FADE = 2.3
#: Natural logarithm of the power, over its running mean, from which on there is sound, and how far
#: below there is none: 35 dB and 45 dB under.
_BESIDE = -35 / 10 * math.log(10)
_BESIDE_FADE = math.log(10)
#: Time constant with which a sound that has ended goes on to count as one, seconds.
_HOLD_S = 0.5
#: What is left of a sound is at least this; it only keeps a logarithm finite.
_LEAST = 1e-9


class FrontEnd(nn.Module):
    """PCM at 16 kHz to ``bands`` levels per frame of 20 ms; nothing to train.

    Parameters
    ----------
    low_bands, high_bands
        Bands below 500 Hz (long window) and above 400 Hz (short window).
    memory_s
        Time constant of the level that each band is held against.
    """

    def __init__(self, low_bands: int, high_bands: int, memory_s: float) -> None:
        super().__init__()
        self.bands = low_bands + high_bands
        self.low = MelFrontEnd(SAMPLE_RATE, LONG_WINDOW, FRAME, low_bands, *_LOW_HZ, center=False)
        self.high = MelFrontEnd(
            SAMPLE_RATE, SHORT_WINDOW, FRAME, high_bands, *_HIGH_HZ, center=False
        )
        self.keep = math.exp(-1 / (FRAME_RATE_HZ * memory_s))
        self.hold = math.exp(-1 / (FRAME_RATE_HZ * _HOLD_S))

    def start(self, batch: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return the state before the first frame: PCM, mean power, its weight, and sound."""
        device = self.low.basis.device
        return (
            torch.zeros(batch, LONG_WINDOW - FRAME, device=device),
            torch.zeros(batch, self.bands, device=device),
            torch.zeros(batch, 1, device=device),
            torch.zeros(batch, device=device),
        )

    def step(
        self, frame: Tensor, pcm: Tensor, mean: Tensor, weight: Tensor, sound: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]:
        """Return ``(levels, silence, pcm, mean, weight, sound)`` after one more frame.

        Parameters
        ----------
        frame
            ``(batch, FRAME)`` samples.
        pcm, mean, weight, sound
            As :meth:`start` or the last step returned them.
        """
        heard = torch.cat([pcm, _sane(frame)], dim=1)
        power = self._power(heard)[:, 0]
        mean = self.keep * mean + (1 - self.keep) * power
        weight = self.keep * weight + (1 - self.keep)
        levels = torch.log1p(power * weight / mean)
        sound = torch.maximum(self._sound(power, mean, weight), self.hold * sound)
        return levels, 1 - sound, heard[:, FRAME:], mean, weight, sound

    def forward(self, samples: Tensor) -> Tensor:
        """Return ``(batch, frames, bands)`` levels of ``(batch, samples)``, whole frames only."""
        return self.both(samples)[0]

    def both(self, samples: Tensor) -> tuple[Tensor, Tensor]:
        """Return levels as :meth:`forward` does, and ``(batch, frames)`` silence.

        Silence is 1 where for a while nothing has sounded but what a 16-bit converter may leave,
        or 45 dB below the mean of the last seconds; 0 from some 10 dB above that on. A constant
        offset is silent.
        """
        count = samples.shape[1] // FRAME
        before = samples.new_zeros(samples.shape[0], LONG_WINDOW - FRAME)
        power = self._power(torch.cat([before, _sane(samples[:, : count * FRAME])], dim=1))
        steps = torch.arange(1, count + 1, dtype=torch.float64, device=samples.device)
        weight = (1 - self.keep**steps).to(power.dtype)[None, :, None]
        means = self._means(power)
        sound = self._held(self._sound(power, means, weight), steps)
        return torch.log1p(power * weight / means), 1 - sound

    def _means(self, power: Tensor) -> Tensor:
        """Return the running means of ``(batch, frames, bands)``, a block of frames at a time."""
        batch, count, bands = power.shape
        padded = nn.functional.pad(power, (0, 0, 0, -count % _BLOCK)).reshape(
            batch, -1, _BLOCK, bands
        )
        step = torch.arange(_BLOCK, dtype=torch.float64, device=power.device)
        age = step[:, None] - step
        decay = torch.where(age >= 0, self.keep ** age.clamp(min=0), 0.0).to(power.dtype)
        within = (1 - self.keep) * (decay @ padded)
        carried = (self.keep ** (step + 1)).to(power.dtype)[None, :, None]
        mean, means = torch.zeros_like(power[:, :1]), []
        for block in within.unbind(dim=1):
            means.append(block + carried * mean)
            mean = means[-1][:, -1:]
        return torch.cat(means, dim=1)[:, :count] if means else power

    def _power(self, heard: Tensor) -> Tensor:
        """Return ``(batch, frames, bands)`` power; the mel's logarithm brings a floor with it."""
        low = self.low(heard)
        high = self.high(heard[:, LONG_WINDOW - SHORT_WINDOW :])
        return torch.cat([low, high], dim=2).exp()

    def _sound(self, power: Tensor, mean: Tensor, weight: Tensor) -> Tensor:
        """Return ``(…)`` of ``(…, bands)``: 0 where nothing sounds at this moment, to 1."""
        level = (power.amax(dim=-1).log() - _SOUND) / _FADE
        beside = (power.sum(dim=-1) * weight[..., 0] / mean.sum(dim=-1)).log()
        beside = (beside - _BESIDE) / _BESIDE_FADE
        return (1 + torch.minimum(level, beside)).clamp(0, 1)

    def _held(self, sound: Tensor, steps: Tensor) -> Tensor:
        """Return ``(batch, frames)``: the most of what sounds, and of what is left of it."""
        # Falling by a factor a frame is falling by a constant in the logarithm: what stands out
        # above that slope is a running maximum.
        slope = steps * math.log(self.hold)
        risen = sound.double().clamp(min=_LEAST).log() - slope
        held = (risen.cummax(dim=1).values + slope).exp().to(sound.dtype)
        return torch.where(held > _LEAST * 2, held, torch.zeros_like(held))


def _sane(samples: Tensor) -> Tensor:
    """Return samples without what is no number, and none far above full scale."""
    return torch.where(torch.isnan(samples), 0.0, samples).clamp(-_LOUDEST, _LOUDEST)
