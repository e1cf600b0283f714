/** Options that several commands share: which machine, and where it is. */
import { BOOT_PORT, type ChipAddress, SCP_PORT } from '@spin-tools/scp';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { type AllocationOptions, withAllocation } from '../allocation/allocated.js';
import { listeningPort, port, positiveNumber } from '../commands/command.js';
import { usageError } from '../commands/end.js';
import { sharedOption } from '../settings/shared.js';

/** The shape of a virtual machine: one of the boards that exist, or three-board triads side by side. */
export type MachineShape =
  | { readonly board: 'spin3' | 'spin5' }
  | {
      readonly triads: { readonly width: number; readonly height: number };
      readonly wrap: boolean;
    };

/** Parts that do not work, as `--dead-chip` and its sisters name them. */
export interface DeadOptions {
  readonly deadChip?: readonly ChipAddress[];
  readonly deadLink?: readonly (ChipAddress & { readonly link: number })[];
  readonly deadCore?: readonly (ChipAddress & { readonly core: number })[];
}

/** What {@link withShape} adds to a command's options. */
export interface ShapeOptions {
  readonly board?: 'spin3' | 'spin5';
  readonly triads?: { readonly width: number; readonly height: number };
  readonly wrap?: boolean;
}

/** Where a machine listens, or that boards are to be asked for. */
export interface AddressOptions extends AllocationOptions {
  /** Undefined where a virtual machine of our own, or allocated boards, will do. */
  readonly host?: string;
  readonly scpPort: number;
  readonly bootPort: number;
  /** Longest wait for an answer, seconds; undefined where the usual will do. */
  readonly timeout?: number;
}

/** Adds `--board`, `--triads` and `--wrap`. */
export function withShape(command: Command): Command {
  return command
    .addOption(new Option('--board <board>', 'which board').choices(['spin3', 'spin5']))
    .option('--triads <WxH>', 'triads of three SpiNN-5 boards, side by side', triads)
    .option('--wrap', 'join the edges of the triads to a torus');
}

/** The shape that the options ask for: a SpiNN-5 when they ask for none. */
export function shapeOf(command: Command, { board, triads, wrap }: ShapeOptions): MachineShape {
  if (board !== undefined && triads !== undefined) {
    usageError(command, "options '--board' and '--triads' exclude each other. Give one of them.");
  }
  if (wrap && triads === undefined) {
    usageError(command, "option '--wrap' needs '--triads': a single board has no edges to join.");
  }
  return triads ? { triads, wrap: wrap === true } : { board: board ?? 'spin5' };
}

/** A name for the shape: `SpiNN-5`, `2x1 triads, wrapped`. */
export function shapeName(shape: MachineShape): string {
  if ('board' in shape) return shape.board === 'spin3' ? 'SpiNN-3' : 'SpiNN-5';
  const { width, height } = shape.triads;
  return `${width}x${height} triads${shape.wrap ? ', wrapped' : ''}`;
}

/** Adds `--host`, `--scp-port` and `--boot-port` of a machine to talk to, and `--machine`. */
export function withAddress(command: Command, hostIsNeeded: boolean): Command {
  command
    .optionsGroup(ADDRESS_GROUP)
    .addOption(
      sharedOption(
        '--host <address>',
        hostIsNeeded
          ? 'board or running "spin-tools sim"'
          : 'board or running "spin-tools sim" (default: a virtual machine of its own)',
      ),
    );
  withSharedPort(command, '--scp-port <port>', 'UDP port of SCP', SCP_PORT);
  withSharedPort(command, '--boot-port <port>', 'UDP port of the boot protocol', BOOT_PORT);
  if (hostIsNeeded) withTimeout(command);
  command.addOption(
    sharedOption(
      '--machine <name>',
      'in place of --host: a machine that spin-tools.config.json names, or "spalloc" for boards of an allocation server' +
        (hostIsNeeded ? '' : ', or "virtual"'),
    ),
  );
  command.hook('preAction', () => {
    const { host, machine } = command.opts<AddressOptions>();
    if (hostIsNeeded && host === undefined && machine !== 'spalloc') {
      usageError(
        command,
        "required option '--host <address>' not specified, nor '--machine <name>'.",
      );
    }
  });
  return withAllocation(command).optionsGroup(OTHER_OPTIONS);
}

