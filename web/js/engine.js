// Sound in, what the model tells of it out. No page here: events only.
//
//   ready    {card, meters, tells}      told     {timeS, values, ms, …} for each frame
//   source   {kind, name}               state    "idle" | "running" | "paused"
//   failed   {message}

import { AudioClock } from './clock.js';

export class Engine extends EventTarget {
  /** @param {HTMLAudioElement} player plays the files */
  constructor(player) {
    super();
    this.player = player;
    this.state = 'idle';
    this.source = null;
    this.context = null;
    this.clock = new AudioClock();
    this.generation = 0;
    this.attempts = 0;
    this.runs = new Map();
    this.worker = new Worker(new URL('worker.js', import.meta.url), { type: 'module' });
    this.worker.onmessage = ({ data }) => this.#heard(data);
    this.worker.onerror = (event) => {
      event.preventDefault();
      this.#emit('failed', {
        what: 'model',
        message: `The model's thread could not start${event.message ? `: ${event.message}` : ''}.`,
      });
    };
    player.addEventListener('seeking', () => this.restart());
    player.addEventListener('pause', () => this.#paused());
    player.addEventListener('playing', () => this.#playing());
    player.addEventListener('error', () => this.#undecodable());
  }

  open(url) {
    this.worker.postMessage({ type: 'open', url: new URL(url, document.baseURI).href });
  }

  set anticipationS(seconds) {
    this.worker.postMessage({ type: 'anticipation', seconds });
  }

  /** Listen to a microphone. Throws an Error whose message is fit to be read. */
  async listen(deviceId) {
    await this.stop();
    const attempt = this.attempts;
    if (!navigator.mediaDevices?.getUserMedia) {
      throw new Error('This address may not use a microphone: open the page at http://127.0.0.1 or over https.');
    }
    await this.#prepare();
    let stream;
    try {
      // What makes speech clear takes the drums away.
      stream = await navigator.mediaDevices.getUserMedia({
        audio: {
          deviceId: deviceId ? { exact: deviceId } : undefined,
          echoCancellation: false, noiseSuppression: false, autoGainControl: false,
        },
      });
    } catch (error) {
      throw new Error(refusal(error));
    }
    const [track] = stream.getAudioTracks();
    if (attempt !== this.attempts) {
      // Stopped, or started anew, while the browser was asking.
      track.stop();
      return;
    }
    const node = this.context.createMediaStreamSource(stream);
    node.connect(this.capture);
    const ended = () => {
      this.stop();
      this.#emit('failed', { what: 'source', message: 'The microphone went away. Connect it and start again.' });
    };
    track.addEventListener('ended', ended);
    this.source = {
      kind: 'microphone',
      name: track.label || 'Microphone',
      latencyS: finiteOr(track.getSettings().latency, this.context.baseLatency || 0),
      close: () => {
        track.removeEventListener('ended', ended);
        track.stop();
        node.disconnect();
      },
    };
    this.#begin();
  }

  /** Play a file and follow it. */
  async play(file) {
    await this.stop();
    const attempt = this.attempts;
    await this.#prepare();
    if (attempt !== this.attempts) return;
    this.playerNode ??= this.context.createMediaElementSource(this.player);
    this.playerNode.connect(this.capture);
    this.playerNode.connect(this.context.destination);
    const url = URL.createObjectURL(file);
    this.source = {
      kind: 'file',
      name: file.name,
      latencyS: 0,
      close: () => {
        this.playerNode.disconnect();
        this.player.pause();
        this.player.removeAttribute('src');
        this.player.load();
        URL.revokeObjectURL(url);
      },
    };
    this.player.src = url;
    this.#begin();
    try {
      await this.player.play();
    } catch (error) {
      // NotSupportedError also comes as the player's error event, which says it better.
      if (error.name === 'NotAllowedError') {
        this.#emit('failed', { what: 'source', message: 'The browser waits for you: press play.' });
      }
    }
  }

  async stop() {
    const { source } = this;
    this.attempts += 1;
    this.source = null;
    source?.close();
    this.#become('idle');
    if (this.context?.state === 'running') await this.context.suspend();
  }

  /** Begin anew, as after a jump: what was heard before says nothing of what comes. */
  restart() {
    this.generation += 1;
    this.worker.postMessage({ type: 'restart', generation: this.generation });
    this.capture?.port.postMessage({ restart: true });
    this.#emit('restarted', {});
  }

  /** Context time of the sound that is in the air at this moment. */
  get airS() {
    if (!this.context) return 0;
    const nowS = this.clock.now(this.context);
    if (this.source?.kind !== 'file') return nowS;
    return nowS - this.outputLatencyS;
  }

  get outputLatencyS() {
    return finiteOr(this.context?.outputLatency, 0) || finiteOr(this.context?.baseLatency, 0);
  }

  /** Every output for every whole frame of samples at 16 kHz, from a fresh start. */
  run(pcm, anticipationS = 0) {
    const id = this.runs.size + 1;
    return new Promise((resolve, reject) => {
      this.runs.set(id, { resolve, reject });
      this.worker.postMessage({ type: 'run', id, pcm, anticipationS });
    });
  }

  async #prepare() {
    if (!this.context) {
      const context = new AudioContext({ latencyHint: 'interactive' });
      await context.audioWorklet.addModule(new URL('capture.js', import.meta.url));
      this.context = context;
      this.capture = new AudioWorkletNode(context, 'groove-capture', { outputChannelCount: [1] });
      this.capture.onprocessorerror = () =>
        this.#emit('failed', { what: 'step', message: 'The audio thread failed. Load the page again.' });
      // A node that leads nowhere need not be run; what leaves this one is silence.
      this.capture.connect(context.destination);
      const channel = new MessageChannel();
      this.capture.port.postMessage({ to: channel.port1 }, [channel.port1]);
      this.worker.postMessage({ type: 'listen', port: channel.port2 }, [channel.port2]);
    }
    await this.context.resume();
  }

  #begin() {
    this.restart();
    this.#emit('source', { kind: this.source.kind, name: this.source.name });
    this.#become('running');
  }

  async #paused() {
    if (this.source?.kind !== 'file' || this.player.error) return;
    this.#become('paused');
    await this.context.suspend();
  }

  async #playing() {
    if (this.source?.kind !== 'file') return;
    await this.context.resume();
    this.#become('running');
  }

  #undecodable() {
    if (this.source?.kind !== 'file') return;
    const { name } = this.source;
    this.stop();
    this.#emit('failed', {
      what: 'source',
      message: `“${name}” cannot be decoded by this browser. WAV, FLAC, MP3, OGG and M4A usually can.`,
    });
  }

  #become(state) {
    this.clock.restart();
    this.state = state;
    this.#emit('state', { state });
  }

  #heard(data) {
    if (data.type === 'told') {
      // Frames of an earlier start may still be on their way.
      if (data.generation !== this.generation || !this.source) return;
      const nowS = this.context ? this.clock.now(this.context) : data.timeS;
      this.#emit('told', { ...data, ageS: nowS - data.timeS });
    } else if (data.type === 'ran') {
      this.runs.get(data.id)?.resolve(data.result);
    } else if (data.type === 'failed') {
      const message =
        data.what === 'model'
          ? `The model cannot be used: ${data.reason}. Start the page with groove phase page --model FILE.`
          : `The model failed: ${data.reason}. Load the page again.`;
      for (const run of this.runs.values()) run.reject(new Error(message));
      this.#emit('failed', { what: data.what, message });
    } else {
      this.#emit(data.type, data);
    }
  }

  #emit(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

function refusal(error) {
  switch (error.name) {
    case 'NotFoundError':
      return 'No microphone was found. Connect one, or open a file instead.';
    case 'NotAllowedError':
    case 'SecurityError':
      return 'The browser may not use the microphone. Allow it in the address bar, then start again; or open a file instead.';
    case 'NotReadableError':
    case 'AbortError':
      return 'The microphone does not answer: another program may be using it.';
    case 'OverconstrainedError':
      return 'That microphone is no longer there. Choose another one.';
    default:
      return `The microphone cannot be used: ${error.message || error.name}.`;
  }
}

function finiteOr(value, otherwise) {
  return Number.isFinite(value) ? value : otherwise;
}
