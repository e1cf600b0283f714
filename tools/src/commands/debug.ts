/** `spin-tools debug`: runs a program on one core of a virtual machine and shows what it does. */
import { CoreStateError, formatCore, MachineController } from '@spin-tools/scp';
import { VirtualMachine } from '@spin-tools/sim';
import {
  type DebuggedCore,
  formatTraceEntry,
  type InstructionTrace,
  MachineDebugger,
  Profile,
  type Stop,
  traceInstructions,
} from '@spin-tools/sim/debug';
import { Argument, Command, InvalidArgumentError } from 'commander';
import { FileError } from '../data/file-error.js';
import {
  costsOf,
  memoryLines,
  profileLines,
  registerLines,
  registersOf,
  surroundingsOf,
} from '../firmware/listings.js';
import { addressOf, named } from '../firmware/place.js';
import { type ProgramFile, readProgramFile } from '../firmware/program-file.js';
import type { Terminal } from '../terminal/terminal.js';
import { type Io, positiveNumber, runs, wholeNumber } from './command.js';

interface Place {
  readonly x: number;
  readonly y: number;
  readonly core: number;
}

interface Range {
  readonly place: string;
  readonly length: number;
}

interface DebugOptions {
  readonly core: Place;
  readonly elf?: string;
  readonly break?: readonly string[];
  readonly watch?: readonly string[];
  readonly for: number;
  readonly memory?: readonly Range[];
  readonly trace?: number;
  readonly profile?: boolean;
  readonly appId: number;
}

const NS_PER_MS = 1e6;
const NS_PER_MICROSECOND = 1e3;
const MOST_TRACED = 1_000_000;
const MOST_MEMORY = 65_536;

/** Makes the command. */
export function debugCommand(io: Io): Command {
  const command = new Command('debug')
    .description('run a program on a core of a virtual SpiNN-3, from its first instruction on')
    .addArgument(new Argument('<program>', 'ELF file, or program image (APLX)'))
    .option('--core <x,y,core>', 'where it runs', onePlace, { x: 0, y: 0, core: 1 })
    .option('--elf <file>', 'ELF file with names for the addresses of an APLX image')
    .option('--break <where...>', 'stop there: a name, name+0x10, or an address such as 0x1c')
    .option('--watch <where...>', 'stop in front of what writes the word there')
    .option('--for <ms>', 'stop after that much simulated time', positiveNumber, 10)
    .option('--memory <where,bytes...>', 'memory to show: results,64 or 0x60000000,64', addRange)
    .option('--trace <number>', 'show the last instructions', wholeNumber(1, MOST_TRACED))
    .option('--profile', 'show where the cycles went')
    .option('--app-id <number>', 'application the core belongs to', wholeNumber(16, 255), 16);
  return runs(command, io, runDebug);
}

async function runDebug(options: DebugOptions, terminal: Terminal, file: string): Promise<void> {
  const program = await readProgramFile(file, options.elf);
  const machine = new VirtualMachine({ board: 'spin3' });
  try {
    await debug(options, program, machine, terminal, file);
  } finally {
    await machine.close();
  }
}

