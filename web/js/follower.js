// From what the model told of single frames to the place in the bar at any moment.
//
// A frame's phase is told for its end plus the anticipation it was asked with. The phase at another
// moment is that, turned on at the tempo told with it. Nothing here touches the page or a clock.

import { FRAME_S } from './model.js';

const KEPT_S = 15;
// Over how long the speed of a model without tempo is measured.
const SLOPE_S = 2;
const TURN = 2 * Math.PI;

/** `value` modulo 1, in [0, 1). */
export function wrap(value) {
  const rest = value - Math.floor(value);
  return rest === 1 ? 0 : rest;
}

/** The shortest way from phase `from` to phase `to`, in [-0.5, 0.5). */
export function towards(from, to) {
  return wrap(to - from + 0.5) - 0.5;
}

/** Phase, 0 to 1, of a [sine, cosine] pair; null if it points nowhere. */
export function phaseOf([sine, cosine]) {
  const length = Math.hypot(sine, cosine);
  return length > 1e-6 ? wrap(Math.atan2(sine, cosine) / TURN) : null;
}

export class Follower {
  /** @param {number[]} meters beats per bar that each entry of the output `meters` stands for */
  constructor(meters) {
    this.meters = meters;
    this.clear();
  }

  clear() {
    /** One entry per frame, oldest first. */
    this.history = [];
  }

  /**
   * Take what was told of one frame, in order of time.
   * @param {{timeS: number, anticipationS: number, peak: number, values: object}} told
   */
  push({ timeS, anticipationS, peak, values }) {
    const bar = phaseOf(values.bar);
    const beatsPerBar = values.meters ? this.meters[indexOfLargest(values.meters)] : null;
    const tempo = finite(values.tempo_bpm?.[0]);
    const confidence = finite(values.confidence?.[0]) ?? Math.min(1, Math.hypot(...values.bar));
    const entry = { timeS, anticipationS, peak, bar, beatsPerBar, tempo, confidence };
    entry.beat = values.beat ? phaseOf(values.beat) : null;
    this.history.push(entry);
    while (this.history[0].timeS < timeS - KEPT_S) this.history.shift();
    entry.barsPerS =
      tempo !== null && beatsPerBar ? tempo / 60 / beatsPerBar : this.#slope(timeS - SLOPE_S);
  }

  /**
   * Where the music is `anticipationS` after the context time `timeS`; null before anything was
   * told.
   */
  at(timeS, anticipationS) {
    const entry = this.#latest(timeS);
    if (!entry) return null;
    const { beatsPerBar, tempo, confidence, barsPerS } = entry;
    const onS = timeS + anticipationS - entry.timeS - entry.anticipationS;
    const bar = entry.bar === null ? null : wrap(entry.bar + onS * barsPerS);
    let beat = null;
    if (entry.beat !== null && tempo !== null) beat = wrap(entry.beat + (onS * tempo) / 60);
    const beatInBar = bar === null || !beatsPerBar ? null : Math.floor(bar * beatsPerBar) + 1;
    return { bar, beat, beatInBar, beatsPerBar, tempo, confidence, barsPerS, aheadS: onS };
  }

  /** The newest entry that had been heard at `timeS`; the oldest one if none had. */
  #latest(timeS) {
    const { history } = this;
    let place = history.length - 1;
    while (place > 0 && history[place].timeS > timeS + FRAME_S / 2) place -= 1;
    return history[place];
  }

  /** Bars per second since `sinceS`, from the phases alone. */
  #slope(sinceS) {
    const recent = this.history.filter(({ timeS, bar }) => bar !== null && timeS >= sinceS);
    if (recent.length < 10) return 0;
    let turned = 0;
    for (let k = 1; k < recent.length; k += 1) {
      turned += towards(recent[k - 1].bar, recent[k].bar);
    }
    const first = recent[0];
    const last = recent.at(-1);
    const seconds = last.timeS + last.anticipationS - first.timeS - first.anticipationS;
    return seconds > 0 ? Math.max(0, turned / seconds) : 0;
  }
}

function indexOfLargest(values) {
  return values.reduce((best, value, place) => (value > values[best] ? place : best), 0);
}

function finite(value) {
  return Number.isFinite(value) ? value : null;
}
