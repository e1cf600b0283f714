/** What the cores of a machine run. */
import { discoverMachine } from '@spin-tools/machine-model';
import {
  type ChipAddress,
  CoreState,
  describeCoreState,
  describeRunTimeError,
  type MachineController,
} from '@spin-tools/scp';
import { onEach } from './on-chips.js';

/** A core by its chip and virtual number. */
export interface CorePlace extends ChipAddress {
  readonly core: number;
}

/** A core and what it runs. */
export interface CoreEntry extends CorePlace {
  readonly appId: number;
  readonly name: string;
  readonly state: string;
  /** What went wrong; absent where nothing did. */
  readonly error?: string;
}

/** Cores that do not idle; with `all` every core, the monitors too. */
export async function coreEntries(
  controller: MachineController,
  all = false,
): Promise<CoreEntry[]> {
  const { chips } = await discoverMachine(controller);
  const busy = await onEach(chips, (chip) => busyCores(controller, chip, all));
  return onEach(busy.flat(), (at) => coreEntry(controller, at));
}

async function busyCores(
  controller: MachineController,
  { x, y }: ChipAddress,
  all: boolean,
): Promise<CorePlace[]> {
  const { coreStates, coreCount } = await controller.chipInformation({ x, y });
  return coreStates
    .slice(0, coreCount)
    .flatMap((state, core) =>
      all || (core > 0 && state !== CoreState.Idle) ? [{ x, y, core }] : [],
    );
}

/** What one core runs. */
export async function coreEntry(controller: MachineController, at: CorePlace): Promise<CoreEntry> {
  const { appId, appName, state, runTimeError, linkRegister } = await controller.vcpu(at);
  const cause = describeRunTimeError(runTimeError);
  const where = `near 0x${linkRegister.toString(16).padStart(8, '0')}`;
  return {
    ...at,
    appId,
    name: appName,
    state: describeCoreState(state),
    ...(state === CoreState.RunTimeError && { error: cause }),
    ...(state === CoreState.Watchdog && { error: `does not answer its monitor, ${where}` }),
  };
}

/** The state of a core with what went wrong, if anything did. */
export function describeCore({ state, error }: CoreEntry): string {
  return error === undefined ? state : `${state}: ${error}`;
}
