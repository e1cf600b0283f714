import { readFileSync } from 'node:fs';
import { MachineController } from '@spin-tools/scp';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { VirtualMachine } from '../machine/virtual-machine.js';
import { MachineDebugger } from './debugger.js';
import { ElfError, readElf } from './elf.js';
import { aplxOfElf } from './elf-image.js';
import { Profile } from './profile.js';
import { CORE_REGISTERS } from './registers.js';
import { SymbolTable } from './symbols.js';
import { formatTraceEntry, type TraceEntry, traceInstructions } from './trace.js';

const bytes = readFileSync(new URL('./fixtures/counter.elf', import.meta.url));
const file = readElf(bytes);
const symbols = new SymbolTable(file);
const chip = { x: 0, y: 0 };

async function booted(t: Test) {
  const machine = new VirtualMachine({ board: 'spin3' });
  t.teardown(() => machine.close());
  const controller = new MachineController({
    scp: machine.scpTransport(),
    boot: machine.bootTransport(),
  });
  await controller.boot();
  const debug = new MachineDebugger(machine);
  const load = (core: number) =>
    controller.loadApplication(aplxOfElf(file), [{ chip, cores: [core] }], 30);
  return { machine, debug, load };
}

t.test('an ELF file gives its sections, segments, symbols and entry', async (t) => {
  t.equal(file.entry, 0);
  t.match(
    file.sections.find(({ name }) => name === '.text'),
    { type: 1, flags: 6, address: 0 },
  );
  t.match(
    file.segments.map(({ address, size, bytes }) => [address, size >= bytes.length]),
    [
      [0, true],
      [0x400000, true],
    ],
  );
  t.match(
    file.symbols.find(({ name }) => name === 'scaled'),
    { type: 2, address: symbols.find('scaled')!.address + 1 },
  );
  t.equal(symbols.describe(symbols.find('add')!.address + 8), 'add+0x8');
  t.equal(symbols.describe(0x12345678), undefined);
  t.equal(symbols.at(symbols.find('total')!.address + 3)?.name, 'total');
  t.equal(symbols.kindAt(symbols.find('scaled')!.address), 'thumb');
  t.equal(symbols.kindAt(symbols.find('add')!.address), 'arm');
});

t.test(
  'a damaged ELF file is refused by the name of what is wrong, and never crashes',
  async (t) => {
    const refuse = (change: (view: DataView) => void, field: RegExp) => {
      const copy = Uint8Array.from(bytes);
      change(new DataView(copy.buffer));
      t.throws(() => readElf(copy), { name: 'ElfError', message: field });
    };
    refuse((view) => view.setUint8(0, 0), /magic number/);
    refuse((view) => view.setUint8(4, 2), /class is not 32 bits/);
    refuse((view) => view.setUint16(18, 62, true), /machine is 62, not ARM/);
    refuse((view) => view.setUint32(32, 0x7fffffff, true), /section headers ends at byte/);
    refuse((view) => view.setUint32(28, bytes.length, true), /program headers ends at byte/);
    refuse((view) => view.setUint16(46, 8, true), /size of section headers is 8/);
    refuse((view) => view.setUint16(50, 99, true), /section of names/);
    t.throws(() => readElf(bytes.subarray(0, 40)), ElfError);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 30 }),
        fc.nat(bytes.length),
        (changes, length) => {
          const copy = Uint8Array.from(bytes);
          for (const [at, value] of changes) copy[at < 500 || at > 6000 ? at : at % 60] = value;
          try {
            new SymbolTable(readElf(copy.subarray(0, length < 100 ? length : undefined)));
          } catch (error) {
            if (!(error instanceof ElfError)) throw error;
          }
        },
      ),
      { numRuns: 500 },
    );
  },
);

