/** The committed images: what they contain, and how a core behaves that runs them on a virtual machine. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CoreState, decodeAplx, MachineController, Signal, vcpuField } from '@spin-tools/scp';
import { VirtualMachine } from '@spin-tools/sim';
import { type Test, test } from 'tap';
import {
  DenseMode,
  DenseRole,
  denseConfiguration,
  encodeLayout,
  type LayoutValues,
  REGION_RECORD_BYTES,
  REGION_TABLE_HEADER_BYTES,
  REGION_TABLE_MAGIC,
  REGION_TABLE_VERSION,
} from '../layouts/index.js';
import { denseImage, layersImage, sequencerImage } from './index.js';
import { CODE_BUDGETS, KERNEL_BUDGETS, measureKernels } from './kernel-cycles.js';
import { OVERLAYS } from './overlays.js';
import { denseSymbols } from './programs.js';

/** The loader's inner loop lies above; scamp-protocol: APLX. */
const ITCM_LIMIT = 0x7f00;
const DTCM_BASE = 0x400000;
const DTCM_END = 0x410000;
const APP_ID = 30;
const CHIP = { x: 0, y: 0 };
const CORE = 1;
const AT = { ...CHIP, core: CORE };
const TARGETS = [{ chip: CHIP, cores: [CORE] }];

const IMAGES = { dense: denseImage, sequencer: sequencerImage };

for (const [name, image] of Object.entries(IMAGES)) {
  test(`${name} fits a core and is placed, cleared and executed by its loader`, async (t) => {
    const steps = decodeAplx(image());
    t.same(
      steps.map(({ operation }) => operation),
      ['place', 'fill', 'execute'],
    );
    const [code, zeroed, entry] = steps;
    t.match(code, { destination: 0 });
    t.ok(code?.operation === 'place' && code.data.length <= ITCM_LIMIT);
    t.ok(zeroed?.operation === 'fill' && zeroed.destination === DTCM_BASE && zeroed.value === 0);
    t.ok(zeroed?.operation === 'fill' && zeroed.destination + zeroed.length < DTCM_END);
    t.match(entry, { address: 0 });
  });
}

test('layers fits a core with its data, and with the largest of its overlays', async (t) => {
  const [code, data, zeroed, entry] = decodeAplx(layersImage());
  t.match(code, { operation: 'place', destination: 0 });
  t.match(data, { operation: 'place', destination: DTCM_BASE });
  t.match(zeroed, { operation: 'fill', value: 0 });
  t.match(entry, { operation: 'execute', address: 0 });
  const resident = code?.operation === 'place' ? code.data.length : ITCM_LIMIT;
  for (const { bytes } of OVERLAYS.values()) t.ok(resident + bytes <= ITCM_LIMIT);
});

test('inner loops and code stay within their budgets', async (t) => {
  const found = new Map(
    measureKernels(denseImage(), denseSymbols).map(({ kernel, cycles }) => [kernel, cycles]),
  );
  t.same([...found.keys()], Object.keys(KERNEL_BUDGETS), 'every loop is measured');
  for (const [kernel, cycles] of found) {
    t.comment(`${kernel}: ${cycles.toFixed(2)} cycles`);
    t.ok(cycles <= KERNEL_BUDGETS[kernel], `${kernel}: ${cycles}`);
  }
  t.ok((found.get('forward') ?? 9) <= 1.8, 'asked for');
  t.ok((found.get('weight gradient with update') ?? 9) <= 2.5, 'asked for');
  for (const [name, image] of Object.entries(IMAGES)) {
    const [code] = decodeAplx(image());
    const most = CODE_BUDGETS[name as keyof typeof CODE_BUDGETS];
    t.ok(code?.operation === 'place' && code.data.length <= most, name);
  }
});

const compilerVersion = spawnSync('arm-none-eabi-gcc', ['-dumpversion']).stdout?.toString() ?? '';

test('the compiler makes the committed images of the sources', {
  skip: compilerVersion.startsWith('12.2') ? false : 'needs arm-none-eabi-gcc 12.2',
}, async (t) => {
  const script = fileURLToPath(new URL('../../kernels/scripts/build.mjs', import.meta.url));
  const folder = mkdtempSync(join(tmpdir(), 'images-'));
  const built = join(folder, 'programs.ts');
  execFileSync(process.execPath, [script, folder, built]);
  const committed = fileURLToPath(new URL('./programs.ts', import.meta.url));
  t.ok(
    readFileSync(built).equals(readFileSync(committed)),
    'run kernels/scripts/build.mjs and commit src/images/programs.ts',
  );
});

