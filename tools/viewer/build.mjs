/**
 * Builds the pages of the viewer: each one file of HTML with its style and its script inside.
 *
 * Run: node viewer/build.mjs, in the folder of the package. Writes dist/viewer/page.html.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

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
  });
  // No text in a script element may end it.
  return outputFiles[0].text.replaceAll('</script', '<\\/script');
}

/** A whole page; `recording` is where `spin-tools view --export` puts what it saw. */
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
${body}<script type="application/json" id="recording"></script>
<script>${script}</script>
</body>
</html>
`;

const [style, body] = await Promise.all(
  ['style.css', 'page.html'].map((file) => readFile(here(file), 'utf8')),
);
await mkdir(here('../dist/viewer'), { recursive: true });
await writeFile(
  here('../dist/viewer/page.html'),
  page('spin-tools', style, body, await bundle('viewer.ts')),
);
