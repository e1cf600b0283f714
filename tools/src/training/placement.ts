/** Where a model that is trained on a machine lies there, and what its cores did. */
import type { MachineEngine, Model } from '@spin-tools/keras-backend';
import type { LinkTraffic } from '../report/link-traffic.js';

/** A core of a machine. */
interface CorePlace {
  readonly x: number;
  readonly y: number;
  readonly core: number;
}

/** What one core counted in the last run. */
export interface CoreUse {
  /** Core cycles for which it was awake. */
  readonly busyCycles: number;
  readonly packetsSent: number;
  /** Values that were clamped to their format. */
  readonly saturations: number;
}

/** Cores with a task of their own: a Dense layer, or the layers of a schedule, which share theirs. */
export interface PlacedPart {
  readonly name: string;
  /** For a human: `Dense 784 to 128, relu`. */
  readonly description: string;
  readonly cores: readonly CorePlace[];
}

/** A model on a machine. */
export interface ModelPlacement {
  readonly machine: {
    readonly chips: readonly { readonly x: number; readonly y: number; readonly cores: number }[];
  };
  readonly parts: readonly PlacedPart[];
  readonly sequencer: CorePlace;
  /** Traffic on links that training makes by the map, packets a sample; empty where a chip does all. */
  readonly mapped: readonly LinkTraffic[];
  /** Seconds that placing and routing took on this computer; undefined where nothing was routed. */
  readonly mappingSeconds: number | undefined;
  /** Of each part, what its cores counted in the last run; undefined where they do not tell. */
  uses(): readonly (readonly CoreUse[])[];
}

/** Where a model lies; undefined while no machine is open for it. */
export function placementOf(model: Model): ModelPlacement | undefined {
  const { engine, workers } = model;
  if (engine !== undefined && 'explain' in engine) {
    return densePlacement(model, engine as MachineEngine);
  }
  if (workers === undefined) return undefined;
  const { machine, sequencer } = workers;
  const part = {
    name: 'workers',
    description: 'compute all layers together',
    cores: workers.workers.map(({ x, y, core }) => ({ x, y, core })),
  };
  return {
    ...{ machine, sequencer, parts: [part], mapped: [], mappingSeconds: undefined },
    uses: () => [
      (model.workers?.workers ?? []).map(({ busyCycles }) => ({
        ...{ busyCycles, packetsSent: 0, saturations: 0 },
      })),
    ],
  };
}

function densePlacement(model: Model, engine: MachineEngine): ModelPlacement {
  const { layers, machine, sequencer, linkLoads } = engine.explain();
  const dense = model.layers.flatMap((layer) => (layer.className === 'Dense' ? [layer] : []));
  return {
    ...{ machine, sequencer, mappingSeconds: engine.mappingSeconds },
    parts: layers.map(({ name, inputs, units, cores }, index) => ({
      name,
      description: `Dense ${inputs} to ${units}, ${dense[index]?.activation ?? ''}`,
      cores: cores.map(({ x, y, core }) => ({ x, y, core })),
    })),
    mapped: linkLoads.map(({ x, y, link, traffic }) => ({ x, y, link, packets: traffic })),
    uses: () => {
      const counted = engine.statistics().map(useOf);
      let first = 0;
      return layers.map(({ cores }) => {
        const own = counted.slice(first, first + cores.length);
        first += cores.length;
        return own;
      });
    },
  };
}

function useOf(core: ReturnType<MachineEngine['statistics']>[number]): CoreUse {
  return {
    busyCycles: Number(core.busyCycles),
    packetsSent: core.packetsSent,
    saturations:
      core.saturatedZ +
      core.saturatedActivation +
      core.saturatedError +
      core.saturatedDelta +
      core.saturatedWeight +
      core.saturatedOperand +
      core.saturatedBias,
  };
}
