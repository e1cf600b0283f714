/**
 * Compiles the on-core programs with arm-none-eabi-gcc and writes them as APLX images into src/images/programs.ts.
 *
 *   node kernels/scripts/build.mjs [folder for the ELF files] [programs.ts]
 *
 * The images are committed, so only who changes a program needs the compiler. Neither paths nor dates get
 * into them: the same sources and compiler give the same bytes. Needs this package and @spin-tools/scp built.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { encodeAplx } from '@spin-tools/scp';
import { CODE_BUDGETS, KERNEL_BUDGETS, measureKernels } from '../../dist/images/kernel-cycles.js';
import {
  measureScheduleKernels,
  SCHEDULE_KERNEL_BUDGETS,
} from '../../dist/images/schedule-kernel-cycles.js';
import { DTCM_ARENA_BYTES, encodeOverlays, LAYERS_ARENA_BYTES } from '../../dist/layouts/index.js';
import { OPERATION_KINDS } from '../../dist/schedule/operations.js';

const kernels = fileURLToPath(new URL('..', import.meta.url));
const FLAGS = (
  '-mcpu=arm968e-s -marm -mfloat-abi=soft -O2 -std=c11 -ffreestanding -fno-common -fno-ident -fno-exceptions ' +
  '-fno-tree-loop-distribute-patterns -fno-asynchronous-unwind-tables -ffunction-sections -fdata-sections ' +
  '-Wall -Wextra -Werror'
).split(' ');
const LINK_FLAGS = '-nostdlib -Wl,--gc-sections -Wl,--build-id=none -Wl,--use-blx -T link.ld'.split(
  ' ',
);

const sources = (folder) =>
  readdirSync(join(kernels, folder))
    .filter((name) => /\.[cS]$/.test(name))
    .sort()
    .map((name) => join(folder, name));

const tool = (name, ...options) =>
  execFileSync(`arm-none-eabi-${name}`, options, { cwd: kernels, encoding: 'utf8' });

const section = (elf, name) => {
  const file = `${elf}${name}`;
  tool('objcopy', '-O', 'binary', '-j', name, elf, file);
  return readFileSync(file);
};

const symbol = (elf, name) => {
  const line = tool('nm', elf)
    .split('\n')
    .find((each) => each.endsWith(` ${name}`));
  return Number.parseInt(line, 16);
};

const imageOf = (elf) => {
  const data = section(elf, '.data');
  const zeroed = symbol(elf, 'bss_start');
  return encodeAplx([
    { operation: 'place', destination: 0, data: section(elf, '.text') },
    ...(data.length > 0
      ? [{ operation: 'place', destination: symbol(elf, 'data_start'), data }]
      : []),
    { operation: 'fill', destination: zeroed, length: symbol(elf, 'bss_end') - zeroed, value: 0 },
    { operation: 'execute', address: 0 },
  ]);
};

/**
 * Sources of operations that take turns in one place of the code memory. Those that run one after the other in most
 * networks belong together, and what nearly all networks need all the time belongs in none.
 */
const OVERLAYS = {
  features: ['depthwise.c', 'merge.c', 'moments.c', 'normalise.c'],
  places: ['drop.c', 'map.c', 'pool.c'],
  step: ['lose.c', 'losses.c', 'norms.c', 'refresh.c', 'trained.c', 'update.c'],
};

const overlayOf = (source) =>
  Object.keys(OVERLAYS).find((name) => OVERLAYS[name].some((each) => source === `layers/${each}`));

/** Folders with sources of each program, further options by folder, and the memory that planners count on beside it. */
const PROGRAMS = {
  dense: { folders: { dense: [] }, arenaBytes: DTCM_ARENA_BYTES },
  sequencer: { folders: { sequencer: [] }, arenaBytes: 0 },
  /* Operations are Thumb code; the sources of those that take the time choose ARM. Tables lie with the data. */
  layers: {
    folders: {
      runtime: ['-Os', '-mthumb', '-fno-move-loop-invariants'],
      layers: [
        '-Os',
        '-mthumb',
        '-fno-inline-functions-called-once',
        '-fno-move-loop-invariants',
        '-ffp-contract=off',
      ],
      'layers/machine': ['-Os', '-mthumb', '-fno-move-loop-invariants'],
      'dense/fixed.c': ['-Os'],
    },
    tables: ['EXP_TABLE', 'LN_TABLE', 'RECIPROCAL_TABLE', 'RUN'],
    arenaBytes: LAYERS_ARENA_BYTES,
  },
};

const checkArena = (elf, { arenaBytes }) => {
  const bytes = symbol(elf, 'arena_end') - symbol(elf, 'arena_start');
  if (bytes < arenaBytes) {
    throw new Error(
      `${elf} leaves ${bytes} bytes of DTCM, fewer than the ${arenaBytes} of its layout`,
    );
  }
};

