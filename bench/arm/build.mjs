/**
 * Builds the loops of `pnpm bench arm` with Debian's gcc-arm-none-eabi into loops.json, which is committed.
 *
 *     node bench/arm/build.mjs
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where code, the words to copy and the words to work on are, by who runs it. */
const PLACES = {
  arm: { code: 0, source: 0x60000000, target: 0x00400000, flags: ['-mcpu=arm968e-s', '-marm'] },
  linux: {
    code: 0x10000,
    source: 0x60000000,
    target: 0x00400000,
    flags: [
      ...['-mcpu=arm968e-s', '-marm', '-DLINUX', '-s', '-Wl,-z,max-page-size=4096'],
      ...['-Wl,--section-start=.words=0x400000', '-Wl,--section-start=.source=0x60000000'],
    ],
  },
  thumb: {
    code: 0x20000000,
    source: 0x20008000,
    target: 0x20010000,
    flags: ['-mcpu=cortex-m0', '-mthumb'],
  },
};
const LOOPS = {
  arm: ['mac', 'copy', 'fib', 'lif'],
  linux: ['mac', 'copy', 'fib', 'lif'],
  thumb: ['mac', 'copy', 'fib'],
};

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'loops-'));
const images = {};
for (const [kind, { code, source, target, flags }] of Object.entries(PLACES)) {
  images[kind] = {};
  for (const loop of LOOPS[kind]) {
    const elf = join(folder, 'loop.elf');
    const binary = join(folder, 'loop.bin');
    execFileSync('arm-none-eabi-gcc', [
      ...flags,
      ...['-O2', '-ffreestanding', '-nostdlib', '-Wl,-emain', '-Wl,--build-id=none'],
      ...[
        `-DLOOP=${loop}`,
        `-DSOURCE=${source}`,
        `-DTARGET=${target}`,
        `-Wl,-Ttext=0x${code.toString(16)}`,
      ],
      ...[`-Wl,--defsym=neurons=${target + 0x1000}`, `-Wl,--defsym=ring=${target + 0x2000}`],
      ...['-o', elf, here('loops.S'), ...(loop === 'lif' ? [here('lif.c')] : [])],
    ]);
    execFileSync('arm-none-eabi-objcopy', ['-O', 'binary', '-j', '.text', elf, binary]);
    images[kind][loop] = readFileSync(kind === 'linux' ? elf : binary).toString('base64');
  }
}
rmSync(folder, { recursive: true });
writeFileSync(
  here('loops.json'),
  `${JSON.stringify({ places: PLACES, images }, (key, value) => (key === 'flags' ? undefined : value), 2)}\n`,
);
