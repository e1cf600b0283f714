/** Commands on a chip's surroundings: LEDs, serial ROM, core map, clock beacons. */
import { MalformedMessageError } from '../errors.js';
import {
  body,
  type Command,
  type CommandKind,
  commandOf,
  emptyReply,
  NO_BYTES,
} from './command.js';

/** What to do with an LED. */
export const LedAction = { Keep: 0, Invert: 1, Off: 2, On: 3 } as const;

/** A {@link LedAction}. */
export type LedAction = (typeof LedAction)[keyof typeof LedAction];

/** CMD_LED: an action for each of up to 16 LEDs. */
export const Led: CommandKind<{ actions: readonly LedAction[] }, void> = {
  name: 'CMD_LED',
  code: 25,
  repeatable: ({ actions }) => !actions.includes(LedAction.Invert),
  encodeRequest: ({ actions }) =>
    body(actions.reduce((word: number, action, led) => word | (action << (2 * led)), 0)),
  decodeRequest: ({ arguments: [word] }) => ({
    actions: Array.from({ length: 16 }, (_, led) => ((word >>> (2 * led)) & 3) as LedAction),
  }),
  ...emptyReply,
};

/** An access to the serial ROM. */
export interface SerialRomRequest {
  readonly write: boolean;
  /** Sends the write-enable command first. */
  readonly writeEnable: boolean;
  /** Waits until the ROM is ready afterwards. */
  readonly waitReady: boolean;
  /** Bits of `command` to be sent, from the top. */
  readonly commandBits: number;
  /** Command byte in 31:24, then address bits. */
  readonly command: number;
  /** Bytes to be read or written, at most 256. */
  readonly length: number;
  /** Bytes to be written. */
  readonly data: Uint8Array;
}

/** CMD_SROM: the serial ROM that holds the board's network settings. */
export const SerialRom: CommandKind<SerialRomRequest, Uint8Array> = {
  name: 'CMD_SROM',
  code: 27,
  repeatable: ({ write }) => !write,
  encodeRequest: (request) =>
    body(
      (request.length << 16) |
        (Number(request.write) << 8) |
        (Number(request.writeEnable) << 7) |
        (Number(request.waitReady) << 6) |
        request.commandBits,
      request.command,
      0,
      request.data,
    ),
  decodeRequest: ({ arguments: [first, command], data }) => {
    const write = ((first >>> 8) & 1) === 1;
    const length = first >>> 16;
    if (length > 256 || (write && length > data.length)) {
      throw new MalformedMessageError('CMD_SROM', `${length} bytes do not fit`);
    }
    return {
      write,
      writeEnable: ((first >>> 7) & 1) === 1,
      waitReady: ((first >>> 6) & 1) === 1,
      commandBits: first & 0x3f,
      command,
      length,
      data: data.subarray(0, write ? length : 0),
    };
  },
  encodeReply: (bytes) => bytes,
  decodeReply: (payload) => payload,
};

/** CMD_REMAP: take a core out of use. Restarts all application cores of the chip. */
export const Remap: CommandKind<{ core: number; physical: boolean }, void> = {
  name: 'CMD_REMAP',
  code: 16,
  repeatable: () => false,
  encodeRequest: ({ core, physical }) => body(core, Number(physical)),
  decodeRequest: ({ arguments: [core, flags] }) => ({ core, physical: (flags & 1) === 1 }),
  ...emptyReply,
};

/** CMD_SYNC: clock-synchronisation beacons of the root chip on or off. */
export const ClockSync: CommandKind<{ enabled: boolean }, void> = {
  name: 'CMD_SYNC',
  code: 32,
  repeatable: () => true,
  encodeRequest: ({ enabled }) => body(Number(enabled)),
  decodeRequest: ({ arguments: [enabled] }) => ({ enabled: enabled !== 0 }),
  ...emptyReply,
};

/** Acts on LEDs; `actions[n]` is for LED n. */
export const led = (actions: readonly LedAction[]): Command<void> => commandOf(Led, { actions });

const ROM_READ = 0x03000000;
/** An 8-bit command and a 24-bit address, as the 25AA1024 of SpiNN-5 boards takes them. */
const ROM_COMMAND_BITS = 32;

/**
 * Reads a board's serial ROM, by its ethernet chip.
 *
 * @param address in the ROM, of 24 bits; network settings begin at 8, the blacklist at 0x100
 * @param length bytes, at most 256
 */
export const readSerialRom = (address: number, length: number): Command<Uint8Array> =>
  commandOf(SerialRom, {
    write: false,
    writeEnable: false,
    waitReady: false,
    commandBits: ROM_COMMAND_BITS,
    command: ROM_READ | address,
    length,
    data: NO_BYTES,
  });

/** Takes a core out of use. Restarts all application cores of the chip. */
export const remap = (core: number, physical = false): Command<void> =>
  commandOf(Remap, { core, physical });

/** Turns clock-synchronisation beacons on or off; only the root chip has them. */
export const clockSync = (enabled: boolean): Command<void> => commandOf(ClockSync, { enabled });
