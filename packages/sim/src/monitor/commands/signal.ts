/** CMD_SIG: signals to applications and, as in SC&MP 3, the count of their cores. */
import {
  Count,
  encodeSignal,
  ReturnCode,
  type ScpRequest,
  SendSignal,
  SignalRoute,
} from '@spin-tools/scp';
import { Refusal } from '../refusal.js';
import { signalAll } from '../signals.js';
import type { ChipMonitor } from '../world.js';
import { type CommandEntry, command } from './command.js';
import { countOnChip } from './information.js';

/** First argument of a request that asks all chips for something. Source: SC&MP 3.1, rig. */
const POINT_TO_POINT = 1;
/** Version up to which monitors count so; later ones have CMD_COUNT. */
const LAST_COUNTING_VERSION = 3;
/** Bits 25:20 of the second argument: operation 1, mode 2, which counts. */
const COUNTING = (1 << 2) | 2;

const [code, send] = command(SendSignal, (monitor, request) => {
  const isRoot = monitor.world.root === monitor;
  const isMulticast = request.route === SignalRoute.Multicast;
  if (isMulticast ? !isRoot : request.route !== SignalRoute.NearestNeighbour) {
    throw new Refusal(ReturnCode.Argument);
  }
  signalAll(monitor, encodeSignal(request));
});

const signal: CommandEntry = [
  code,
  (monitor, request, message) =>
    request.arguments[0] === POINT_TO_POINT
      ? countOnMachine(monitor, request)
      : send(monitor, request, message),
];

export const signalCommands = [signal];

/** Cores in the state of bits 19:16 whose app id is that of bits 7:0 under the mask of bits 15:8. */
function countOnMachine(monitor: ChipMonitor, { arguments: [, word] }: ScpRequest): Uint8Array {
  const version = monitor.memory.variable('softwareVersion') >>> 16;
  const isCount = ((word >>> 20) & 0x3f) === COUNTING;
  if (version > LAST_COUNTING_VERSION || !isCount) throw new Refusal(ReturnCode.Argument);
  const wanted = {
    appId: word & 0xff,
    appMask: (word >>> 8) & 0xff,
    state: (word >>> 16) & 0xf,
  };
  const counts = monitor.world.monitors.map((each) => countOnChip(each, wanted));
  return Count.encodeReply([counts.reduce((sum, count) => sum + count, 0)]);
}
