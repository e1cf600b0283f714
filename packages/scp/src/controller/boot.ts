/** Bringing a machine up. */
import { CONNECTED_CHIP } from '../addresses.js';
import { bootFrames, encodeBootFrame } from '../boot/frames.js';
import { builtInBootImage, describeBootImage, withVariables } from '../boot/image.js';
import { type VersionInformation, version } from '../commands/information.js';
import type { Clock } from '../connection/clock.js';
import type { Scp } from '../connection/scp.js';
import { ScpError, ScpTimeoutError } from '../errors.js';
import type { SystemVariables } from '../memory/system-variables.js';
import type { Transport } from '../transport/transport.js';
import { BootError } from './errors.js';

/** How a machine is booted. */
export interface BootOptions {
  /** The monitor's image, a `scamp.boot`. Default: what starts the monitor built into virtual machines. */
  readonly image?: Uint8Array;
  /** Board type, 1 to 5. Default 5. */
  readonly hardwareVersion?: number;
  /** LED map of the board, see `systemVariables.led0`. Default 1. */
  readonly led0?: number;
  /** Seconds since 1970 that the machine's clock starts at. Default: now; 0 with the built-in image. */
  readonly unixTime?: number;
  /** Further system variables, from the first 128 bytes. */
  readonly variables?: Partial<SystemVariables>;
  /** Pause between boot frames, which boot ROMs need, ms. Default 10. */
  readonly pauseMs?: number;
  /**
   * How long to wait for the monitor before the image is sent again, ms. Default 8,000. One that answers, and
   * says that its network is not ready, is waited for up to three minutes, which large machines need.
   */
  readonly timeoutMs?: number;
  /** How often the image is sent. Default 3. */
  readonly attempts?: number;
  /** Sends the image even if a monitor already answers. Default false. */
  readonly force?: boolean;
}

/** Longest wait for a monitor whose network is not ready, ms: machines of 240 x 240 chips take 100 s. */
const NETWORK_MS = 180_000;
/** Pause between two looks for the monitor, ms. */
const POLL_MS = 20;
/** Wait for one answer of a machine that may not be booted, ms. */
const PROBE_MS = 250;

/** Boots a machine unless it is up already, see `MachineController.boot`. */
export async function bootMachine(
  scp: Scp,
  wire: Transport,
  clock: Clock,
  options: BootOptions = {},
): Promise<VersionInformation> {
  const { attempts = 3, timeoutMs = 8000, pauseMs = 10 } = options;
  const frames = bootFrames(preparedImage(options)).map(encodeBootFrame);
  const first = options.force ? undefined : await probe(scp);
  if (first && isUp(first)) return first;
  for (let attempt = 0; attempt < attempts; attempt++) {
    for (const frame of frames) {
      wire.send(frame);
      await pause(clock, pauseMs);
    }
    const found = await waitUntilUp(scp, clock, timeoutMs);
    if (found) return found;
  }
  throw new BootError(attempts, timeoutMs);
}

function preparedImage(options: BootOptions): Uint8Array {
  const image = options.image ?? builtInBootImage();
  const { builtIn } = describeBootImage(image);
  const unixTime = options.unixTime ?? (builtIn ? 0 : Math.floor(Date.now() / 1000));
  return withVariables(image, {
    rootChip: 1,
    hardwareVersion: options.hardwareVersion ?? 5,
    led0: options.led0 ?? 1,
    unixTime,
    bootSignature: unixTime,
    ...options.variables,
  });
}

async function waitUntilUp(
  scp: Scp,
  clock: Clock,
  timeoutMs: number,
): Promise<VersionInformation | undefined> {
  const start = clock.now();
  let giveUpAt = start + timeoutMs;
  while (clock.now() < giveUpAt) {
    const found = await probe(scp);
    if (found && isUp(found)) return found;
    if (found) giveUpAt = Math.min(clock.now() + timeoutMs, start + NETWORK_MS);
    await pause(clock, POLL_MS);
  }
  return undefined;
}

/** A machine in its boot ROM is silent and one that comes up may be busy, which is no error here. */
async function probe(scp: Scp): Promise<VersionInformation | undefined> {
  try {
    return await scp.send(CONNECTED_CHIP, version(), { tries: 1, timeoutMs: PROBE_MS });
  } catch (error) {
    if (error instanceof ScpTimeoutError || error instanceof ScpError) return undefined;
    throw error;
  }
}

/** Monitors say (255, 255) until network and ethernet are ready. */
function isUp({ chip }: VersionInformation): boolean {
  return chip.x !== 255 || chip.y !== 255;
}

function pause(clock: Clock, ms: number): Promise<void> {
  return ms > 0 ? new Promise((resolve) => clock.after(ms, resolve)) : Promise.resolve();
}
