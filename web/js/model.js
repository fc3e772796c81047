// The exported model, one frame at a time. Used by the page's worker and by parity.mjs alike.
//
// Inputs `frame` (1, 320) at 16 kHz and `anticipation_s` (1); every other input is state, which
// starts as zeros and comes back as `next_<name>`. Names and shapes are read from the file.

import { cardOf } from './card.js';

export const FRAME = 320;
export const FRAME_S = 0.02;
const USUAL_METERS = [2, 3, 4, 5, 6, 7];
const GIVEN = { frame: [1, FRAME], anticipation_s: [1] };

/** A file that is no bar-phase model; the message says why. */
export class ModelError extends Error {}

export class PhaseModel {
  /**
   * @param {object} ort the onnxruntime-web module
   * @param {Uint8Array} bytes an ONNX file
   */
  static async open(ort, bytes) {
    let session;
    try {
      session = await ort.InferenceSession.create(bytes, { executionProviders: ['wasm'] });
    } catch (error) {
      throw new ModelError(`ONNX Runtime cannot run it (${firstLine(error)})`);
    }
    return new PhaseModel(ort, session, cardOf(bytes));
  }

  constructor(ort, session, card) {
    this.ort = ort;
    this.session = session;
    this.card = card;
    this.meters = Array.isArray(card.meters) ? card.meters : USUAL_METERS;
    this.states = checkedStates(session);
    /** What a step tells, besides its state. */
    this.tells = session.outputNames.filter((name) => !name.startsWith('next_'));
  }

  /** The state before the first frame: zeros. */
  start() {
    const state = {};
    for (const { name, shape } of this.states) {
      state[name] = new this.ort.Tensor('float32', new Float32Array(size(shape)), shape);
    }
    return state;
  }

  /**
   * Hear one more frame. `state` is updated in place.
   * @param {Float32Array} frame 320 samples at 16 kHz
   * @param {number} anticipationS 0 to 0.5
   * @returns {Promise<Object<string, Float32Array>>} what is told, by name
   */
  async step(frame, anticipationS, state) {
    const feeds = {
      ...state,
      frame: new this.ort.Tensor('float32', frame, GIVEN.frame),
      anticipation_s: new this.ort.Tensor('float32', Float32Array.of(anticipationS), [1]),
    };
    const results = await this.session.run(feeds);
    for (const { name } of this.states) state[name] = results[`next_${name}`];
    return Object.fromEntries(this.tells.map((name) => [name, results[name].data]));
  }
}

/**
 * Gathers what each frame of a recording is told: one row per frame, one array per output.
 */
export class Told {
  constructor(frames) {
    this.frames = frames;
    this.outputs = {};
    this.ms = 0;
    this.made = 0;
  }

  add(told, ms) {
    for (const [name, values] of Object.entries(told)) {
      this.outputs[name] ??= new Float32Array(this.frames * values.length);
      this.outputs[name].set(values, this.made * values.length);
    }
    this.ms += ms;
    this.made += 1;
  }

  /** `outputs`, each row after row, and what a frame cost. */
  get summary() {
    const msPerFrame = this.made ? this.ms / this.made : 0;
    return {
      frames: this.made,
      outputs: this.outputs,
      msPerFrame,
      realTime: msPerFrame > 0 ? (1000 * FRAME_S) / msPerFrame : Infinity,
    };
  }
}

function checkedStates(session) {
  const inputs = new Map(session.inputMetadata.map((entry) => [entry.name, entry]));
  const outputs = new Map(session.outputMetadata.map((entry) => [entry.name, entry]));
  for (const [name, shape] of Object.entries(GIVEN)) {
    if (!sameShape(inputs.get(name)?.shape, shape)) {
      throw new ModelError(`it has no input ${name} of shape [${shape}]`);
    }
    inputs.delete(name);
  }
  if (!sameShape(outputs.get('bar')?.shape, [1, 2])) {
    throw new ModelError('it has no output bar of shape [1,2]');
  }
  for (const [name, { shape, type }] of inputs) {
    const fixed = shape.every((axis) => Number.isInteger(axis) && axis > 0);
    if (type !== 'float32' || !fixed || !sameShape(outputs.get(`next_${name}`)?.shape, shape)) {
      throw new ModelError(`its input ${name} is no state that comes back as next_${name}`);
    }
  }
  return [...inputs.values()].map(({ name, shape }) => ({ name, shape: [...shape] }));
}

function sameShape(found, wanted) {
  return found?.length === wanted.length && wanted.every((axis, place) => found[place] === axis);
}

function size(shape) {
  return shape.reduce((product, axis) => product * axis, 1);
}

function firstLine(error) {
  return String(error?.message ?? error).split('\n')[0];
}