/** Heading of options that say where a machine is. */
export const ADDRESS_GROUP = 'Where the machine is:';
/** Heading of options that have no other. Source: commander. */
export const OTHER_OPTIONS = 'Options:';

/** Adds `--timeout`, the longest wait for an answer in seconds. */
export function withTimeout(command: Command): Command {
  const description = 'give up when there is no answer for so long (default: 4)';
  return command.addOption(
    sharedOption('--timeout <seconds>', description).argParser(positiveNumber),
  );
}

/** Adds a port of machines to talk to. */
export function withSharedPort(
  command: Command,
  flags: string,
  description: string,
  usual: number,
): Command {
  return command.addOption(sharedOption(flags, description).argParser(port).default(usual));
}

/** Adds `--scp-port` and `--boot-port` to listen on. */
export function withListeningPorts(command: Command): Command {
  return command
    .option('--scp-port <port>', 'UDP port of SCP', listeningPort, SCP_PORT)
    .option('--boot-port <port>', 'UDP port of the boot protocol', listeningPort, BOOT_PORT);
}

/** Adds `--chip` to commands for one chip. */
export function withChip(command: Command): Command {
  const option = new Option('--chip <x,y>', 'which chip').argParser(chip);
  return command.addOption(option.default({ x: 0, y: 0 }, '0,0'));
}

/** What {@link withChip} adds to a command's options. */
export interface ChipOptions {
  readonly chip: ChipAddress;
}

/** Most triads in a row: chips are addressed with 8 bits, and 21 x 12 is 252. */
const MOST_TRIADS = 21;

/** Reads `WIDTHxHEIGHT` in triads from an option. */
export function triads(value: string): { width: number; height: number } {
  const [, width = 0, height = 0] = (/^(\d+)x(\d+)$/.exec(value) ?? []).map(Number);
  if (width >= 1 && height >= 1 && width <= MOST_TRIADS && height <= MOST_TRIADS) {
    return { width, height };
  }
  throw new InvalidArgumentError(`Give WIDTHxHEIGHT, 1x1 to ${MOST_TRIADS}x${MOST_TRIADS}.`);
}

/** Adds `--dead-chip` and `--dead-link`. */
export function withDeadChips(command: Command, what: string): Command {
  return command
    .option('--dead-chip <x,y...>', `chips that ${what}`, all(chip))
    .option('--dead-link <x,y,link...>', `links, 0 to 5, of chips that ${what}`, all(link));
}

/** Adds `--dead-chip`, `--dead-link` and `--dead-core`. */
export function withDeadParts(command: Command): Command {
  const description = 'physical cores, 0 to 17, that do not work';
  return withDeadChips(command, 'do not work').option(
    '--dead-core <x,y,core...>',
    description,
    all(core),
  );
}

const MOST_COORDINATE = 255;
const MOST_LINK = 5;
const MOST_CORE = 17;

/** Collects the values of an option that may be repeated. */
const all =
  <T>(parse: (value: string) => T) =>
  (value: string, before: readonly T[] = []): T[] => [...before, parse(value)];

/** Reads the address of a chip, `X,Y`, from an option. */
export function chip(value: string): ChipAddress {
  const [x, y] = numbers(value, [MOST_COORDINATE, MOST_COORDINATE], 'X,Y such as 3,3');
  return { x: x as number, y: y as number };
}

function link(value: string): ChipAddress & { readonly link: number } {
  const most = [MOST_COORDINATE, MOST_COORDINATE, MOST_LINK];
  const [x, y, number] = numbers(value, most, 'X,Y,LINK such as 3,3,0');
  return { x: x as number, y: y as number, link: number as number };
}

function core(value: string): ChipAddress & { readonly core: number } {
  const most = [MOST_COORDINATE, MOST_COORDINATE, MOST_CORE];
  const [x, y, number] = numbers(value, most, 'X,Y,CORE such as 3,3,17');
  return { x: x as number, y: y as number, core: number as number };
}

/** Whole numbers between commas, each from 0 to its most. */
function numbers(value: string, most: readonly number[], form: string): readonly number[] {
  const found = value.split(',');
  const fits = found.length === most.length && found.every((text) => /^\d{1,3}$/.test(text));
  const result = found.map(Number);
  if (fits && result.every((number, index) => number <= (most[index] as number))) return result;
  throw new InvalidArgumentError(`Give ${form}, up to ${most.join(',')}.`);
}
