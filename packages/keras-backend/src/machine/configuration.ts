/** Region 0 of every core: what it is, which keys it uses, what it has to wait for. */
import type { Mapping } from '@spin-tools/nn-mapper';
import type { LayerPlan, NetworkPlan } from '../engine.js';
import {
  DenseAccuracy,
  DenseActivation,
  DenseLoss,
  DenseMode,
  DenseRole,
  denseConfiguration,
  encodeLayout,
  type LayoutValues,
  sequencerConfiguration,
} from '../layouts/index.js';
import {
  CONTROL,
  classBits,
  className,
  type DenseCore,
  DONE,
  keyFields,
  type LayerClass,
  type LayerTiles,
  type TileGraph,
} from '../tiles/index.js';

/** The fields of a dense core's configuration. */
export type DenseConfiguration = LayoutValues<(typeof denseConfiguration)['fields']>;

/** Where the data of a slot lies for one core; 0 where there is none. */
export interface SlotAddresses {
  readonly inputsAddress: number;
  readonly inputsRowBytes: number;
  readonly targetsAddress: number;
  readonly targetsRowBytes: number;
  readonly outputsAddress: number;
  readonly outputsRowBytes: number;
}

/** A slot without data. */
export const EMPTY_SLOT: SlotAddresses = {
  inputsAddress: 0,
  inputsRowBytes: 0,
  targetsAddress: 0,
  targetsRowBytes: 0,
  outputsAddress: 0,
  outputsRowBytes: 0,
};

/** What the configurations of all cores of a network follow from. */
export interface ConfigurationContext {
  readonly plan: NetworkPlan;
  readonly tiles: TileGraph;
  readonly mapping: Mapping;
  /** Core cycles between two packets, by vertex. */
  readonly sendGaps: readonly number[];
  /** The same after back sums. */
  readonly backGaps: readonly number[];
  /** Core cycles before the first packet of a burst, by vertex. */
  readonly sendDelays: readonly number[];
  /** Core cycles before a done packet, by dense core. */
  readonly doneDelays: readonly number[];
}

/** Keys are told apart by their top byte; a class has one or more such blocks. */
const BLOCK_BITS = 24;

const ACTIVATIONS = {
  linear: DenseActivation.Linear,
  relu: DenseActivation.Relu,
  sigmoid: DenseActivation.Sigmoid,
  tanh: DenseActivation.Tanh,
  softmax: DenseActivation.Softmax,
} as const;
const LOSSES = {
  categorical_crossentropy: DenseLoss.CategoricalCrossentropy,
  binary_crossentropy: DenseLoss.BinaryCrossentropy,
  mean_squared_error: DenseLoss.MeanSquaredError,
} as const;
const ACCURACIES = {
  categorical: DenseAccuracy.Categorical,
  binary: DenseAccuracy.Binary,
} as const;

/** The configuration of a dense core. */
export function configure(
  context: ConfigurationContext,
  core: DenseCore,
  slots: readonly [SlotAddresses, SlotAddresses],
): DenseConfiguration {
  const { plan, mapping, sendGaps, backGaps, sendDelays, doneDelays } = context;
  const layer = plan.layers[core.layer] as LayerPlan;
  return {
    bytes: denseConfiguration.size,
    mode: plan.mode === 'fast' ? DenseMode.Fast : DenseMode.Exact,
    roles: rolesOf(plan, core),
    coreIndex: core.index,
    batch: plan.batchSize,
    sampleBits: keyFields(plan).sampleBits,
    sendGap: sendGaps[core.index] as number,
    sendDelay: sendDelays[core.index] as number,
    backGap: backGaps[core.index] as number,
    controlKey: mapping.partitionKey(CONTROL).key,
    doneKey: mapping.partitionKey(DONE).key,
    doneDelay: doneDelays[core.index] as number,
    ...keysIn(context, core),
    ...keysOut(context, core),
    ...unitBitsOf(plan, core),
    ...rangesOf(core),
    ...expectationsOf(context, core),
    activation: core.head ? ACTIVATIONS[layer.activation] : 0,
    loss: LOSSES[plan.loss],
    accuracy: ACCURACIES[plan.accuracy],
    lossScale: plan.lossScale,
    ...fractionsOf(plan, core),
    ...slotFields(slots),
  };
}

/** The bytes of region 0 of a dense core. */
export const encodeConfiguration = (configuration: DenseConfiguration): Uint8Array =>
  encodeLayout(denseConfiguration, configuration);

/** The bytes of region 0 of the sequencer. */
export function sequencerConfigurationBytes(
  { tiles, mapping, sendGaps }: ConfigurationContext,
  sequencer: number,
): Uint8Array {
  return encodeLayout(sequencerConfiguration, {
    bytes: sequencerConfiguration.size,
    cores: tiles.cores.length,
    controlKey: mapping.partitionKey(CONTROL).key,
    doneKey: mapping.partitionKey(DONE).key,
    sendGap: sendGaps[sequencer] as number,
    budget: 0,
    attempts: 0,
  });
}

function rolesOf(plan: NetworkPlan, { layer, tile, head }: DenseCore): number {
  const roles = [
    tile && DenseRole.Tile,
    tile && layer === 0 && DenseRole.FirstLayer,
    tile && layer > 0 && DenseRole.SendsBack,
    tile && head && DenseRole.LocalHead,
    head && DenseRole.Head,
    head && layer === plan.layers.length - 1 && DenseRole.OutputLayer,
    head && plan.layers[layer]?.useBias && DenseRole.TrainsBias,
  ];
  return roles.reduce<number>((bits, role) => bits | (role || 0), 0);
}