const wordsOf = (...words: readonly number[]): Uint8Array =>
  new Uint8Array(Uint32Array.from(words).buffer);

/** A booted 4-chip board and what talks to it; closed at the end of the test. */
async function board(t: Test): Promise<MachineController> {
  const machine = new VirtualMachine({ board: 'spin3' });
  const controller = new MachineController({
    scp: machine.scpTransport(),
    boot: machine.bootTransport(),
  });
  t.teardown(async () => {
    await controller.close();
    await machine.close();
  });
  await controller.boot({ hardwareVersion: 3, pauseMs: 0 });
  return controller;
}

type Configuration = LayoutValues<(typeof denseConfiguration)['fields']>;

/** A tile of 2 x 2 weights with its head, that waits for its first batch. */
const smallTile = (changes: Partial<Configuration>): Configuration => {
  const zeros = Object.fromEntries(
    denseConfiguration.fields.map((field) => [field.name, 'count' in field ? [0, 0] : 0]),
  ) as unknown as Configuration;
  return {
    ...zeros,
    bytes: denseConfiguration.size,
    mode: DenseMode.Fast,
    roles: DenseRole.Tile | DenseRole.Head | DenseRole.FirstLayer | DenseRole.LocalHead,
    batch: 1,
    sendGap: 200,
    sendDelay: 200,
    controlKey: 0x01000000,
    rows: 2,
    columns: 2,
    units: 2,
    weightFraction: 13,
    ...changes,
  };
};

/** Writes a region table with only a configuration, and tells the core where it is. */
async function configure(controller: MachineController, configuration: Configuration) {
  const bytes = encodeLayout(denseConfiguration, configuration);
  const tableBytes = REGION_TABLE_HEADER_BYTES + 4 * REGION_RECORD_BYTES;
  const owner = { appId: APP_ID };
  const table = await controller.allocateSdram(CHIP, tableBytes + bytes.length, owner);
  await controller.write(
    CHIP,
    table,
    wordsOf(REGION_TABLE_MAGIC, REGION_TABLE_VERSION, table + tableBytes, ...Array(11).fill(0)),
  );
  await controller.write(CHIP, table + tableBytes, bytes);
  await controller.write(CHIP, vcpuField(CORE, 'user0').address, wordsOf(table));
}

test('a core waits for START, runs, names itself, and ends at EXIT', async (t) => {
  const controller = await board(t);
  await configure(controller, smallTile({}));
  await controller.loadApplication(denseImage(), TARGETS, APP_ID, { wait: true });
  t.equal(await controller.coreState(AT), CoreState.Wait);
  await controller.signal(Signal.Start, APP_ID);
  await controller.waitForState(TARGETS, CoreState.Run);
  const { appName, appId } = await controller.vcpu(AT);
  t.match({ appName, appId }, { appName: 'dense', appId: APP_ID });
  await controller.signal(Signal.Exit, APP_ID);
  await controller.waitForState(TARGETS, CoreState.Exit);
});

test('a core without a region table stops with run-time error 13', async (t) => {
  const controller = await board(t);
  for (const image of Object.values(IMAGES)) {
    await t.rejects(controller.loadApplication(image(), TARGETS, APP_ID));
    t.match(await controller.vcpu(AT), { state: CoreState.RunTimeError, runTimeError: 13 });
    await controller.signal(Signal.Stop, APP_ID);
  }
});

test('a configuration that DTCM cannot hold is refused in words', async (t) => {
  const controller = await board(t);
  await configure(controller, smallTile({ rows: 128, columns: 128 }));
  await t.rejects(controller.loadApplication(denseImage(), TARGETS, APP_ID));
  t.match(await controller.vcpu(AT), { state: CoreState.RunTimeError, runTimeError: 10 });
  t.equal(await controller.iobuf(AT), 'dense: the configuration does not fit into DTCM\n');
});

test('a configuration of another version is refused in words', async (t) => {
  const controller = await board(t);
  await configure(controller, smallTile({ bytes: 4 }));
  await t.rejects(controller.loadApplication(denseImage(), TARGETS, APP_ID));
  t.match(await controller.vcpu(AT), { state: CoreState.RunTimeError, runTimeError: 13 });
  t.equal(
    await controller.iobuf(AT),
    'dense: the configuration is missing or of another version\n',
  );
});
