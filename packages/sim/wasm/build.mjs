/**
 * Compiles core.c, with what it includes, to WebAssembly with clang and writes the module into
 * src/arm/core-loop.generated.ts.
 *
 *   node wasm/build.mjs        after the package was built: the layout comes from dist
 *
 * The module is committed, so only who changes the program, or what a core keeps, needs the compiler (clang 14 and
 * wasm-ld). Neither paths nor dates get into it: the same sources and compiler give the same bytes.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { layoutHeader } from '../dist/arm/core-layout.js';

const FLAGS =
  '--target=wasm32 -O3 -std=c11 -nostdlib -ffreestanding -fno-builtin -fno-strict-aliasing ' +
  '-fno-delete-null-pointer-checks -Wall -Wextra -Werror -Wl,--no-entry -Wl,--strip-all -Wl,--import-memory ' +
  '-Wl,--import-table -Wl,--initial-memory=65536 -Wl,-z,stack-size=1024';

/** Section of data; see the WebAssembly Core Specification 2.0, 5.5.2. */
const DATA = 11;

const source = fileURLToPath(new URL('core.c', import.meta.url));
const target = fileURLToPath(new URL('../src/arm/core-loop.generated.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'core-'));
try {
  const module = join(folder, 'core.wasm');
  const header = layoutHeader();
  writeFileSync(join(folder, 'layout.h'), header);
  execFileSync('clang', [...FLAGS.split(' '), `-I${folder}`, '-o', module, source], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const bytes = readFileSync(module);
  if (sections(bytes).includes(DATA))
    throw new Error("core.c may have no data: memory is the cores'");
  writeFileSync(target, text(bytes, header));
  process.stdout.write(`${bytes.length} bytes\n`);
} finally {
  rmSync(folder, { recursive: true });
}

/** Numbers of the sections of a module: each is followed by its length, seven bits a byte. */
function sections(bytes) {
  const numbers = [];
  for (let at = 8; at < bytes.length; ) {
    numbers.push(bytes[at++]);
    let length = 0;
    for (let shift = 0, more = true; more; shift += 7) {
      length |= (bytes[at] & 0x7f) << shift;
      more = bytes[at++] >= 0x80;
    }
    at += length;
  }
  return numbers;
}

function text(bytes, header) {
  const lines = bytes
    .toString('base64')
    .match(/.{1,100}/g)
    .map((line) => `  '${line}',`);
  return [
    '// Generated from wasm/core.c by wasm/build.mjs.',
    `/** A WebAssembly module in base64; ${bytes.length} bytes. */`,
    `export const coreLoopBase64: string = [\n${lines.join('\n')}\n].join('');`,
    '/** The layout that it was compiled for. */',
    `export const coreLoopLayout = \`${header}\`;\n`,
  ].join('\n');
}
