// A model in onnxruntime-web under Node: the same files that the browser gets.
//
//   node parity.mjs RUNTIME_FOLDER MODEL.onnx PCM.f32 ANTICIPATION_S
//
// PCM.f32 holds 32-bit floats at 16 kHz. Prints JSON: frames, ms_per_frame and, for each output,
// base64 of its 32-bit floats, a row per frame.

import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

import { FRAME, PhaseModel, Told } from './js/model.js';

const [runtime, modelFile, pcmFile, anticipation] = process.argv.slice(2);
const folder = resolve(runtime);
const ort = await import(pathToFileURL(join(folder, 'ort.wasm.min.mjs')).href);
ort.env.wasm.numThreads = 1;
ort.env.wasm.wasmPaths = `${pathToFileURL(folder).href}/`;
ort.env.wasm.wasmBinary = readFileSync(join(folder, 'ort-wasm-simd-threaded.wasm'));

const model = await PhaseModel.open(ort, new Uint8Array(readFileSync(modelFile)));
const bytes = readFileSync(pcmFile);
const whole = bytes.length - (bytes.length % 4);
const pcm = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + whole));
const told = new Told(Math.floor(pcm.length / FRAME));
const state = model.start();
while (told.made < told.frames) {
  const frame = pcm.slice(told.made * FRAME, (told.made + 1) * FRAME);
  const began = performance.now();
  told.add(await model.step(frame, Number(anticipation), state), performance.now() - began);
}
const { frames, outputs, msPerFrame } = told.summary;
const encoded = Object.entries(outputs).map(([name, values]) => [
  name,
  Buffer.from(values.buffer).toString('base64'),
]);
process.stdout.write(
  JSON.stringify({ frames, ms_per_frame: msPerFrame, outputs: Object.fromEntries(encoded) }),
);
