/** CMD_SIG: signals to applications and, in SC&MP 3, counts of their cores. Source: `scamp-cmd.c`. */
import { Count, ReturnCode, type ScpRequest, SendSignal, SignalRoute } from '@spin-tools/scp';
import { Refusal } from '../refusal.js';
import { regionOf } from '../regions.js';
import { signal, signalAll } from '../signals.js';
import type { ChipMonitor } from '../world.js';
import type { CommandEntry, Place } from './command.js';
import { countOnChip } from './information.js';

/** What chips are to do by a signal from chip to chip: bits 23:22 of the second argument. */
const Request = { Count: 1, Signal: 2 } as const;
/** How their answers become one: bits 21:20. */
const Mode = { Any: 0, All: 1 } as const;
/** Bit of the result of {@link Mode.Any} and {@link Mode.All}; those below count the chips. */
const VERDICT = 1 << 16;
const NOTHING = new Uint8Array(0);
/** A nearest-neighbour packet that carries a signal: operation 0, passed on over all links. */
const SIGNAL_PACKET = { key: 0x003f0000, operation: 0x50000000, forward: 0x3f };

export const signalCommands: readonly CommandEntry[] = [[SendSignal.code, send]];

function send({ monitor }: Place, request: ScpRequest): Uint8Array {
  const [route, word] = request.arguments;
  switch (route) {
    case SignalRoute.Multicast:
      if (monitor.world.root !== monitor) throw new Refusal(ReturnCode.Argument);
      signalAll(monitor, word);
      return NOTHING;
    case SignalRoute.NearestNeighbour: {
      const { key, operation, forward } = SIGNAL_PACKET;
      const payload = (operation + word) >>> 0;
      monitor.floodFill.send(monitor, { key, payload, assignId: true, forward, retry: 0 });
      return NOTHING;
    }
    case SignalRoute.PointToPoint:
      if (monitor.release.countsBySignal) return ask(monitor, request);
      throw new Refusal(ReturnCode.Argument);
    default:
      throw new Refusal(ReturnCode.Argument);
  }
}

/** Asks the chips in the blocks of the third argument of this chip's region of a level. */
function ask(monitor: ChipMonitor, { arguments: [, word, blocks] }: ScpRequest): Uint8Array {
  if (blocks === 0) throw new Refusal(ReturnCode.Argument);
  const level = (word >>> 26) & 3;
  const region = regionOf(level, monitor.address);
  const asked = monitor.world.monitors.filter(({ address }) => {
    const own = regionOf(level, address);
    return own >>> 16 === region >>> 16 && (own & blocks & 0xffff) !== 0;
  });
  if (asked.length === 0 && monitor.release.refusesUnheardCounts) {
    throw new Refusal(ReturnCode.Route);
  }
  return Count.encodeReply([gather(asked, word)]);
}

function gather(chips: readonly ChipMonitor[], word: number): number {
  const request = (word >>> 22) & 3;
  const mode = (word >>> 20) & 3;
  if (request === Request.Signal) for (const chip of chips) signal(chip, word);
  if (request !== Request.Count) return chips.length;
  const wanted = { appId: word & 0xff, appMask: (word >>> 8) & 0xff, state: (word >>> 16) & 0xf };
  if (mode === Mode.Any) {
    const isAny = chips.some((chip) => countOnChip(chip, wanted) > 0);
    return (isAny ? VERDICT : 0) + chips.length;
  }
  if (mode === Mode.All) {
    const areAll = chips.every(
      (chip) =>
        countOnChip(chip, wanted) ===
        chip.programs.ofApplication(wanted.appId, wanted.appMask).length,
    );
    return (areAll ? VERDICT : 0) + chips.length;
  }
  return chips.reduce((sum, chip) => sum + countOnChip(chip, wanted), 0);
}
