/** States of cores: asking for them, counting, waiting. */
import type { ChipAddress } from '../addresses.js';
import { countCores, countCoresBySignal, information } from '../commands/information.js';
import type { Clock } from '../connection/clock.js';
import type { Scp } from '../connection/scp.js';
import { ScpError } from '../errors.js';
import { CoreState } from '../memory/vcpu.js';
import { ReturnCode } from '../messages/return-codes.js';
import { CoreStateError, type Laggard } from './errors.js';
import type { CheckedCores } from './targets.js';

/** How long to wait for cores. */
export interface WaitOptions {
  /** Give up after this, ms. Default 10,000. */
  readonly timeoutMs?: number;
  /** States in which a core will never come to the wanted one. Default: run-time error, watchdog, dead. */
  readonly failStates?: readonly CoreState[];
}

const DEFAULT_TIMEOUT_MS = 10_000;
const DEFAULT_FAIL_STATES = [CoreState.RunTimeError, CoreState.Watchdog, CoreState.Dead];
/** Pauses between two looks, ms: short at first, since programs start within milliseconds. */
const FIRST_PAUSE_MS = 2;
const LONGEST_PAUSE_MS = 100;

/**
 * Counts the cores of an application that are in a state, over the boards of a machine. Monitors up to version
 * 3 do not know CMD_COUNT, but count on all boards at once.
 */
export async function countInState(
  scp: Scp,
  ethernetChips: readonly ChipAddress[],
  appId: number,
  state: CoreState,
): Promise<number> {
  try {
    return await countOnBoards(scp, ethernetChips, appId, state);
  } catch (error) {
    const isUnknown = error instanceof ScpError && error.code === ReturnCode.Command;
    const root = ethernetChips[0];
    if (!isUnknown || root === undefined) throw error;
    return scp.send(root, countCoresBySignal(appId, state));
  }
}

async function countOnBoards(
  scp: Scp,
  ethernetChips: readonly ChipAddress[],
  appId: number,
  state: CoreState,
): Promise<number> {
  let total = 0;
  await scp.all(
    ethernetChips.map((to) => ({
      to,
      command: countCores(appId, state),
      done: (count: number) => {
        total += count;
      },
    })),
  );
  return total;
}

/** Waits until all cores named are in a wanted state; see `MachineController.waitForState`. */
export async function waitForCores(
  scp: Scp,
  clock: Clock,
  targets: readonly CheckedCores[],
  wanted: readonly CoreState[],
  options: WaitOptions = {},
): Promise<void> {
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const hopeless = new Set(options.failStates ?? DEFAULT_FAIL_STATES);
  const startedAt = clock.now();
  let left = targets;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2)) {
    const laggards = await findLaggards(scp, left, new Set(wanted));
    if (laggards.length === 0) return;
    const waitedMs = clock.now() - startedAt;
    const failed = laggards.filter(({ state }) => hopeless.has(state) && !wanted.includes(state));
    if (failed.length > 0) throw new CoreStateError(wanted, failed, waitedMs);
    if (waitedMs >= timeoutMs) throw new CoreStateError(wanted, laggards, waitedMs);
    left = groupByChip(laggards);
    await new Promise<void>((resolve) => clock.after(pauseMs, resolve));
  }
}

/** Gathers cores by chip. */
function groupByChip(cores: Iterable<ChipAddress & { readonly core: number }>): CheckedCores[] {
  const chips = new Map<number, { chip: ChipAddress; cores: number[] }>();
  for (const { x, y, core } of cores) {
    const key = (x << 8) | y;
    const known = chips.get(key);
    if (known) known.cores.push(core);
    else chips.set(key, { chip: { x, y }, cores: [core] });
  }
  return [...chips.values()];
}

async function findLaggards(
  scp: Scp,
  targets: readonly CheckedCores[],
  wanted: ReadonlySet<CoreState>,
): Promise<Laggard[]> {
  const laggards: Laggard[] = [];
  await scp.all(
    targets.map(({ chip, cores }) => ({
      to: chip,
      command: information(),
      done: ({ coreStates }: { readonly coreStates: readonly CoreState[] }) => {
        for (const core of cores) {
          const state = coreStates[core] ?? CoreState.Dead;
          if (!wanted.has(state)) laggards.push({ ...chip, core, state });
        }
      },
    })),
  );
  return laggards;
}
