"""The bar-pointer filter: what the network hears, frame by frame, to where we are in the bar.

A hidden state says how fast the beats come, how far the present beat is, which beat of the bar
it is, and how many a bar has (the bar pointer model of Whiteley, Cemgil & Godsill 2006, in the
discrete form of Krebs, Böck & Widmer 2015). The filter carries the probability of every such
state from frame to frame. Nothing is drawn at random and nothing is decided: what comes out are
expectations over all states, so that the same audio gives the same numbers in any runtime.

How a state moves in a frame
    Each tempo has its own row of cells across one beat. A pointer advances a cell a frame, and
    the fraction that its tempo adds to or takes from that goes to the cell after or stays.
At the end of a beat
    The tempo may change, a change of its logarithm by ``x`` being ``exp(-rigidity · x)`` likely,
    and at the end of a bar the meter.
Now and then
    Everything starts anew, with a small chance a frame, and a large one in silence: so a wrong
    belief is left, and without sound there is soon none.

Conventions
-----------
* A frame's evidence speaks of the moment :data:`~groove.phase.labels.DELAY` frames before its end: the network has then
  heard the attack whole. What is asked for is ``DELAY`` frames and the anticipation later, and
  every state is turned on by its own tempo.
* ``(batch, beats, cells)``: ``beats`` are the beats of all meters in a row, ``cells`` those of all
  tempos.

What belongs here: the filter. What does not: what it is fed with (:mod:`groove.phase.model.network`),
looking back from a song's end (:mod:`groove.phase.play.smoothing`).
"""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from groove.phase.labels import DELAY, FRAME_RATE_HZ
from groove.phase.model.states import States, states
from groove.phase.spec import PointerSpec

#: The decided bar position follows the likelier of two beats this much more.
_SHARPNESS = 4.0
#: Beats that a state may be turned on by, at most: half a second and the delay at 600 a minute.
_MOST_BEATS = 8
_TINY = 1e-30
#: Nothing heard rules a state out.
_FLOOR = 1e-3


