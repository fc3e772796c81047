// The audio thread: whatever plays or is heard, mixed to mono at 16 kHz, cut into frames of 20 ms.
//
// Each frame goes straight to the worker's port, with the context time of its last sample, so
// that nothing the page's own thread does can delay it.

import { Resampler, SAMPLE_RATE } from './resampler.js';

const FRAME = 320;

class Capture extends AudioWorkletProcessor {
  constructor() {
    super();
    this.resampler = new Resampler(sampleRate);
    this.mono = new Float32Array(128);
    this.frame = new Float32Array(FRAME);
    this.#restart();
    this.port.onmessage = ({ data }) => {
      if (data.to) this.to = data.to;
      if (data.restart) this.#restart();
      if (data.stop) this.stopped = true;
    };
  }

  #restart() {
    this.resampler.reset();
    this.filled = 0;
    this.made = 0;
    this.startS = null;
  }

  process(inputs) {
    if (this.stopped) return false;
    this.#mix(inputs[0]);
    this.startS ??= currentTime;
    const samples = this.resampler.push(this.mono);
    for (let k = 0; k < samples.length; k += 1) {
      this.frame[this.filled] = samples[k];
      this.filled += 1;
      if (this.filled === FRAME) this.#send();
    }
    return true;
  }

  #mix(channels) {
    const length = channels[0]?.length ?? 128;
    if (this.mono.length !== length) this.mono = new Float32Array(length);
    this.mono.fill(0);
    channels.forEach((channel, place) => {
      const share = shareOf(place, channels.length);
      for (let k = 0; k < length; k += 1) this.mono[k] += channel[k] * share;
    });
  }

  #send() {
    this.made += FRAME;
    const timeS = this.startS + this.made / SAMPLE_RATE - this.resampler.delayS;
    const frame = this.frame;
    this.frame = new Float32Array(FRAME);
    this.filled = 0;
    this.to?.postMessage({ frame, timeS }, [frame.buffer]);
  }
}

/** A channel's share of the mix: falling a little, so that two opposite channels leave a rest. */
function shareOf(place, channels) {
  return channels === 1 ? 1 : (1.2 - (0.4 * place) / (channels - 1)) / channels;
}

registerProcessor('groove-capture', Capture);
