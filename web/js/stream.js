// A model that listens: frames wait, one after the other is heard, and what breaks begins anew.
//
// A machine that is too slow must not lag for ever: when too much waits, the oldest frames are left
// out. The place in the bar that was known is of the time before them, so the model starts anew, as
// it does when it tells what is no number. No page, worker or runtime here.

import { FRAME } from './model.js';

// What may wait before the oldest is left out, and how much is then kept.
export const MOST_WAITING = 100;
export const KEPT = 10;

export class Stream {
  /** @param {{start: function, step: function}} model as model.js has it */
  constructor(model) {
    this.model = model;
    this.restart();
  }

  /** Begin anew: nothing waits, nothing is known. */
  restart() {
    this.waiting = [];
    this.dropped = 0;
    this.state = this.model.start();
  }

  /** Let a frame wait, with whatever belongs to it. */
  push(entry) {
    this.waiting.push(entry);
    if (this.waiting.length > MOST_WAITING) {
      this.dropped += this.waiting.length - KEPT;
      this.waiting = this.waiting.slice(-KEPT);
      // The step under way, if there is one, goes on with the old state and then leaves it.
      this.state = this.model.start();
    }
  }

  /**
   * Hear the frame that has waited longest.
   * @returns {Promise<{entry: object, told: Object<string, Float32Array>}>}
   */
  async next(anticipationS) {
    const entry = this.waiting.shift();
    const { state } = this;
    let told = await this.model.step(entry.frame, anticipationS, state);
    if (!isSane(told)) {
      const fresh = this.model.start();
      told = await this.model.step(new Float32Array(FRAME), anticipationS, fresh);
      if (!isSane(told)) throw new Error('it gives no numbers, not even of silence');
      // Unless somebody began anew in the meantime.
      if (this.state === state) this.state = fresh;
    }
    return { entry, told };
  }
}

/** Whether everything that is told is a number. */
export function isSane(told) {
  return Object.values(told).every((values) => values.every(Number.isFinite));
}