class BarPointer(nn.Module):
    """The filter over a batch of streams; nothing to train.

    Parameters
    ----------
    spec
        Its settings.
    """

    stay: Tensor
    one: Tensor
    two: Tensor
    leave: Tensor
    leave_early: Tensor
    tempo_change: Tensor
    beat_change: Tensor
    prior: Tensor
    at_first: Tensor
    at_second: Tensor
    at_last: Tensor
    ends_bar: Tensor
    place: Tensor
    beats_per_frame: Tensor
    log_bpm: Tensor
    is_first: Tensor
    meter_of_beat: Tensor
    beat_share: Tensor
    beats_of_bar: Tensor
    turned: Tensor
    tempo_of_cell: Tensor
    phase_sine: Tensor
    phase_cosine: Tensor
    first: Tensor
    last: Tensor

    def __init__(self, spec: PointerSpec) -> None:
        super().__init__()
        self.spec = spec
        space = states(spec)
        self.meters = tuple(spec.meters)
        self.beats, self.cells = len(space.meter), len(space.tempo)
        constants = {
            "stay": space.stay,
            "one": space.one,
            "two": space.two,
            "leave": space.leave,
            "leave_early": space.leave_early,
            "tempo_change": space.tempo_change,
            "beat_change": space.beat_change.T,
            "prior": space.prior,
            "at_first": np.isin(np.arange(len(space.tempo)), space.first),
            "at_second": np.isin(np.arange(len(space.tempo)), space.first + 1),
            "at_last": np.isin(np.arange(len(space.tempo)), space.last),
            "ends_bar": (space.beat == space.meter - 1).astype(np.float64)[:, None],
            "place": space.place,
            "beats_per_frame": 1.0 / space.interval[space.tempo],
            "log_bpm": np.log(FRAME_RATE_HZ * 60 / space.interval),
            "is_first": (space.beat == 0).astype(np.float64)[:, None],
            "meter_of_beat": (space.meter[:, None] == np.asarray(self.meters)[None]).astype(float),
            "beat_share": space.beat / space.meter,
            "beats_of_bar": space.meter.astype(np.float64),
            "turned": self._turned(space),
            "phase_sine": np.sin(self._angle(space)),
            "phase_cosine": np.cos(self._angle(space)),
            "tempo_of_cell": (space.tempo[:, None] == np.arange(len(space.interval))[None]),
        }
        # Derived from the settings, so not part of a checkpoint.
        for name, value in constants.items():
            self.register_buffer(name, torch.from_numpy(value).float(), persistent=False)
        for name, index in {"first": space.first, "last": space.last}.items():
            self.register_buffer(name, torch.from_numpy(index), persistent=False)

    def _angle(self, space: States) -> NDArray[np.float64]:
        """Return ``(beats, cells)`` 2π times each state's phase at the end of its frame."""
        place = space.place + DELAY / space.interval[space.tempo]
        phase = (space.beat[:, None] + place[None]) / space.meter[:, None]
        return np.asarray(2 * np.pi * phase)

    def _turned(self, space: States) -> NDArray[np.float64]:
        """Return ``(turns, beats, beats)``: by how many beats which beat becomes which."""
        turned = np.zeros((_MOST_BEATS + 2, self.beats, self.beats))
        start = np.arange(self.beats) - space.beat
        for turn in range(-1, _MOST_BEATS + 1):
            goal = start + (space.beat + turn) % space.meter
            turned[turn + 1, np.arange(self.beats), goal] = 1.0
        return turned

    def start(self, batch: int) -> Tensor:
        """Return ``(batch, beats, cells)``: zeros, that stand for knowing nothing yet."""
        return torch.zeros(batch, self.beats, self.cells, device=self.prior.device)

    def step(self, evidence: Tensor, silence: Tensor, belief: Tensor) -> Tensor:
        """Return the belief after one more frame.

        Parameters
        ----------
        evidence
            ``(batch, 4)`` probability that a beat, and that a downbeat was struck; sine and cosine
            of 2π times the phase in the bar that the network takes the end of the frame for.
        silence
            ``(batch,)`` 1 where nothing sounds, 0 where something does.
        belief
            ``(batch, beats, cells)`` as :meth:`start` or the last step returned it.
        """
        total = _sum(belief)
        known = (total > 0).to(belief.dtype)
        belief = belief + (1 - known) * self.prior
        moved = self._moved(belief)
        lost = self.spec.lost + (self.spec.lost_in_silence - self.spec.lost) * silence
        lost = lost[:, None, None]
        moved = moved * (1 - lost) + self.prior * lost
        seen = moved * self.likelihood(evidence, silence)
        return seen / (_sum(seen) + _TINY)

    def _moved(self, belief: Tensor) -> Tensor:
        before = nn.functional.pad(belief, (2, 0))
        moved = self.stay * belief + self.one * before[:, :, 1:-1] + self.two * before[:, :, :-2]
        leaving = belief[:, :, self.last] * self.leave
        leaving = leaving + belief[:, :, self.last - 1] * self.leave_early
        entering = self.beat_change @ leaving @ self.tempo_change
        entering = entering + moved[:, :, self.first]
        where = self.first[None, None].expand(belief.shape[0], self.beats, -1)
        return moved.scatter(2, where, entering)

    def likelihood(self, evidence: Tensor, silence: Tensor) -> Tensor:
        """Return ``(batch, beats, cells)``, up to a factor; 1 throughout where nothing sounds.

        The network was taught that a frame is struck (1), is next to one that is (½) or neither.
        What it says of downbeat, other beat and no beat, over what is to be expected of any frame,
        is how much likelier a state is that says the same (the scaled likelihood of Bourlard &
        Morgan 1994). The phase that it takes the moment for is weighed by a von Mises density, far
        wider than the network's error, because it errs alike in frame after frame. A network says
        something of silence, too, and of what comes after the music: that weighs nothing.
        """
        sounding = (1 - silence)[:, None]
        beat, downbeat = evidence[:, :1], evidence[:, 1:2]
        other = (beat - downbeat).clamp(min=_FLOOR)
        rest = torch.log((1 - beat) / (1 - self.spec.beat_share))
        usual = self.spec.beat_share - self.spec.downbeat_share
        first = torch.log(downbeat.clamp(min=_FLOOR) / self.spec.downbeat_share) - rest
        other = torch.log(other / usual) - rest
        trust = (self.spec.trust * sounding)[:, :, None]
        first, other = trust * first[:, :, None], trust * other[:, :, None]
        here = other + (first - other) * self.is_first
        next_one = 0.5 * (other + (first - other) * self.ends_bar)
        struck = (
            1
            + self.at_first * (here.exp() - 1)
            + self.at_second * ((0.5 * here).exp() - 1)
            + self.at_last * (next_one.exp() - 1)
        )
        sine, cosine = evidence[:, 2:3, None], evidence[:, 3:4, None]
        agreement = sine * self.phase_sine + cosine * self.phase_cosine
        return struck * (self.spec.phase_trust * sounding[:, :, None] * agreement).exp()

    def read(self, belief: Tensor, anticipation_s: Tensor) -> tuple[Tensor, ...]:
        """Return what a belief says of the moment :data:`~groove.phase.labels.DELAY` and the anticipation later.

        Parameters
        ----------
        belief
            ``(batch, beats, cells)``.
        anticipation_s
            ``(batch,)`` seconds.

        Returns
        -------
        bar, beat
            ``(batch, 2)`` sine and cosine of 2π times the phase in the bar and in the beat; their
            length is how much the states agree, 0 to 1.
        tempo_bpm
            ``(batch,)`` beats per minute.
        meters
            ``(batch, meters)`` probability of each number of beats per bar.
        confidence
            ``(batch,)`` the expected cosine of the error of ``bar``, 0 to 1, if what is heard is
            so (:mod:`groove.phase.model.certainty` makes of it what users see).
        """
        ahead = (DELAY + anticipation_s * FRAME_RATE_HZ)[:, None]
        place = self.place + ahead * self.beats_per_frame
        angle = 2 * math.pi * place
        any_beat = belief.sum(dim=1)
        beat = torch.stack(
            [(any_beat * angle.sin()).sum(dim=1), (any_beat * angle.cos()).sum(dim=1)], dim=1
        )
        length = beat.square().sum(dim=1, keepdim=True).add(_TINY).sqrt()
        middle = torch.atan2(beat[:, 0], beat[:, 1]) / (2 * math.pi)
        middle = torch.remainder(middle, 1.0)
        # Which beat of the bar the middle is in, state by state: those that are already in the
        # next one, or still in the last, are counted with the others of their beat.
        turns = torch.round(place - middle[:, None])
        numbers = torch.arange(-1, _MOST_BEATS + 1, dtype=place.dtype, device=place.device)
        of_turn = (turns[:, :, None] == numbers).to(belief.dtype)
        by_turn = (belief @ of_turn).permute(0, 2, 1)[:, :, None]
        where = (by_turn @ self.turned)[:, :, 0].sum(dim=1)
        phase = (self.beat_share + middle[:, None] / self.beats_of_bar) * (2 * math.pi)
        decided = (where / where.amax(dim=1, keepdim=True).clamp(min=_TINY)) ** _SHARPNESS
        sine, cosine = (decided * phase.sin()).sum(dim=1), (decided * phase.cos()).sum(dim=1)
        norm = (sine.square() + cosine.square() + _TINY).sqrt()
        sine, cosine = sine / norm, cosine / norm
        agreement = phase.sin() * sine[:, None] + phase.cos() * cosine[:, None]
        confidence = (where * agreement).sum(dim=1).clamp(0, 1) * length[:, 0].clamp(0, 1)
        bar = torch.stack([sine, cosine], dim=1) * confidence[:, None]
        by_tempo = any_beat @ self.tempo_of_cell
        likely = (by_tempo / by_tempo.amax(dim=1, keepdim=True).clamp(min=_TINY)) ** _SHARPNESS
        tempo = ((likely * self.log_bpm).sum(dim=1) / likely.sum(dim=1)).exp()
        return bar, beat, tempo, where @ self.meter_of_beat, confidence


def _sum(belief: Tensor) -> Tensor:
    """Return ``(batch, 1, 1)`` sums; row by row, since a runtime may add 60,000 numbers naively."""
    return belief.sum(dim=2, keepdim=True).sum(dim=1, keepdim=True)
