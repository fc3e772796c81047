// A service worker: the page as it was last seen, for when its server does not answer.
//
// The network comes first, so that a newer page or another model is never hidden by an old copy.

const CACHE = 'bar-phase';

// Everything that the page may ask for, now or when sound starts.
const PAGE = [
  './', 'index.html', 'style.css', 'icon.svg', 'model.onnx',
  ...['app', 'canvas', 'capture', 'card', 'clock', 'dial', 'engine', 'follower', 'model',
    'resampler', 'stream', 'strip', 'worker'].map((name) => `js/${name}.js`),
  ...['ort.wasm.min.mjs', 'ort-wasm-simd-threaded.mjs', 'ort-wasm-simd-threaded.wasm'].map(
    (name) => `vendor/${name}`,
  ),
];

self.addEventListener('install', (event) => {
  self.skipWaiting();
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(PAGE)));
});
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));

self.addEventListener('fetch', (event) => {
  const { request } = event;
  if (request.method !== 'GET' || new URL(request.url).origin !== location.origin) return;
  event.respondWith(answer(request));
});

async function answer(request) {
  const cache = await caches.open(CACHE);
  try {
    const response = await fetch(request);
    if (response.ok) await keep(cache, request, response.clone());
    return response;
  } catch (error) {
    const kept = await cache.match(request, { ignoreSearch: true, ignoreVary: true });
    if (kept) return kept;
    throw error;
  }
}

async function keep(cache, request, response) {
  const tag = response.headers.get('ETag');
  const kept = tag && (await cache.match(request));
  if (!kept || kept.headers.get('ETag') !== tag) await cache.put(request, response);
}
