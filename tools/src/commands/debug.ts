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
  type SymbolCost,
  traceInstructions,
} from '@spin-tools/sim/debug';
import { Argument, Command, InvalidArgumentError, Option } from 'commander';
import { FileError } from '../data/file-error.js';
import {
  costsOf,
  profileLines,
  registerLines,
  registersOf,
  surroundingsOf,
} from '../firmware/listings.js';
import { addressOf, named } from '../firmware/place.js';
import { type ProgramFile, readProgramFile } from '../firmware/program-file.js';
import { memoryLines } from '../terminal/hexadecimal.js';
import type { Terminal } from '../terminal/terminal.js';
import { type Io, positiveNumber, runs, wholeNumber, withExamples } from './command.js';

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

const WORD_BYTES = 4;
const NS_PER_MS = 1e6;
const NS_PER_MICROSECOND = 1e3;
const MOST_TRACED = 1_000_000;
const MOST_MEMORY = 65_536;

/** Makes the command. */
export function debugCommand(io: Io): Command {
  const command = new Command('debug')
    .addArgument(new Argument('<program>', 'ELF file, or program image (APLX)'))
    .addOption(
      new Option('--core <x,y,core>', 'where it runs')
        .argParser(onePlace)
        .default({ x: 0, y: 0, core: 1 }, '0,0,1'),
    )
    .option('--elf <file>', 'ELF file with names for the addresses of an APLX image')
    .option('--break <where...>', 'stop there: a name, name+0x10, or an address such as 0x1c')
    .option('--watch <where...>', 'stop in front of what writes the word there')
    .option('--for <ms>', 'stop after that much simulated time', positiveNumber, 10)
    .option('--memory <where,bytes...>', 'memory to show: results,64 or 0x60000000,64', addRange)
    .option('--trace <number>', 'show the last instructions', wholeNumber(1, MOST_TRACED))
    .option('--profile', 'show where the cycles went')
    .option('--app-id <number>', 'application the core belongs to', wholeNumber(16, 255), 16);
  withExamples(
    command,
    [
      [
        'debug hello.elf --break c_main --trace 20',
        'stops at a function, and shows the last 20 instructions.',
      ],
      [
        'debug hello.aplx --elf hello.elf --profile --for 5',
        'shows where the cycles of 5 ms went.',
      ],
    ],
    '{ reason, microseconds, asleep, registers, memory: [{ address, bytes }], trace, profile }',
  );
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
  const conditions = conditionsOf(options, program);
  const target = new MachineDebugger(machine);
  const cores = [options.core];
  const trace = options.trace && traceInstructions(machine, { cores, capacity: options.trace });
  const profile = options.profile && new Profile(machine, cores);
  const core = await enter(options, program, machine, target, file);
  for (const address of conditions.breakpoints) target.addBreakpoint(address);
  for (const address of conditions.watched) {
    target.addWatchpoint({ kind: 'write', address, length: WORD_BYTES });
  }
  const start = core.time;
  target.stopAfter(options.for * NS_PER_MS, core);
  const stop = await target.run();
  const result = {
    reason: stop.kind,
    microseconds: (core.time - start) / NS_PER_MICROSECOND,
    asleep: core.isAsleep,
    registers: registersOf(core),
    memory: conditions.ranges.map(({ address, length }) => ({
      address,
      bytes: Buffer.from(core.readMemory(address, length)).toString('hex'),
    })),
    ...(trace && { trace: traceLines(trace, program) }),
    ...(profile && { profile: costsOf(profile, program.symbols) }),
  };
  for (const line of linesOf(result, stop, program)) terminal.say(line);
  terminal.result(result);
}

/** Addresses of what the options name; wrong names are told before anything runs. Throws UnknownPlaceError. */
function conditionsOf(options: DebugOptions, { symbols }: ProgramFile) {
  return {
    breakpoints: (options.break ?? []).map((place) => addressOf(place, symbols)),
    watched: (options.watch ?? []).map((place) => addressOf(place, symbols)),
    ranges: (options.memory ?? []).map(({ place, length }) => ({
      address: addressOf(place, symbols),
      length,
    })),
  };
}

/** What is printed; as much of it under `--json`. */
interface DebugResult {
  readonly microseconds: number;
  readonly asleep: boolean;
  readonly registers: Readonly<Record<string, number>>;
  /** Bytes in hexadecimal. */
  readonly memory: readonly { readonly address: number; readonly bytes: string }[];
  readonly trace?: readonly string[];
  readonly profile?: readonly SymbolCost[];
}

function linesOf(
  { microseconds, asleep, registers, memory, trace, profile }: DebugResult,
  stop: Stop,
  { symbols }: ProgramFile,
): string[] {
  const sections = [
    [
      `${stop.core.name} ${reasonOf(stop)} after ${microseconds.toFixed(3)} us`,
      `at ${named(registers.pc ?? 0, symbols)}${asleep ? ', asleep' : ''}`,
    ],
    registerLines(registers),
    surroundingsOf(stop.core, symbols),
    ...memory.map(({ address, bytes }) => memoryLines(address, Buffer.from(bytes, 'hex'))),
    ...(trace === undefined ? [] : [[...trace]]),
    ...(profile === undefined ? [] : [profileLines(profile)]),
  ];
  return sections.flatMap((lines, index) => (index === 0 ? lines : ['', ...lines]));
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
