/** How long a chip takes to answer. */
import { type MachineController, ScpTimeoutError, type Target, version } from '@spin-tools/scp';

/** Milliseconds; undefined where no answer came. */
export type RoundTrip = number | undefined;

/** Asks a chip for its version; a lost request or answer is not made up for. Throws ScpError when it refuses. */
export async function roundTrip(
  { scp }: Pick<MachineController, 'scp'>,
  to: Target,
  timeoutMs: number,
): Promise<RoundTrip> {
  const start = performance.now();
  try {
    await scp.send(to, { ...version(), repeatable: false }, { tries: 1, timeoutMs });
    return performance.now() - start;
  } catch (error) {
    if (error instanceof ScpTimeoutError) return undefined;
    throw error;
  }
}

/** What many round trips come to; times are null where nothing was answered. */
export function describeRoundTrips(trips: readonly RoundTrip[]) {
  const times = trips.filter((trip) => trip !== undefined).sort((a, b) => a - b);
  return {
    sent: trips.length,
    answered: times.length,
    leastMs: times[0] ?? null,
    medianMs: times[Math.floor(times.length / 2)] ?? null,
    mostMs: times.at(-1) ?? null,
  };
}
