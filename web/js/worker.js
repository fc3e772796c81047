// The model's own thread: frames in, the place in the bar out. The dial never waits for it.

import * as ort from '../vendor/ort.wasm.min.mjs';
import { FRAME, ModelError, PhaseModel, Told } from './model.js';
import { Stream } from './stream.js';

// One thread needs no shared memory, hence no special headers: any static server will do.
ort.env.wasm.numThreads = 1;
ort.env.wasm.wasmPaths = new URL('../vendor/', import.meta.url).href;

let model = null;
let stream = null;
let anticipationS = 0;
let generation = 0;
const recordings = [];
let busy = false;

const handlers = {
  async open({ url }) {
    const began = performance.now();
    try {
      const response = await fetch(url);
      if (!response.ok) {
        throw new ModelError(
          response.status === 404 ? 'there is none' : `the server answered ${response.status}`,
        );
      }
      const bytes = new Uint8Array(await response.arrayBuffer());
      model = await PhaseModel.open(ort, bytes);
      stream = new Stream(model);
      // The first run builds what later ones use; its time is not the model's.
      await model.step(new Float32Array(FRAME), 0, model.start());
    } catch (error) {
      postMessage({ type: 'failed', what: 'model', reason: error.message });
      return;
    }
    const { card, meters, tells } = model;
    postMessage({ type: 'ready', card, meters, tells, ms: performance.now() - began });
  },

  listen({ port }) {
    port.onmessage = ({ data }) => {
      stream?.push(data);
      work();
    };
  },

  anticipation({ seconds }) {
    anticipationS = seconds;
  },

  restart(message) {
    generation = message.generation;
    stream?.restart();
  },

  run({ id, pcm, anticipationS: ahead }) {
    const told = new Told(Math.floor(pcm.length / FRAME));
    recordings.push({ id, pcm, ahead, told, state: model.start() });
    work();
  },
};

onmessage = ({ data }) => handlers[data.type](data);

/** Work until nothing waits; what is heard now comes before recordings. */
async function work() {
  if (busy || !model) return;
  busy = true;
  try {
    while (stream.waiting.length || recordings.length) {
      await (stream.waiting.length ? hear() : goOn(recordings[0]));
    }
  } catch (error) {
    postMessage({ type: 'failed', what: 'step', reason: error.message });
  } finally {
    busy = false;
  }
}

async function hear() {
  const asked = anticipationS;
  const heardIn = generation;
  const began = performance.now();
  const { entry: { frame, timeS }, told } = await stream.next(asked);
  const ms = performance.now() - began;
  if (heardIn !== generation) return;
  const values = Object.fromEntries(
    Object.entries(told).map(([name, data]) => [name, Array.from(data)]),
  );
  postMessage({
    type: 'told', generation, timeS, anticipationS: asked, ms, dropped: stream.dropped,
    waiting: stream.waiting.length, peak: peak(frame), values,
  });
}

async function goOn(recording) {
  const { id, pcm, ahead, told } = recording;
  if (told.made === told.frames) {
    recordings.shift();
    postMessage({ type: 'ran', id, result: told.summary });
    return;
  }
  const frame = pcm.slice(told.made * FRAME, (told.made + 1) * FRAME);
  const began = performance.now();
  told.add(await model.step(frame, ahead, recording.state), performance.now() - began);
  // Messages are read between frames: what is heard now must not wait for a recording's end.
  if (told.made % 25 === 0) await new Promise((resolve) => setTimeout(resolve));
}

function peak(frame) {
  let largest = 0;
  for (const sample of frame) largest = Math.max(largest, Math.abs(sample));
  return largest;
}
