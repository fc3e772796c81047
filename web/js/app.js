// The page: what is pressed goes to the engine, what the engine tells goes to the pictures.
//
// For scripts and tests there is `window.barPhase`:
//   reading()                  what the dial shows now, see Follower.at; null if nothing
//   history()                  timeS, peak, bar, confidence of the last frames, oldest first
//   figures()                  msPerFrame, realTime, latencyMs, frames, dropped of the live stream
//   run(pcm, anticipationS)    every output for every frame of 16 kHz samples, from a fresh start
// and the same on the element #dial as data-bar-phase, data-beat, data-beats-per-bar,
// data-tempo-bpm and data-confidence; the page's state is on <html data-state>.

import { Dial } from './dial.js';
import { Engine } from './engine.js';
import { FRAME_S } from './model.js';
import { Follower } from './follower.js';
import { Strip } from './strip.js';

const find = (id) => document.getElementById(id);
const root = document.documentElement;
const player = find('player');
const dialCanvas = find('dial');
const engine = new Engine(player);
const dial = new Dial(dialCanvas);
const strip = new Strip(find('strip'));

let follower = null;
let anticipationS = 0;
let file = null;
let live = emptyLive();
let reading = null;

// --- what the engine tells -------------------------------------------------------------------

engine.addEventListener('ready', ({ detail }) => {
  follower = new Follower(detail.meters);
  const { network, model_id: id, licenses } = detail.card;
  const named = [network, id].filter((part) => typeof part === 'string' && part);
  find('about').textContent =
    `Model: ${named.join(' · ') || 'without a card'}${licenses ? ` · trained on ${licenses}` : ''}`;
  find('start').disabled = false;
  become('idle');
});

engine.addEventListener('state', ({ detail }) => {
  if (follower) become(detail.state);
});

engine.addEventListener('source', () => {
  tell('');
  listDevices();
});

engine.addEventListener('restarted', () => {
  follower?.clear();
  live = emptyLive();
});

engine.addEventListener('told', ({ detail }) => {
  follower.push(detail);
  live.frames += 1;
  live.dropped = detail.dropped;
  live.ms.push(detail.ms);
  live.age.push(detail.ageS);
  if (live.ms.length > 100) live.ms.shift();
  if (live.age.length > 100) live.age.shift();
  live.peak = Math.max(detail.peak, live.peak * 0.9);
});

engine.addEventListener('failed', ({ detail }) => {
  tell(detail.message);
  if (detail.what === 'model') {
    find('status').textContent = 'No model';
    root.dataset.state = 'failed';
  }
});

function emptyLive() {
  return { ms: [], age: [], peak: 0, frames: 0, dropped: 0 };
}

// --- what is pressed -------------------------------------------------------------------------

find('start').addEventListener('click', startOrStop);

document.addEventListener('keydown', (event) => {
  // On a control of its own, Space does what it always does there.
  if (event.code !== 'Space' || event.target.closest('button, input, select, audio')) return;
  event.preventDefault();
  if (!find('start').disabled) startOrStop();
});

for (const radio of document.querySelectorAll('[name="source"]')) {
  radio.addEventListener('change', () => choose(radio.value));
}

find('device').addEventListener('change', () => {
  if (engine.state === 'running' && engine.source?.kind === 'microphone') start();
});

find('file').addEventListener('change', (event) => {
  [file] = event.target.files;
  if (file) start();
});

document.addEventListener('dragover', (event) => event.preventDefault());
document.addEventListener('drop', (event) => {
  event.preventDefault();
  if (!event.dataTransfer.files.length || find('start').disabled) return;
  [file] = event.dataTransfer.files;
  document.querySelector('[value="file"]').checked = true;
  choose('file');
  start();
});

find('anticipation').addEventListener('input', (event) => {
  anticipationS = Number(event.target.value);
  engine.anticipationS = anticipationS;
  find('ahead').textContent = `${Math.round(anticipationS * 1000)} ms`;
});

navigator.mediaDevices?.addEventListener('devicechange', listDevices);

function chosen() {
  return document.querySelector('[name="source"]:checked').value;
}

async function choose(kind) {
  for (const part of document.querySelectorAll('[data-for]')) {
    part.hidden = part.dataset.for !== kind || (part === player && !file);
  }
  tell('');
  await engine.stop();
  become(engine.state);
}

async function startOrStop() {
  if (engine.source?.kind === 'file') {
    if (player.paused) await player.play();
    else player.pause();
  } else if (engine.source) await engine.stop();
  else await start();
}

async function start() {
  if (chosen() === 'file' && !file) {
    find('file').click();
    return;
  }
  tell('');
  try {
    if (chosen() === 'file') {
      player.hidden = false;
      await engine.play(file);
    } else {
      await engine.listen(find('device').value);
    }
  } catch (error) {
    await engine.stop();
    tell(error.message);
  }
}

async function listDevices() {
  const devices = (await navigator.mediaDevices?.enumerateDevices().catch(() => [])) ?? [];
  const select = find('device');
  const { value } = select;
  const options = devices
    .filter(({ kind, deviceId }) => kind === 'audioinput' && deviceId && deviceId !== 'default')
    .map(({ label, deviceId }) => new Option(label || 'Microphone', deviceId));
  select.replaceChildren(new Option('Default microphone', ''), ...options);
  if (options.some((option) => option.value === value)) select.value = value;
}

