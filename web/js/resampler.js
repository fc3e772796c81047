// Any sample rate to 16 kHz, as a stream: the same filter as groove/phase/play/resampling.py.
//
// A Kaiser-windowed sinc (Crochiere & Rabiner 1983, chapter 4). Output n depends on input up to
// n / 16000 s alone, and is the band-limited input at n / 16000 - delayS.

export const SAMPLE_RATE = 16000;

// Half the filter's length, in periods of the lower rate.
const HALF_PERIODS = 40;
// Middle of the transition band, as a share of the lower Nyquist frequency.
const CUT = 0.94;
// Shape of the Kaiser window: 80 dB.
const BETA = 7.86;
// Positions between two inputs that have a filter of their own.
const MOST_PHASES = 1024;

export class Resampler {
  /** @param {number} rate samples per second of what is pushed */
  constructor(rate) {
    rate = Math.round(rate);
    if (!(rate >= 1000 && rate <= 1e6)) throw new RangeError(`${rate} Hz is no audio sample rate`);
    const shared = commonDivisor(rate, SAMPLE_RATE);
    this.up = SAMPLE_RATE / shared;
    this.down = rate / shared;
    const half = (HALF_PERIODS / Math.min(rate, SAMPLE_RATE)) * rate;
    this.reach = Math.floor(half) + 1;
    /** Outputs that the stream is late by. */
    this.delay = Math.ceil(((half + 1) * SAMPLE_RATE) / rate);
    this.delayS = this.delay / SAMPLE_RATE;
    this.phases = Math.min(this.up, MOST_PHASES);
    this.bank = bank(this.phases, this.reach, half, Math.min(1, SAMPLE_RATE / rate));
    this.reset();
  }

  /** Forget what was heard; before it there is silence again. */
  reset() {
    this.told = 0;
    // Index of the first input that is still kept.
    this.base = -Math.ceil((this.delay * this.down) / this.up) - this.reach - 1;
    this.length = -this.base;
    this.kept = new Float32Array(Math.max(4096, 4 * this.length));
  }

  /**
   * Return what is known after some more samples; it may be none.
   * @param {Float32Array} samples
   * @returns {Float32Array}
   */
  push(samples) {
    this.#keep(samples);
    const { up, down, delay, reach, phases, bank } = this;
    const taps = 2 * reach;
    // Output n may be told once the last input up to n / 16000 s is there.
    const until = Math.ceil(((this.base + this.length) * up) / down);
    const out = new Float32Array(Math.max(0, until - this.told));
    for (let k = 0; k < out.length; k += 1) {
      const at = (this.told + k - delay) * down;
      const before = Math.floor(at / up);
      const first = before - reach + 1 - this.base;
      const row = Math.floor(((at - before * up) * phases) / up) * taps;
      let sum = 0;
      for (let tap = 0; tap < taps; tap += 1) sum += this.kept[first + tap] * bank[row + tap];
      out[k] = sum;
    }
    this.told += out.length;
    const need = Math.floor(((this.told - delay) * down) / up) - reach;
    if (need > this.base) {
      this.kept.copyWithin(0, need - this.base, this.length);
      this.length -= need - this.base;
      this.base = need;
    }
    return out;
  }

  #keep(samples) {
    if (this.length + samples.length > this.kept.length) {
      const larger = new Float32Array(2 * (this.length + samples.length));
      larger.set(this.kept.subarray(0, this.length));
      this.kept = larger;
    }
    this.kept.set(samples, this.length);
    this.length += samples.length;
  }
}

/** `phases` filters of 2 `reach` taps, each passing a constant as it is. */
function bank(phases, reach, half, ratio) {
  const taps = 2 * reach;
  const filters = new Float32Array(phases * taps);
  const row = new Float64Array(taps);
  for (let phase = 0; phase < phases; phase += 1) {
    let sum = 0;
    for (let tap = 0; tap < taps; tap += 1) {
      const offset = tap + 1 - reach - phase / phases;
      const share = 1 - (offset / half) ** 2;
      const window = share > 0 ? besselI0(BETA * Math.sqrt(share)) : 0;
      row[tap] = sinc(CUT * ratio * offset) * window;
      sum += row[tap];
    }
    for (let tap = 0; tap < taps; tap += 1) filters[phase * taps + tap] = row[tap] / sum;
  }
  return filters;
}

function sinc(x) {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

/** Modified Bessel function of order zero, by its power series. */
function besselI0(x) {
  let term = 1;
  let sum = 1;
  for (let k = 1; term > 1e-17 * sum; k += 1) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

function commonDivisor(a, b) {
  return b === 0 ? a : commonDivisor(b, a % b);
}
