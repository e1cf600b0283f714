/** What a model runs on: this process, a virtual machine of our own, or a machine that listens. */
import {
  createMachineEngine,
  type DeploymentExplanation,
  type EngineChoice,
  type MachineEngine,
  type MachineEngineOptions,
  type MachineStage,
} from '@spin-tools/keras-backend';
import { describeMachine } from '@spin-tools/machine-model';
import type { VirtualMachine } from '@spin-tools/sim';
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

/** A way to a machine, and the kind of board that it is booted as. */
interface Target {
  /** Called when the engine is made, which closes what it opens. */
  reach(): Promise<Pick<MachineEngineOptions, 'machine' | 'transport'>>;
  readonly board: 'spin3' | 'spin5';
}

/** Where a model is to run. */
export type EnginePlace =
  | { readonly kind: 'functional' | 'float' }
  | { readonly kind: 'address'; readonly machine: Address; readonly board: 'spin3' | 'spin5' }
  | { readonly kind: 'spalloc'; readonly options: AllocationOptions }
  | { readonly kind: 'virtual'; readonly shape: MachineShape };

/** How a model lies on a machine, and the traffic on its links. */
export interface EnginePlacement extends DeploymentExplanation {
  readonly traffic: readonly LinkTraffic[];
  /** What the traffic counts: a virtual machine counts packets, for a board it is as mapped. */
  readonly trafficUnit: string;
}

/** An engine for models, as long as the machine that it needs is there. */
export interface ReadyEngine {
  readonly choice: EngineChoice;
  /** For titles: `a virtual SpiNN-5`. */
  readonly name: string;
  /** How the model that ran lies on the machine; undefined where there is none. */
  placement(): EnginePlacement | undefined;
  /** Seconds that placing and routing it took here; undefined where there is no machine. */
  mappingSeconds(): number | undefined;
  /** What each core of the layers counted in the last run; undefined where there is no machine. */
  statistics(): ReturnType<MachineEngine['statistics']> | undefined;
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
      return work({
        choice: place.kind,
        name: 'this computer',
        placement: () => undefined,
        mappingSeconds: () => undefined,
        statistics: () => undefined,
      });
    case 'address':
      return work({
        ...machineEngine(atAddress(place.machine, place.board), place.machine.host, terminal),
        watched: machineOnUdp(place.machine.host, {
          host: place.machine.host,
          port: place.machine.scpPort,
        }),
      });
    case 'spalloc':
      return withBoardsOf(place.options, sayReplaced(terminal), async (job) => {
        const { connections, machineName } = await job.machine();
        const name = `${connections.length} boards of ${machineName}`;
        terminal.report(`job ${job.id}: ${name}`);
        const reach = async () => ({
          transport: { scp: await job.transport('scp'), boot: await job.transport('boot') },
        });
        const connect = async () => controllerOver(await job.transport('scp'));
        const engine = machineEngine({ reach, board: 'spin5' }, name, terminal);
        return await work({ ...engine, watched: { name, connect } });
      });
    case 'virtual': {
      await using served = await serve(place.shape);
      const name = `a virtual ${shapeName(place.shape)}`;
      terminal.report(`${name}: ${describeMachine(served.virtual.machine)}`);
      terminal.report(`listening on ${served.address.host}, UDP port ${served.address.scpPort}`);
      const board = 'board' in place.shape ? place.shape.board : 'spin5';
      const target = atAddress(served.address, board);
      const engine = machineEngine(target, name, terminal, served.virtual);
      return await work({ ...engine, watched: machineInProcess(name, served.virtual) });
    }
  }
}

const atAddress = (machine: Address, board: Target['board']): Target => ({
  reach: () => Promise.resolve({ machine }),
  board,
});

/** What each stage of the preparation is called. */
const STAGES: Readonly<Record<MachineStage, string>> = {
  boot: 'booting over UDP',
  discover: 'asking every chip what it has',
  map: 'cutting the network into tiles, placing and routing them',
  load: 'loading memory and routing tables',
  start: 'loading and starting the programs',
};

function machineEngine(
  { reach, board }: Target,
  name: string,
  terminal: Terminal,
  virtual?: VirtualMachine,
): ReadyEngine {
  let engine: MachineEngine | undefined;
  return {
    name,
    choice: async (plan) => {
      const onStage = (stage: MachineStage) => terminal.report(STAGES[stage]);
      engine = await createMachineEngine(plan, { ...(await reach()), board, onStage });
      return engine;
    },
    placement: () => engine && { ...engine.explain(), ...trafficOf(engine, virtual) },
    mappingSeconds: () => engine?.mappingSeconds,
    statistics: () => engine?.statistics(),
  };
}

function trafficOf(engine: MachineEngine, virtual: VirtualMachine | undefined) {
  if (virtual) return { traffic: virtual.statistics().links, trafficUnit: 'packets in all' };
  const loads = engine.explain().linkLoads;
  return {
    traffic: loads.map(({ x, y, link, traffic }) => ({ x, y, link, packets: traffic })),
    trafficUnit: 'packets a sample, as mapped',
  };
}