async function debug(
  options: DebugOptions,
  program: ProgramFile,
  machine: VirtualMachine,
  terminal: Terminal,
  file: string,
): Promise<void> {
  const { symbols } = program;
  // Names that are wrong are told before anything runs.
  const breakpoints = (options.break ?? []).map((place) => addressOf(place, symbols));
  const watched = (options.watch ?? []).map((place) => addressOf(place, symbols));
  const ranges = (options.memory ?? []).map(({ place, length }) => ({
    address: addressOf(place, symbols),
    length,
  }));
  const target = new MachineDebugger(machine);
  const cores = [options.core];
  const trace = options.trace && traceInstructions(machine, { cores, capacity: options.trace });
  const profile = options.profile && new Profile(machine, cores);
  const core = await enter(options, program, machine, target, file);
  for (const address of breakpoints) target.addBreakpoint(address);
  for (const address of watched) target.addWatchpoint({ kind: 'write', address, length: 4 });
  const start = core.time;
  target.stopAfter(options.for * NS_PER_MS, core);
  const stop = await target.run();
  const microseconds = (core.time - start) / NS_PER_MICROSECOND;
  const registers = registersOf(core);
  const pc = registers.pc as number;
  terminal.say(`${core.name} ${reasonOf(stop)} after ${microseconds.toFixed(3)} us`);
  terminal.say(`at ${named(pc, symbols)}${core.isAsleep ? ', asleep' : ''}`);
  terminal.say();
  for (const line of registerLines(registers)) terminal.say(line);
  terminal.say();
  for (const line of surroundingsOf(core, symbols)) terminal.say(line);
  const memory = ranges.map(({ address, length }) => {
    const bytes = core.readMemory(address, length);
    terminal.say();
    for (const line of memoryLines(address, bytes)) terminal.say(line);
    return { address, bytes: Buffer.from(bytes).toString('hex') };
  });
  const traced = trace ? traceLines(trace, program) : [];
  if (traced.length > 0) terminal.say();
  for (const line of traced) terminal.say(line);
  const costs = profile ? costsOf(profile, symbols) : undefined;
  if (costs !== undefined) {
    terminal.say();
    for (const line of profileLines(costs)) terminal.say(line);
  }
  terminal.result({
    ...{ reason: stop.kind, microseconds, asleep: core.isAsleep, registers, memory },
    ...(trace && { trace: traced }),
    ...(costs && { profile: costs }),
  });
}

/** Boots the machine, loads the program and stops it in front of its first instruction. */
async function enter(
  { core: place, appId }: DebugOptions,
  { image, entry }: ProgramFile,
  machine: VirtualMachine,
  target: MachineDebugger,
  file: string,
): Promise<DebuggedCore> {
  const controller = new MachineController({
    scp: machine.scpTransport(),
    boot: machine.bootTransport(),
  });
  await controller.boot();
  const first = entry - (entry % 2);
  target.addBreakpoint(first);
  const entered = new Promise<Stop>((resolve) => {
    const forget = target.onStop((stop) => {
      forget();
      resolve(stop);
    });
  });
  const { core, ...chip } = place;
  await controller
    .loadApplication(image, [{ chip, cores: [core] }], appId, { timeoutMs: 0 })
    .catch((error: unknown) => {
      // It stands still at its first instruction, where it has not yet told its state.
      if (!(error instanceof CoreStateError)) throw error;
    });
  const stop = await Promise.race([entered, machine.whenIdle()]);
  await controller.close();
  if (stop === undefined) {
    throw new FileError(file, `does not start on ${formatCore(place)}: is there such a core?`);
  }
  target.removeBreakpoint(first);
  return stop.core;
}

function traceLines(trace: InstructionTrace, { symbols }: ProgramFile): string[] {
  return trace.entries().map((entry) => formatTraceEntry(entry, symbols));
}

function reasonOf(stop: Stop): string {
  switch (stop.kind) {
    case 'breakpoint':
      return 'reached a breakpoint';
    case 'watchpoint':
      return `is about to write 0x${stop.address.toString(16)}`;
    default:
      return 'was stopped';
  }
}

function onePlace(value: string): Place {
  const [, x, y, core] = /^(\d{1,3}),(\d{1,3}),(\d{1,2})$/.exec(value) ?? [];
  if (core === undefined || Number(core) < 1 || Number(core) > 17) {
    throw new InvalidArgumentError('Give X,Y,CORE such as 0,0,1.');
  }
  return { x: Number(x), y: Number(y), core: Number(core) };
}

function addRange(value: string, before: readonly Range[] = []): Range[] {
  const [, place, length] = /^(.+),(\d+)$/.exec(value) ?? [];
  if (place === undefined || Number(length) < 1 || Number(length) > MOST_MEMORY) {
    throw new InvalidArgumentError(`Give WHERE,BYTES such as 0x400000,64, up to ${MOST_MEMORY}.`);
  }
  return [...before, { place, length: Number(length) }];
}