// --- what is seen ----------------------------------------------------------------------------

function become(state) {
  root.dataset.state = state;
  const microphone = chosen() === 'microphone';
  const rest = microphone ? 'Start listening' : file ? 'Play' : 'Choose a file';
  find('start').textContent = state === 'running' ? (microphone ? 'Stop' : 'Pause') : rest;
  const name = engine.source?.name ?? '';
  find('status').textContent =
    { running: microphone ? `Listening: ${name}` : `Playing: ${name}`, paused: `Paused: ${name}` }[
      state
    ] ?? 'Ready';
}

function tell(problem) {
  const element = find('problem');
  element.textContent = problem;
  element.hidden = !problem;
}

function mean(values) {
  return values.length ? values.reduce((sum, value) => sum + value, 0) / values.length : null;
}

function median(values) {
  return values.length ? [...values].sort((a, b) => a - b)[values.length >> 1] : null;
}

function figures() {
  const msPerFrame = mean(live.ms);
  const ageS = median(live.age);
  const inputS = engine.source?.latencyS ?? 0;
  return {
    frames: live.frames,
    dropped: live.dropped,
    msPerFrame,
    realTime: msPerFrame > 0 ? (FRAME_S * 1000) / msPerFrame : null,
    inputMs: inputS * 1000,
    // From the end of a frame to its answer on this thread.
    answerMs: ageS === null ? null : ageS * 1000,
    outputMs: engine.outputLatencyS * 1000,
    // On the mean, the newest answer is half a frame older than when it came.
    latencyMs: ageS === null ? null : (inputS + ageS + FRAME_S / 2) * 1000,
  };
}

function showReading() {
  const { dataset } = dialCanvas;
  dataset.barPhase = reading?.bar?.toFixed(4) ?? '';
  dataset.beat = reading?.beatInBar ?? '';
  dataset.beatsPerBar = reading?.beatsPerBar ?? '';
  dataset.tempoBpm = reading?.tempo?.toFixed(2) ?? '';
  dataset.confidence = reading?.confidence?.toFixed(3) ?? '';
}

/** Figures that are read, not watched: often enough a few times a second. */
function showFigures() {
  const seen = figures();
  const number = (value, digits = 0) => (value === null || value === undefined ? '–' : value.toFixed(digits));
  const sure = reading && reading.confidence > 0.05;
  find('tempo').textContent = number(sure ? reading.tempo : null);
  find('meter').textContent = sure && reading.beatsPerBar ? String(reading.beatsPerBar) : '–';
  find('confidence').textContent = number(reading ? 100 * reading.confidence : null);
  find('latency').textContent = number(seen.latencyMs);
  find('compute').textContent = number(seen.msPerFrame, 1);
  find('speed').textContent = number(seen.realTime, 1);
  if (seen.latencyMs !== null) {
    const parts = [`answer after ${number(seen.answerMs)} ms`];
    if (engine.source?.kind === 'microphone') parts.unshift(`microphone ${number(seen.inputMs)} ms`);
    else parts.push(`heard ${number(seen.outputMs)} ms after it is played`);
    find('latency-parts').textContent = `${parts.join(', ')}: the dial makes up for it.`;
  }
  if (seen.dropped) {
    tell(`This device is too slow for the model: ${seen.dropped} frames of 20 ms were left out.`);
  }
  const spoken = sure && reading.beatInBar
    ? `Beat ${reading.beatInBar} of ${reading.beatsPerBar}, ${number(reading.tempo)} beats per minute`
    : 'No bar found yet';
  dialCanvas.setAttribute('aria-label', spoken);
}

function showLevel() {
  const decibels = 20 * Math.log10(live.peak + 1e-6);
  const bar = find('level');
  bar.style.transform = `scaleX(${Math.max(0, Math.min(1, 1 + decibels / 60)).toFixed(3)})`;
  bar.classList.toggle('loud', decibels > -1);
}

let figuresMs = 0;

function frame(nowMs) {
  requestAnimationFrame(frame);
  if (!follower) {
    dial.draw(null, nowMs);
    return;
  }
  const airS = engine.airS;
  // What is in the air now reaches the frames only after the microphone's own latency.
  const streamS = airS + (engine.source?.kind === 'microphone' ? engine.source.latencyS : 0);
  reading = engine.source ? follower.at(streamS, anticipationS) : null;
  if (engine.state === 'paused' && reading) reading.barsPerS = 0;
  dial.draw(reading, nowMs);
  strip.draw(follower.history, airS);
  if (!engine.source) live.peak = 0;
  showReading();
  showLevel();
  if (nowMs - figuresMs > 250) {
    figuresMs = nowMs;
    showFigures();
  }
}

window.barPhase = {
  reading: () => reading,
  history: () => (follower?.history ?? []).map(
    ({ timeS, peak: level, bar, confidence }) => ({ timeS, peak: level, bar, confidence }),
  ),
  figures,
  run: (pcm, ahead = 0) => engine.run(Float32Array.from(pcm), ahead),
};

engine.open('model.onnx');
// Without one (a private window, say) the page works as long as its server does.
navigator.serviceWorker?.register('offline.js').catch(() => {});
listDevices();
requestAnimationFrame(frame);
