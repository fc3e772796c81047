// The dial: a hand that goes round once a bar, a segment for each beat, the beat's number.

import { fitted, palette } from './canvas.js';
import { towards, wrap } from './follower.js';

// How fast the hand gives way to what the model says, and from how far it jumps.
const SETTLE_S = 0.1;
const JUMP = 0.2;
const TOP = -Math.PI / 2;
const TURN = 2 * Math.PI;
const GAP = 0.022;

export class Dial {
  constructor(canvas) {
    this.canvas = canvas;
    this.shown = null;
    this.faith = 0;
    this.lastMs = null;
  }

  /** @param {object|null} reading as `Follower.at` returns it */
  draw(reading, nowMs) {
    const passedS = this.lastMs === null ? 0 : Math.min(0.1, (nowMs - this.lastMs) / 1000);
    this.lastMs = nowMs;
    this.#settle(reading, passedS);
    const { context, width, height } = fitted(this.canvas);
    const radius = Math.min(width, height) / 2 - 10;
    if (radius < 20) return;
    context.translate(width / 2, height / 2);
    const beats = reading?.beatsPerBar ?? 1;
    const thick = radius * 0.115;
    this.#segments(context, radius - thick / 2, thick, beats);
    if (this.shown !== null) this.#hand(context, radius - thick / 2, thick);
    this.#number(context, radius, reading);
  }

  #settle(reading, passedS) {
    const wanted = reading && reading.bar !== null ? reading.confidence : 0;
    this.faith += (wanted - this.faith) * (1 - Math.exp(-passedS / 0.25));
    if (!reading || reading.bar === null) {
      if (this.faith < 0.02) this.shown = null;
      return;
    }
    if (this.shown === null) this.shown = reading.bar;
    const moved = wrap(this.shown + passedS * reading.barsPerS);
    const off = towards(moved, reading.bar);
    const share = Math.abs(off) > JUMP ? 1 : 1 - Math.exp(-passedS / SETTLE_S);
    this.shown = wrap(moved + off * share);
  }

  /** How visible the answer is: an unsure one fades, but stays to be seen. */
  get strength() {
    return 0.12 + 0.88 * Math.min(1, this.faith * 1.15);
  }

  #segments(context, radius, thick, beats) {
    const colours = palette();
    const gap = beats > 1 ? GAP : 0;
    const current = this.shown === null ? -1 : Math.floor(this.shown * beats);
    context.lineWidth = thick;
    for (let beat = 0; beat < beats; beat += 1) {
      const from = TOP + TURN * (beat / beats) + gap;
      const to = TOP + TURN * ((beat + 1) / beats) - gap;
      context.strokeStyle = colours.track;
      context.globalAlpha = 1;
      arc(context, radius, from, to);
      if (this.shown === null || beat > current) continue;
      // What is past glows on, weaker.
      context.strokeStyle = beat === 0 ? colours.bar : colours.beat;
      context.globalAlpha = this.strength * (beat === current ? 1 : 0.32);
      const end = beat === current ? Math.max(from, Math.min(to, TOP + TURN * this.shown)) : to;
      if (end > from) arc(context, radius, from, end);
    }
    context.globalAlpha = 1;
  }

  #hand(context, radius, thick) {
    const colours = palette();
    const angle = TOP + TURN * this.shown;
    const x = Math.cos(angle);
    const y = Math.sin(angle);
    context.globalAlpha = this.strength;
    context.strokeStyle = colours.text;
    context.lineCap = 'round';
    context.lineWidth = 3;
    context.beginPath();
    context.moveTo(x * radius * 0.66, y * radius * 0.66);
    context.lineTo(x * radius, y * radius);
    context.stroke();
    context.lineCap = 'butt';
    context.fillStyle = colours.text;
    context.beginPath();
    context.arc(x * radius, y * radius, thick * 0.34, 0, TURN);
    context.fill();
    context.globalAlpha = 1;
  }

  #number(context, radius, reading) {
    const colours = palette();
    const beats = reading?.beatsPerBar;
    const known = this.shown !== null && beats;
    const beat = known ? Math.floor(this.shown * beats) : 0;
    // A beat swells at its start; the first of the bar in its own colour.
    const into = known ? this.shown * beats - beat : 1;
    const swell = known && !still.matches ? 1 + 0.1 * Math.exp(-into * 9) * this.strength : 1;
    context.globalAlpha = known ? this.strength : 0.35;
    context.fillStyle = known && beat === 0 ? colours.bar : colours.text;
    context.textAlign = 'center';
    context.textBaseline = 'middle';
    context.font = `600 ${radius * 0.62 * swell}px system-ui, sans-serif`;
    context.fillText(known ? String(beat + 1) : '–', 0, radius * 0.01);
    context.globalAlpha = 1;
    context.fillStyle = colours.muted;
    context.font = `500 ${Math.max(12, radius * 0.09)}px system-ui, sans-serif`;
    context.fillText(known ? `of ${beats}` : '', 0, radius * 0.4);
  }
}

const still = matchMedia('(prefers-reduced-motion: reduce)');

function arc(context, radius, from, to) {
  context.beginPath();
  context.arc(0, 0, radius, from, to);
  context.stroke();
}
