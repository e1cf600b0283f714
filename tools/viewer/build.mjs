/**
 * Builds the pages of the viewer: each one file of HTML with its style and its scripts inside.
 *
 * Run: node viewer/build.mjs, in the folder of the package. Writes dist/viewer/page.html, which `spin-tools view`
 * serves, and dist/viewer/demo.html, which has a machine of its own and is opened as it is.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const text = (file) => readFile(here(file), 'utf8');

/** A script and all that it imports, as one text. */
async function bundle(file) {
  const { outputFiles } = await build({
    entryPoints: [here(file)],
    bundle: true,
    write: false,
    minify: true,
    format: 'iife',
    platform: 'browser',
    target: 'es2022',
    legalComments: 'none',
    // Imported when a file of Keras is opened, which no page does.
    external: ['h5wasm'],
  });
  // No text in a script element may end it.
  return outputFiles[0].text.replaceAll('</script', '<\\/script');
}

/** A whole page. */
const page = (title, style, body, script) => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>${title}</title>
<style>
${style}</style>
</head>
<body>
${body}
<script>${script}</script>
</body>
</html>
`;

/** Digits of the demo, and pixels of an edge of those in the package `mnist` and of ours. */
const DIGITS = 300;
const FULL_EDGE = 28;
const EDGE = 14;

/** Digits of each kind in turn: a byte for the label, then a byte a pixel, in base 64. */
async function digits() {
  const { resolve } = createRequire(import.meta.url);
  const kinds = await Promise.all(
    Array.from({ length: 10 }, async (_, kind) => {
      const file = await readFile(resolve(`mnist/src/digits/${kind}.json`), 'utf8');
      return JSON.parse(file).data;
    }),
  );
  const bytes = Array.from({ length: DIGITS }, (_, digit) => {
    const kind = digit % 10;
    return [kind, ...smaller(kinds[kind], Math.floor(digit / 10) * FULL_EDGE ** 2)];
  });
  return Buffer.from(bytes.flat()).toString('base64');
}

/** A digit with each two by two pixels made one of their mean. */
function smaller(pixels, start) {
  return Array.from({ length: EDGE ** 2 }, (_, pixel) => {
    const corner = start + 2 * Math.floor(pixel / EDGE) * FULL_EDGE + 2 * (pixel % EDGE);
    const four = [0, 1, FULL_EDGE, FULL_EDGE + 1].map((offset) => pixels[corner + offset]);
    return Math.round((four.reduce((sum, value) => sum + value, 0) / 4) * 255);
  });
}

const [style, body, demoStyle, demo] = await Promise.all(
  ['style.css', 'page.html', 'demo/demo.css', 'demo/demo.html'].map(text),
);
await mkdir(here('../dist/viewer'), { recursive: true });
// Where `spin-tools view --export` and "Save page" put what was seen.
const recording = '<script type="application/json" id="recording"></script>';
await writeFile(
  here('../dist/viewer/page.html'),
  page('spin-tools', style, `${body}${recording}`, await bundle('viewer.ts')),
);
const inside = [
  `<script type="text/plain" id="digits">${await digits()}</script>`,
  `<script type="text/plain" id="worker">${await bundle('demo/worker.ts')}</script>`,
].join('\n');
await writeFile(
  here('../dist/viewer/demo.html'),
  page(
    'Digits on SpiNNaker',
    style + demoStyle,
    `${body.replace('<main>', `<main>\n${demo}`)}${inside}`,
    await bundle('demo/demo.ts'),
  ),
);