/** First key and number of blocks of a class that a core takes; zeros when it does not. */
function incoming(
  { plan, tiles, mapping }: ConfigurationContext,
  kind: LayerClass,
  layer: number,
  takes: boolean,
): readonly [key: number, blocks: number] {
  if (!takes) return [0, 0];
  const bits = classBits(keyFields(plan), tiles, kind, layer);
  const { key } = mapping.partitionKey(className(kind, layer));
  return [key, 2 ** (Math.max(bits, BLOCK_BITS) - BLOCK_BITS)];
}

function keysIn(context: ConfigurationContext, core: DenseCore) {
  const { layer, tile, head } = core;
  const hidden = layer < context.plan.layers.length - 1;
  const partials = partialPackets(context, core);
  const isFed = tile !== undefined && layer > 0;
  const isRemote = tile !== undefined && head === undefined;
  const isBelow = head !== undefined && hidden;
  const [activationInKey, activationInBlocks] = incoming(context, 'activation', layer - 1, isFed);
  const [deltaInKey, deltaInBlocks] = incoming(context, 'delta', layer, isRemote);
  const [partialInKey, partialInBlocks] = incoming(context, 'partial', layer, partials > 0);
  const [backInKey, backInBlocks] = incoming(context, 'back', layer + 1, isBelow);
  return {
    activationInKey,
    activationInBlocks,
    deltaInKey,
    deltaInBlocks,
    partialInKey,
    partialInBlocks,
    backInKey,
    backInBlocks,
  };
}

function keysOut(context: ConfigurationContext, core: DenseCore) {
  const { plan, mapping } = context;
  const { layer, tile, head } = core;
  const hidden = layer < plan.layers.length - 1;
  const keyIf = (sends: boolean, kind: LayerClass): number =>
    sends ? mapping.partitionKey(className(kind, layer)).key : 0;
  return {
    activationOutKey: keyIf(head !== undefined && hidden, 'activation'),
    deltaOutKey: keyIf(partialPackets(context, core) > 0, 'delta'),
    partialOutKey: keyIf(tile !== undefined && head === undefined, 'partial'),
    backOutKey: keyIf(tile !== undefined && layer > 0, 'back'),
  };
}

const unitBitsOf = (plan: NetworkPlan, { layer }: DenseCore) => {
  const { unitBits } = keyFields(plan);
  return { unitBits: unitBits[layer] as number, unitBitsBelow: unitBits[layer - 1] ?? 0 };
};

const rangesOf = ({ tile, head }: DenseCore) => ({
  row0: tile?.row0 ?? 0,
  rows: tile?.rows ?? 0,
  column0: tile?.column0 ?? 0,
  columns: tile?.columns ?? 0,
  rowBlock: tile?.rowBlock ?? 0,
  columnBlock: tile?.columnBlock ?? 0,
  unit0: head?.unit0 ?? 0,
  units: head?.units ?? 0,
});

/** Partial-sum packets of a sample that a head gets from other cores. */
function partialPackets({ plan, tiles }: ConfigurationContext, core: DenseCore): number {
  const { head, layer } = core;
  if (head === undefined) return 0;
  const end = head.unit0 + head.units;
  const sums = (tiles.layers[layer] as LayerTiles).cores.reduce((total, index) => {
    const { tile } = tiles.cores[index] as DenseCore;
    const counts =
      index !== core.index && tile && tile.row0 >= head.unit0 && tile.row0 + tile.rows <= end;
    return counts ? total + tile.rows : total;
  }, 0);
  return sums * packetsInSum(plan);
}

const packetsInSum = (plan: NetworkPlan): number => 2 ** keyFields(plan).wordBits;

function expectationsOf(context: ConfigurationContext, core: DenseCore) {
  const { plan, tiles } = context;
  const { layer, tile, head } = core;
  const packets = (values: number): number => Math.ceil(values / 2 ** keyFields(plan).pairBits);
  const rowBlocksAbove = tiles.layers[layer + 1]?.rowBlocks ?? 0;
  return {
    activationsExpected: tile && layer > 0 ? packets(tile.columns) : 0,
    deltasExpected: tile && !head ? packets(tile.rows) : 0,
    partialsExpected: partialPackets(context, core),
    backsExpected: head ? head.units * rowBlocksAbove * packetsInSum(plan) : 0,
  };
}

function fractionsOf(plan: NetworkPlan, { layer }: DenseCore) {
  const { fractions } = plan.layers[layer] as LayerPlan;
  const above = plan.layers[layer + 1]?.fractions;
  return {
    inputFraction: fractions.input,
    weightFraction: fractions.weight,
    zFraction: fractions.z,
    activationFraction: fractions.activation,
    deltaFraction: fractions.delta,
    errorFraction: fractions.error,
    backFraction: above ? above.weight + above.delta : 0,
    targetFraction: plan.targetFraction,
  };
}

function slotFields(slots: readonly [SlotAddresses, SlotAddresses]) {
  const both = (field: keyof SlotAddresses) => [slots[0][field], slots[1][field]];
  return {
    inputsAddress: both('inputsAddress'),
    inputsRowBytes: both('inputsRowBytes'),
    targetsAddress: both('targetsAddress'),
    targetsRowBytes: both('targetsRowBytes'),
    outputsAddress: both('outputsAddress'),
    outputsRowBytes: both('outputsRowBytes'),
  };
}
