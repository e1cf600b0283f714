/**
 * Compiles kernels/layers to WebAssembly with clang and writes the module into src/schedule/wasm.generated.ts.
 *
 *   node kernels/scripts/build-wasm.mjs [file]
 *
 * The module is committed, so only who changes the program needs the compiler (clang 14 and wasm-ld). Neither paths
 * nor dates get into it: the same sources and compiler give the same bytes.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const kernels = fileURLToPath(new URL('..', import.meta.url));
const EXPORTS = [
  'place_memory',
  'run_operation',
  'run_schedule',
  'exponential',
  'logarithm',
  'power',
  'root_by_digits',
];
const FLAGS =
  '--target=wasm32 -O3 -msimd128 -mbulk-memory -mnontrapping-fptoint -std=c11 -nostdlib -ffreestanding -fno-builtin -ffp-contract=off ' +
  '-Wall -Wextra -Werror -Wl,--no-entry -Wl,--strip-debug -Wl,-z,stack-size=65536';

/** Sources of the program and of its platform; what the latter has replaces what the program has. */
const sources = () => {
  const c = (folder) =>
    readdirSync(join(kernels, folder))
      .filter((name) => name.endsWith('.c'))
      .sort()
      .map((name) => join(folder, name));
  const vectors = c('layers/wasm');
  return [
    ...c('layers').filter((name) => !vectors.includes(name.replace('layers/', 'layers/wasm/'))),
    ...vectors,
    'dense/fixed.c',
  ];
};

/** The bytes of the module. */
export const compileModule = () => {
  const folder = mkdtempSync(join(tmpdir(), 'layers-'));
  try {
    const target = join(folder, 'layers.wasm');
    const exported = EXPORTS.map((name) => `-Wl,--export=${name}`);
    const options = [...FLAGS.split(' '), ...exported, '-Iinclude', '-o', target, ...sources()];
    execFileSync('clang', options, { cwd: kernels, stdio: ['ignore', 'inherit', 'pipe'] });
    return readFileSync(target);
  } finally {
    rmSync(folder, { recursive: true });
  }
};

/** The text of wasm.generated.ts. */
export const moduleText = (bytes) => {
  const lines = bytes
    .toString('base64')
    .match(/.{1,100}/g)
    .map((line) => `  '${line}',`);
  return [
    '// Generated from kernels/layers by kernels/scripts/build-wasm.mjs.',
    `/** A WebAssembly module in base64; ${bytes.length} bytes. */`,
    `export const layersBase64: string = [\n${lines.join('\n')}\n].join('');\n`,
  ].join('\n');
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const file = process.argv[2] ?? join(kernels, '../src/schedule/wasm.generated.ts');
  const bytes = compileModule();
  writeFileSync(file, moduleText(bytes));
  process.stdout.write(`${bytes.length} bytes\n`);
}
