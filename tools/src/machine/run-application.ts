/** Runs a program on cores from its start to its end. */
import { setTimeout } from 'node:timers/promises';
import { CoreState, type MachineController, Signal, vcpuField } from '@spin-tools/scp';
import type { CorePlace } from './core-entries.js';
import type { ChipCores } from './core-selection.js';
import { onEach } from './on-chips.js';

/** What to run, and where. */
export interface ApplicationRun {
  readonly image: Uint8Array;
  readonly targets: readonly ChipCores[];
  readonly appId: number;
  /** Words that cores find in their blocks, user0 and up; at most four. */
  readonly user: readonly number[];
  /** Aborts when cores are to be waited for no longer. */
  readonly signal: AbortSignal;
  /** Called again and again while cores run. */
  readonly onLook: () => Promise<void>;
}

/** Cores of the application run already, and would be stopped with those that are to run. */
export class ApplicationInUseError extends Error {
  override readonly name = 'ApplicationInUseError';

  constructor(
    readonly appId: number,
    readonly cores: number,
  ) {
    super(
      `application ${appId} has ${cores} cores that run already: give another --app-id, ` +
        `or stop it with "spin-tools signal stop --app-id ${appId}"`,
    );
  }
}

/** States that cores leave by themselves, or when they are told to. */
const LIVE: readonly CoreState[] = [
  CoreState.Initialising,
  CoreState.Wait,
  CoreState.Sark,
  CoreState.Run,
  CoreState.Sync0,
  CoreState.Sync1,
  CoreState.Pause,
];
/** Pauses between two looks, ms: short at first, for programs that end at once. */
const FIRST_PAUSE_MS = 5;
const LONGEST_PAUSE_MS = 200;

/**
 * Loads a program, starts it on all cores at the same time, lets cores go on that have come to a
 * synchronisation together, and waits until all have ended or the signal aborts.
 */
export async function runApplication(
  controller: MachineController,
  { image, targets, appId, user, signal, onLook }: ApplicationRun,
): Promise<void> {
  await controller.loadApplication(image, targets, appId, { wait: true });
  await writeUserWords(controller, placesOf(targets), user);
  await controller.signal(Signal.Start, appId);
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(LONGEST_PAUSE_MS, 2 * pauseMs)) {
    const live = (await statesOf(controller, targets)).filter((state) => LIVE.includes(state));
    await onLook();
    if (live.length === 0 || signal.aborted) return;
    for (const [state, sync] of [
      [CoreState.Sync0, Signal.Sync0],
      [CoreState.Sync1, Signal.Sync1],
    ] as const) {
      if (live.every((each) => each === state)) await controller.signal(sync, appId);
    }
    await setTimeout(pauseMs, undefined, { signal }).catch(() => undefined);
  }
}

/** Throws ApplicationInUseError when cores of an application run already. */
export async function refuseIfInUse(controller: MachineController, appId: number): Promise<void> {
  const counts = await Promise.all(LIVE.map((state) => controller.countCores(appId, state)));
  const cores = counts.reduce((sum, count) => sum + count, 0);
  if (cores > 0) throw new ApplicationInUseError(appId, cores);
}

async function writeUserWords(
  controller: MachineController,
  places: readonly CorePlace[],
  words: readonly number[],
): Promise<void> {
  if (words.length === 0) return;
  const bytes = new Uint8Array(Uint32Array.from(words).buffer);
  await onEach(places, ({ x, y, core }) =>
    controller.write({ x, y }, vcpuField(core, 'user0').address, bytes),
  );
}

async function statesOf(
  controller: MachineController,
  targets: readonly ChipCores[],
): Promise<CoreState[]> {
  const states = await onEach(targets, async ({ chip, cores }) => {
    const { coreStates } = await controller.chipInformation(chip);
    return cores.map((core) => coreStates[core] ?? CoreState.Dead);
  });
  return states.flat();
}

/** Cores one by one. */
export function placesOf(targets: readonly ChipCores[]): CorePlace[] {
  return targets.flatMap(({ chip, cores }) => cores.map((core) => ({ ...chip, core })));
}
