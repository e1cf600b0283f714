/**
 * Compiles the kernels of both engines to WebAssembly and writes it into modules, so that neither a
 * build nor a browser needs the compiler. Run: node assembly/build.mjs
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

const SOURCES = [
  'arithmetic.ts',
  'exact.ts',
  'fast.ts',
  'kernels.ts',
  'columns.ts',
  'elements.ts',
  'products.ts',
  'windows.ts',
  'float.ts',
];
/** The module of each entry point. */
const TARGETS = {
  'kernels.ts': new URL('../src/functional/kernels.generated.ts', import.meta.url),
  'float.ts': new URL('../src/float/kernels.generated.ts', import.meta.url),
};
const LINE = 96;

/**
 * The text of a kernels.generated.ts for the present sources.
 *
 * @param {keyof typeof TARGETS} entry the file whose exports it has
 */
export async function generatedModule(entry = 'kernels.ts') {
  const read = (name) => readFileSync(new URL(name, import.meta.url), 'utf8');
  let binary;
  const { error, stderr } = await asc.main(
    [
      entry,
      '--outFile',
      'kernels.wasm',
      '-O3',
      '--noAssert',
      '--runtime',
      'stub',
      '--enable',
      'simd',
    ],
    {
      readFile: (name) => (SOURCES.includes(name) ? read(name) : null),
      writeFile: (name, contents) => {
        if (name === 'kernels.wasm') binary = contents;
      },
      listFiles: () => [],
    },
  );
  if (error) throw new Error(`${entry} does not compile: ${stderr.toString()}`, { cause: error });
  const lines = Buffer.from(binary)
    .toString('base64')
    .match(new RegExp(`.{1,${LINE}}`, 'g'));
  return `// Generated from assembly/ by assembly/build.mjs.
/** A WebAssembly module in base64. */
export const kernelsBase64 =
${lines.map((line) => `  '${line}'`).join(' +\n')};
`;
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  for (const [entry, target] of Object.entries(TARGETS)) {
    writeFileSync(target, await generatedModule(entry));
  }
}