t.test('a trace has every instruction with its time and what it changed', async (t) => {
  const { machine, debug, load } = await booted(t);
  const all: TraceEntry[] = [];
  const trace = traceInstructions(machine, {
    cores: [{ ...chip, core: 3 }],
    onEntry: (entry) => all.push(entry),
  });
  debug.addBreakpoint(symbols.find('round_of_four')!.address);
  const stopped = new Promise((resolve) => debug.onStop(resolve));
  const loaded = load(3);
  await stopped;
  debug.removeBreakpoint(symbols.find('round_of_four')!.address);
  trace.close();
  t.match(
    formatTraceEntry(all[0]!, symbols),
    /^ *\d+ {2}0,0,3 {4}00000000 {2}_start +e59fd00c {2}ldr sp, \[pc, #12\] {2}@ 0x14 +sp=0040f000$/,
  );
  t.match(all[0], { address: 0, instruction: 0xe59fd00c, isThumb: false });
  t.match(all[3]?.changes, [
    { register: 'lr', value: 0x10 },
    { register: 'pc', value: symbols.find('main')!.address },
  ]);
  for (const [index, { time, cycles }] of all.entries()) {
    const next = all[index + 1];
    if (next !== undefined) t.equal(next.time, time + 5 * cycles);
  }
  t.ok(all.length > 10);
  debug.close();
  await loaded;
});

t.test('a bounded trace keeps the last instructions', async (t) => {
  const { machine, debug, load } = await booted(t);
  await load(1);
  const trace = traceInstructions(machine, { cores: 'all', capacity: 100 });
  const core = debug.core({ ...chip, core: 1 });
  debug.stopAfter(50_000, core);
  t.match(await debug.run(), { kind: 'time' });
  const entries = trace.entries();
  t.equal(entries.length, 100);
  t.ok(entries.every(({ time }, index) => index === 0 || time > entries[index - 1]!.time));
  const last = entries.at(-1)!;
  t.equal(last.time + 5 * last.cycles, core.time);
  t.ok(entries.some(({ isThumb }) => isThumb));
  t.throws(() => traceInstructions(machine, { cores: 'all', capacity: 0 }), RangeError);
});

t.test('a profile counts all instructions and cycles, and tells where they went', async (t) => {
  const { machine, debug, load } = await booted(t);
  const profile = new Profile(machine, [{ ...chip, core: 2 }]);
  const entered = new Promise((resolve) => debug.onStop(resolve));
  debug.addBreakpoint(symbols.find('_start')!.address);
  const loaded = Promise.all([load(2), load(4)]);
  await entered;
  debug.removeBreakpoint(symbols.find('_start')!.address);
  const core = debug.core({ ...chip, core: 2 });
  debug.stopAfter(200_000, core);
  await debug.run();
  const { total } = profile;
  t.same(total.instructions, core.arm?.statistics.instructions);
  t.same(total.cycles, core.arm?.statistics.cyclesAwake);
  const costs = profile.bySymbol(symbols);
  t.equal(costs[0]?.name, 'scaled');
  t.ok(Math.abs(costs.reduce((sum, { share }) => sum + share, 0) - 1) < 1e-9);
  const byName = new Map(costs.map((cost) => [cost.name, cost]));
  t.equal(byName.get('_start')?.instructions, 4);
  const address = symbols.find('add')!.address;
  const calls = profile.byAddress().find((cost) => cost.address === address)?.instructions ?? 0;
  t.ok(calls > 100);
  t.ok(Math.abs(calls * 8 - byName.get('add')!.instructions) < 8);
  t.equal(new SymbolTable({ ...file, symbols: [] }).ranges.length, 0);
  t.match(profile.bySymbol(new SymbolTable({ ...file, symbols: [] }))[0]?.name, /^0x[\da-f]{8}$/);
  profile.close();
  debug.close();
  await loaded;
});

t.test('a run is the same, followed or not', async (t) => {
  const outcome = async (isFollowed: boolean) => {
    const { machine, debug, load } = await booted(t);
    const entry = symbols.find('_start')!.address;
    debug.addBreakpoint(entry);
    const entered = new Promise((resolve) => debug.onStop(resolve));
    const loaded = load(1);
    await entered;
    debug.removeBreakpoint(entry);
    const core = debug.core({ ...chip, core: 1 });
    const followers = isFollowed
      ? [new Profile(machine), traceInstructions(machine, { cores: 'all' })]
      : [];
    if (isFollowed) debug.addBreakpoint(0x7000);
    debug.stopAfter(1_000_000, core);
    await debug.run();
    const { time } = core;
    const registers = core.registers(CORE_REGISTERS);
    const statistics = core.arm?.statistics;
    for (const each of followers) each.close();
    debug.close();
    await loaded;
    return { time, registers, statistics };
  };
  t.same(await outcome(true), await outcome(false));
});
