/** Data sets in the SDRAM of the machine. */
import { AllocationError } from '@spin-tools/scp';
import type { DataSet, DataSlot, LayerPlan, Operands } from '../engine.js';
import type { DenseCore } from '../tiles/index.js';
import { EMPTY_SLOT, type SlotAddresses } from './configuration.js';
import { type ChipData, decodeArea, encodeArea, layOutData } from './data-layout.js';
import { type Deployment, placeOf } from './deployment.js';
import { DataSetTooLargeError } from './errors.js';
import type { ApplicationIds, Host } from './host.js';

/** Tag of the block of slot 0; slot 1 has the next. */
const FIRST_DATA_TAG = 2;

/** A data set that lies on the machine. */
export interface LoadedData {
  readonly samples: number;
  readonly targets: Operands | undefined;
  readonly chips: readonly (ChipData & { readonly address: number })[];
}

/**
 * Allocates the blocks of a data set and writes it.
 * @throws DataSetTooLargeError when a chip has no room for it
 */
export async function loadData(
  host: Host,
  deployment: Deployment,
  ids: Pick<ApplicationIds, 'dense'>,
  slot: DataSlot,
  data: DataSet,
): Promise<LoadedData> {
  const { plan, tiles } = deployment;
  const { samples, inputs, targets } = data;
  const layout = layOutData(plan, tiles, (core) => placeOf(deployment, core), {
    samples,
    targets: targets !== undefined,
  });
  const owner = { appId: ids.dense, tag: FIRST_DATA_TAG + slot };
  const images = new Map<string, Uint8Array>();
  const write = async (chip: ChipData, address: number): Promise<void> => {
    const { x, y } = chip;
    if (chip.inputs) {
      const { column0, columns, offset } = chip.inputs;
      const image = images.get(`${column0}+${columns}`) ?? encodeArea(chip.inputs, inputs, samples);
      images.set(`${column0}+${columns}`, image);
      await host.controller.write({ x, y }, address + offset, image);
    }
    if (targets === undefined) return;
    for (const area of chip.targets.values()) {
      const image = encodeArea(area, targets, samples);
      await host.controller.write({ x, y }, address + area.offset, image);
    }
  };
  const chips = await Promise.all(
    layout.map(async (chip) => {
      const address = await allocate(host, chip, samples, owner);
      await write(chip, address);
      return { ...chip, address };
    }),
  );
  return { samples, targets, chips };
}

async function allocate(
  { controller }: Host,
  { x, y, size }: ChipData,
  samples: number,
  owner: { readonly appId: number; readonly tag: number },
): Promise<number> {
  try {
    return await controller.allocateSdram({ x, y }, size, owner);
  } catch (error) {
    if (!(error instanceof AllocationError)) throw error;
    const { largest } = await controller.sdramSpace({ x, y });
    throw new DataSetTooLargeError(samples, size, largest, { x, y });
  }
}

/** Frees the blocks of a data set. */
export async function freeData({ controller }: Host, { chips }: LoadedData): Promise<void> {
  await Promise.all(chips.map(({ x, y, address }) => controller.freeSdram({ x, y }, address)));
}

/** Where one core finds its part of a data set. */
export function slotOf(
  deployment: Deployment,
  data: LoadedData | undefined,
  core: DenseCore,
): SlotAddresses {
  const { x, y } = placeOf(deployment, core);
  const chip = data?.chips.find((candidate) => candidate.x === x && candidate.y === y);
  if (chip === undefined) return EMPTY_SLOT;
  const operand = deployment.plan.mode === 'fast' ? 2 : 4;
  const inputs = core.layer === 0 && core.tile ? chip.inputs : undefined;
  const column = (core.tile?.column0 ?? 0) - (inputs?.column0 ?? 0);
  const targets = chip.targets.get(core.index);
  const outputs = chip.outputs.get(core.index);
  return {
    inputsAddress: inputs ? chip.address + inputs.offset + column * operand : 0,
    inputsRowBytes: inputs?.rowBytes ?? 0,
    targetsAddress: targets ? chip.address + targets.offset : 0,
    targetsRowBytes: targets?.rowBytes ?? 0,
    outputsAddress: outputs ? chip.address + outputs.offset : 0,
    outputsRowBytes: outputs?.rowBytes ?? 0,
  };
}

/** Reads the outputs that a run left for a data set, `[samples][units]`. */
export async function readOutputs(
  { controller }: Host,
  { plan }: Deployment,
  { samples, chips }: LoadedData,
): Promise<Operands> {
  const { units } = plan.layers.at(-1) as LayerPlan;
  const length = samples * units;
  const values = plan.mode === 'fast' ? new Int16Array(length) : new Int32Array(length);
  await Promise.all(
    chips.flatMap(({ x, y, address, outputs }) =>
      [...outputs.values()].map(async (area) => {
        const size = samples * area.rowBytes;
        const bytes = await controller.read({ x, y }, address + area.offset, size);
        decodeArea(area, bytes, values, samples);
      }),
    ),
  );
  return values;
}
