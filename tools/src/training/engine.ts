/** What a model runs on: this process, a virtual machine of our own, or a machine that listens. */
import type { CompileOptions, MachineEngineOptions, MachineStage } from '@spin-tools/keras-backend';
import { describeMachine } from '@spin-tools/machine-model';
import { type Command, Option } from 'commander';
import { type AllocationOptions, withBoardsOf } from '../allocation/allocated.js';
import {
  type AddressOptions,
  type MachineShape,
  type ShapeOptions,
  shapeName,
  shapeOf,
  withAddress,
  withShape,
} from '../machine/options.js';
import { type Address, sayReplaced } from '../machine/reach.js';
import { serve } from '../machine/serve.js';
import type { LinkTraffic } from '../report/link-traffic.js';
import type { Terminal } from '../terminal/terminal.js';
import { controllerOver, machineInProcess, machineOnUdp } from '../view/reach.js';
import type { Watched } from '../view/viewing.js';

/** Options of commands that run a model. */
export interface EngineOptions extends AddressOptions, ShapeOptions {
  readonly engine: 'machine' | 'functional' | 'float';
}

/** Where a model is to run. */
export type EnginePlace =
  | { readonly kind: 'functional' | 'float' }
  | { readonly kind: 'address'; readonly machine: Address; readonly board: 'spin3' | 'spin5' }
  | { readonly kind: 'spalloc'; readonly options: AllocationOptions }
  | { readonly kind: 'virtual'; readonly shape: MachineShape };

/** What a model is compiled with so that it runs there. */
export type EngineChoice = Required<Pick<CompileOptions, 'engine' | 'machine'>>;

/** An engine for models, as long as the machine that it needs is there. */
export interface ReadyEngine {
  readonly choice: EngineChoice;
  /** For titles: `a virtual SpiNN-5`. */
  readonly name: string;
  /** Packets on links so far, of machines that count them. */
  linkTraffic?(): readonly LinkTraffic[];
  /** A way of its own to the machine, to watch it; absent where there is none. */
  readonly watched?: Watched;
}

/** Adds `--engine`, the options of a virtual machine and those of a machine that listens. */
export function withEngineOptions(command: Command): Command {
  const engine = new Option(
    '--engine <engine>',
    'a SpiNNaker machine, the same arithmetic here, or float32 here for all layers',
  )
    .choices(['machine', 'functional', 'float'])
    .default('machine');
  return withAddress(withShape(command.addOption(engine)), false);
}

/** The place that the options name. */
export function enginePlace(command: Command, options: EngineOptions): EnginePlace {
  const shape = shapeOf(command, options);
  if (options.engine !== 'machine') return { kind: options.engine };
  if (options.machine === 'spalloc') return { kind: 'spalloc', options };
  const { host } = options;
  return host === undefined
    ? { kind: 'virtual', shape }
    : { kind: 'address', machine: { ...options, host }, board: options.board ?? 'spin5' };
}

/** Brings up what is needed, lets `work` use it, and takes it down again. */
export async function withEngine<T>(
  place: EnginePlace,
  terminal: Terminal,
  work: (engine: ReadyEngine) => Promise<T>,
): Promise<T> {
  switch (place.kind) {
    case 'functional':
    case 'float':
      return work({ choice: { engine: place.kind, machine: {} }, name: 'this computer' });
    case 'address': {
      const { machine, board } = place;
      return work({
        choice: onMachine({ machine, board }, terminal),
        name: machine.host,
        watched: machineOnUdp(machine.host, { host: machine.host, port: machine.scpPort }),
      });
    }
    case 'spalloc':
      return withBoardsOf(place.options, sayReplaced(terminal), async (job) => {
        const { connections, machineName } = await job.machine();
        const name = `${connections.length} boards of ${machineName}`;
        terminal.report(`job ${job.id}: ${name}`);
        const transport = async () => ({
          scp: await job.transport('scp'),
          boot: await job.transport('boot'),
        });
        const connect = async () => controllerOver(await job.transport('scp'));
        return await work({
          choice: onMachine({ transport, board: 'spin5' }, terminal),
          ...{ name, watched: { name, connect } },
        });
      });
    case 'virtual': {
      await using served = await serve(place.shape);
      const { address, virtual } = served;
      const name = `a virtual ${shapeName(place.shape)}`;
      terminal.report(`${name}: ${describeMachine(virtual.machine)}`);
      terminal.report(`listening on ${address.host}, UDP port ${address.scpPort}`);
      const board = 'board' in place.shape ? place.shape.board : 'spin5';
      return await work({
        choice: onMachine({ machine: address, board, chooseFor: 'simulation' }, terminal),
        name,
        linkTraffic: () => virtual.statistics().links,
        watched: machineInProcess(name, virtual),
      });
    }
  }
}

/** What each stage of the preparation is called. */
const STAGES: Readonly<Record<MachineStage, string>> = {
  boot: 'booting over UDP',
  discover: 'asking every chip what it has',
  map: 'cutting the network into tiles, placing and routing them',
  load: 'loading memory and routing tables',
  start: 'loading and starting the programs',
};

const onMachine = (machine: MachineEngineOptions, terminal: Terminal): EngineChoice => ({
  engine: 'machine',
  machine: { ...machine, onStage: (stage) => terminal.report(STAGES[stage]) },
});
