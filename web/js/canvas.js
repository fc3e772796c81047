// What both pictures need: a canvas as sharp as the screen, and the page's colours.

/** Fit a canvas to its box; returns its context, scaled so that one unit is one CSS pixel. */
export function fitted(canvas) {
  const scale = window.devicePixelRatio || 1;
  const width = canvas.clientWidth;
  const height = canvas.clientHeight;
  const wide = Math.round(width * scale);
  const high = Math.round(height * scale);
  if (canvas.width !== wide || canvas.height !== high) {
    canvas.width = wide;
    canvas.height = high;
  }
  const context = canvas.getContext('2d');
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, width, height);
  return { context, width, height };
}

const NAMES = ['text', 'muted', 'line', 'track', 'beat', 'bar', 'card'];
const dark = matchMedia('(prefers-color-scheme: dark)');
let colours = null;
dark.addEventListener('change', () => {
  colours = null;
});

/** The colours of style.css, by name. */
export function palette() {
  if (!colours) {
    const style = getComputedStyle(document.documentElement);
    colours = Object.fromEntries(
      NAMES.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]),
    );
  }
  return colours;
}