/** Functions and variables that measurements of inner loops call, by program. */
const KERNELS = {
  dense: [
    ...['fast_forward', 'fast_back', 'fast_update4', 'fast_update2', 'exact_forward'],
    'fast_update_parameters',
  ],
  layers: [
    ...['product16', 'product32', 'outer16', 'outer32'],
    ...['round_row', 'raise', 'narrow', 'narrow_deltas', 'copy_row', 'clear_row'],
  ],
};

const kernelSymbols = (program, elf) =>
  Object.fromEntries(KERNELS[program].map((name) => [name, symbol(elf, name)]));

/** What measures the inner loops of a program, and their budgets. */
const MEASURES = {
  dense: { measure: measureKernels, budgets: KERNEL_BUDGETS },
  layers: { measure: measureScheduleKernels, budgets: SCHEDULE_KERNEL_BUDGETS },
};

/** Code that grew, and loops that became slower than their budget, end the build. */
const checkBudgets = (program, elf, image) => {
  const code = section(elf, '.text').length;
  const most = CODE_BUDGETS[program];
  if (most !== undefined) process.stdout.write(`${program}: ${code} of ${most} bytes of code\n`);
  if (code > most) throw new Error(`${program} has ${code} bytes of code`);
  if (MEASURES[program] === undefined) return;
  const { measure, budgets } = MEASURES[program];
  for (const { kernel, cycles } of measure(image, kernelSymbols(program, elf))) {
    const budget = budgets[kernel];
    process.stdout.write(`${kernel}: ${cycles.toFixed(2)} of ${budget} cycles\n`);
    if (cycles > budget) throw new Error(`${kernel} takes ${cycles} cycles, more than ${budget}`);
  }
};

/** The overlays of the program for schedules, with a directory of the operations in them. */
const overlaysOf = (elf) => {
  const symbols = tool('objdump', '-t', elf).split('\n');
  const overlays = Object.keys(OVERLAYS).map((name) => {
    const code = section(elf, `.overlay.${name}`);
    const operations = OPERATION_KINDS.flatMap((kind, number) => {
      const run = `run_${kind.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`;
      const own = symbols.some(
        (line) => line.includes(` .overlay.${name}\t`) && line.endsWith(` ${run}`),
      );
      return own ? [number] : [];
    });
    process.stdout.write(`layers: ${code.length} bytes of overlay ${name}\n`);
    return { code, operations };
  });
  return encodeOverlays(overlays, OPERATION_KINDS.length);
};

/** Compiles each source by itself, since they differ in options, and links them with what soft float needs. */
const compile = (program, folder) => {
  const elf = join(folder, `${program}.elf`);
  const { folders, tables = [] } = PROGRAMS[program];
  const objects = Object.entries({ runtime: [], ...folders }).flatMap(([from, options]) =>
    (from.endsWith('.c') ? [from] : sources(from)).map((source) => {
      const object = join(folder, `${program}-${source.replaceAll('/', '-')}.o`);
      const includes = ['-Iinclude', `-I${dirname(source)}`];
      tool('gcc', ...FLAGS, ...includes, ...options, '-c', '-o', object, source);
      for (const table of tables) {
        tool('objcopy', '--rename-section', `.rodata.${table}=.data.${table}`, object);
      }
      const overlay = overlayOf(source);
      if (overlay) tool('objcopy', `--prefix-alloc-sections=.overlay.${overlay}`, object);
      return object;
    }),
  );
  tool('gcc', ...FLAGS, ...LINK_FLAGS, '-o', elf, ...objects, '-lgcc');
  return elf;
};

const constant = (name, image) => {
  const text = Buffer.from(image).toString('base64');
  const lines = text.match(/.{1,92}/g).map((line) => `  '${line}',`);
  return `/** ${image.length} bytes. */\nexport const ${name}Base64: string = [\n${lines.join('\n')}\n].join('');\n`;
};

const [
  folder = mkdtempSync(join(tmpdir(), 'kernels-')),
  target = join(kernels, '../src/images/programs.ts'),
] = process.argv.slice(2);
mkdirSync(folder, { recursive: true });
const header =
  '/** APLX images of the on-core programs. Generated by kernels/scripts/build.mjs: do not edit. */\n';
const modules = Object.entries(PROGRAMS).map(([program, parts]) => {
  const elf = compile(program, folder);
  process.stdout.write(tool('size', elf));
  checkArena(elf, parts);
  const image = imageOf(elf);
  checkBudgets(program, elf, image);
  return constant(program, image);
});
modules.push(constant('overlays', overlaysOf(join(folder, 'layers.elf'))));
for (const program of Object.keys(KERNELS)) {
  const places = Object.entries(kernelSymbols(program, join(folder, `${program}.elf`))).map(
    ([name, address]) => `  ${name}: 0x${address.toString(16)},\n`,
  );
  modules.push(
    `/** Where the inner loops of ${program} are, for those who measure them. */\nexport const ${program}Symbols = {\n${places.join('')}} as const;\n`,
  );
}
writeFileSync(target, `${header}\n${modules.join('\n')}`);
