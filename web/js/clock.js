// What time it is in the audio: smooth, although the context's own time moves in steps.

// Two clocks run apart by less than this share of the time that passes.
const DRIFT = 0.0005;

export class AudioClock {
  constructor() {
    this.restart();
  }

  restart() {
    this.offsetS = -Infinity;
    this.lastS = 0;
  }

  /**
   * Context time up to which sound is being rendered at this moment.
   *
   * `currentTime` jumps ahead when a block is rendered and then stands still until the next: the
   * true time is its upper edge.
   */
  now(context, nowMs = performance.now()) {
    if (context.state !== 'running') {
      this.restart();
      return context.currentTime;
    }
    const nowS = nowMs / 1000;
    const seenS = context.currentTime - nowS;
    const kept = this.offsetS - DRIFT * Math.max(0, nowS - this.lastS);
    // A thread that was held up for long saw no edge: then the old offset means nothing.
    this.offsetS = Math.abs(seenS - kept) > 0.25 ? seenS : Math.max(seenS, kept);
    this.lastS = nowS;
    return nowS + this.offsetS;
  }
}
