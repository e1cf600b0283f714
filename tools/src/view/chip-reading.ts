/** Looks at chips: their cores, routers, tables and programs. */
import type { Machine } from '@spin-tools/machine-model';
import {
  CoreState,
  describeRunTimeError,
  type MachineController,
  type RouterDiagnostics,
} from '@spin-tools/scp';
import { CORES_OF_CHIP, type CoreProgramEntry, type Message } from './messages.js';
import { isNoAnswer } from './patience.js';

/** What a look at a chip found; nothing but the index where it did not answer. */
export interface ChipReading {
  readonly index: number;
  readonly states?: readonly number[];
  readonly freeRoutingEntries?: number;
  readonly router?: RouterDiagnostics;
}

/** Looks at some chips, all at once. */
export function readChips(
  controller: MachineController,
  { chips }: Machine,
  first: number,
  count: number,
): Promise<ChipReading[]> {
  return Promise.all(
    chips.slice(first, first + count).map(async (chip, offset) => {
      const index = first + offset;
      try {
        const [{ coreStates, freeRoutingEntries }, router] = await Promise.all([
          controller.chipInformation(chip),
          controller.routerDiagnostics(chip),
        ]);
        return { index, states: coreStates, freeRoutingEntries, router };
      } catch (error) {
        if (!isNoAnswer(error)) throw error;
        return { index };
      }
    }),
  );
}

/** A machine that is watched, and who is told. */
export interface Following {
  readonly controller: MachineController;
  readonly machine: Machine;
  tell(message: Message): void;
}

/** What to find out of a chip beyond a look. */
export interface ChipQuestion {
  /** Cores whose programs are to be named. */
  readonly programs: readonly number[] | 'all';
  readonly table: boolean;
}

/** Requests that reading a table takes: 1024 entries of 16 bytes, 256 bytes at a time. */
const TABLE_REQUESTS = 64;

/** Tells programs and table of a chip, if it answers; gives the number of requests that it took. */
export async function tellChip(
  { controller, machine, tell }: Following,
  index: number,
  { programs, table }: ChipQuestion,
): Promise<number> {
  const chip = machine.chips[index];
  if (chip === undefined) return 0;
  const all = Array.from(
    { length: Math.min(chip.cores, CORES_OF_CHIP) - 1 },
    (_, core) => core + 1,
  );
  const cores = programs === 'all' ? all : programs;
  try {
    const entries = await Promise.all(
      cores.map((core) => programOf(controller, index, { ...chip, core })),
    );
    if (entries.length > 0) tell({ type: 'programs', cores: entries });
    if (table) {
      const rows = await controller.readRoutingTable(chip);
      const columns = rows.flatMap(({ key, mask, route }) => [key, mask, route]);
      tell({ type: 'table', chip: index, entries: Uint32Array.from(columns) });
    }
  } catch (error) {
    if (!isNoAnswer(error)) throw error;
  }
  return cores.length + (table ? TABLE_REQUESTS : 0);
}

async function programOf(
  controller: MachineController,
  chip: number,
  at: { readonly x: number; readonly y: number; readonly core: number },
): Promise<CoreProgramEntry> {
  const { appId, appName, state, runTimeError } = await controller.vcpu(at);
  return {
    ...{ chip, core: at.core, appId, name: appName },
    ...(state === CoreState.RunTimeError && { error: describeRunTimeError(runTimeError) }),
  };
}
