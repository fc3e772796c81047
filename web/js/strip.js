// The last seconds: level, bar phase as a rising line, a mark on each beat and each bar.
//
// A phase is drawn at the moment that it was told for, which the anticipation puts after the sound
// it was told from: what was foretold lies under what came.

import { fitted, palette } from './canvas.js';
import { FRAME_S } from './model.js';

const SHOWN_S = 12;
const HEAD = 0.42;

export class Strip {
  constructor(canvas) {
    this.canvas = canvas;
  }

  /** @param {object[]} history of a Follower  @param {number} nowS at the right edge */
  draw(history, nowS) {
    const { context, width, height } = fitted(this.canvas);
    const colours = palette();
    const x = (timeS) => width * (1 + (timeS - nowS) / SHOWN_S);
    const ahead = ({ anticipationS }) => (width * anticipationS) / SHOWN_S;
    const middle = height * HEAD * 0.5;
    const top = height * HEAD + 6;
    const tall = height - top - 4;
    context.fillStyle = colours.line;
    context.fillRect(0, Math.round(middle), width, 1);
    context.fillRect(0, height - 4, width, 1);
    const step = Math.max(1, (width * FRAME_S) / SHOWN_S - 0.6);
    let before = null;
    for (const entry of history) {
      const { timeS, peak, bar, confidence } = entry;
      const at = x(timeS);
      if (at < -20 || at > width + 1) {
        before = entry;
        continue;
      }
      context.fillStyle = colours.muted;
      context.globalAlpha = 0.75;
      // Levels are seen as they are heard: -60 dB at nothing, 0 dB at full height.
      const high = middle * Math.max(0, 1 + (20 * Math.log10(peak + 1e-6)) / 60);
      context.fillRect(at, middle - high, step, Math.max(1, 2 * high));
      if (bar !== null && before && before.bar !== null) {
        const told = at + ahead(entry);
        this.#mark(context, before, entry, told, top, tall, colours);
        if (bar >= before.bar || before.bar - bar < 0.5) {
          context.strokeStyle = colours.text;
          context.globalAlpha = 0.1 + 0.75 * confidence;
          context.lineWidth = 1.5;
          context.beginPath();
          context.moveTo(x(before.timeS) + ahead(before), top + tall * (1 - before.bar));
          context.lineTo(told, top + tall * (1 - bar));
          context.stroke();
        }
      }
      context.globalAlpha = 1;
      before = entry;
    }
  }

  #mark(context, before, entry, at, top, tall, colours) {
    const { beatsPerBar, bar, confidence } = entry;
    if (!beatsPerBar) return;
    const from = Math.floor(before.bar * beatsPerBar);
    const to = Math.floor(bar * beatsPerBar);
    const turned = bar < before.bar - 0.5;
    // A phase that was corrected backwards is no new beat.
    if (!turned && to <= from) return;
    context.globalAlpha = 0.15 + 0.75 * confidence;
    context.fillStyle = turned ? colours.bar : colours.beat;
    const share = turned ? 1 : 0.28;
    context.fillRect(at, top + tall * (1 - share), turned ? 2 : 1.5, tall * share);
  }
}
