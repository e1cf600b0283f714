/**
 * Commands on the memories of a board: the processor's own flash, the serial flash with the bit files of
 * the FPGAs, the backplane's EEPROM. Source: BMP firmware 2.1.2, `cmd_flash_erase`, `cmd_flash_write`,
 * `flash_copy`, `cmd_sf`, `cmd_ee`.
 */
import { body, type CommandKind, emptyReply, replyWord, wordsReply } from '../commands/command.js';
import { MalformedMessageError } from '../errors.js';
import { SCP_MOST_DATA_BYTES } from '../messages/scp.js';
import { inRange } from './boards.js';

/** Bytes of the buffer that CMD_FLASH_WRITE writes from; hosts fill it by CMD_WRITE. */
export const FLASH_BUFFER_BYTES = 4096;

/** CMD_FLASH_ERASE: all sectors that hold some of `start` to `end` - 1. Gives the address of the buffer. */
export const FlashErase: CommandKind<{ readonly start: number; readonly end: number }, number> = {
  name: 'CMD_FLASH_ERASE',
  code: 50,
  repeatable: () => true,
  encodeRequest: ({ start, end }) => body(start, end),
  decodeRequest: ({ arguments: [start, end] }) => ({ start, end }),
  encodeReply: (buffer) => wordsReply.encodeReply([buffer]),
  decodeReply: (payload) => replyWord(wordsReply.decodeReply(payload), 0, 'CMD_FLASH_ERASE'),
};

/** What CMD_FLASH_WRITE writes. */
export interface FlashWriteRequest {
  /** In flash, a multiple of 256. */
  readonly address: number;
  /** Bytes of the buffer: 256, 512, 1024 or 4096. */
  readonly length: number;
  /** Erases the sectors first. */
  readonly erase: boolean;
}

/** CMD_FLASH_WRITE: the buffer into flash. The buffer is all ones afterwards. */
export const FlashWrite: CommandKind<FlashWriteRequest, void> = {
  name: 'CMD_FLASH_WRITE',
  code: 51,
  repeatable: () => false,
  encodeRequest: ({ address, length, erase }) => body(address, length, Number(erase)),
  decodeRequest: ({ arguments: [address, length, erase] }) => ({
    address,
    length,
    erase: erase !== 0,
  }),
  ...emptyReply,
};

/** CMD_FLASH_COPY: moves flash, for new software. The processor restarts and does not answer. */
export const FlashCopy: CommandKind<
  { readonly to: number; readonly from: number; readonly length: number },
  void
> = {
  name: 'CMD_FLASH_COPY',
  code: 49,
  repeatable: () => false,
  encodeRequest: ({ to, from, length }) => body(to, from, length),
  decodeRequest: ({ arguments: [to, from, length] }) => ({ to, from, length }),
  ...emptyReply,
};

/** Operations on serial flash. */
export type SerialFlashRequest =
  | { readonly operation: 'read'; readonly address: number; readonly length: number }
  /** Writing to the first byte of a block of 4 KiB erases the block first. */
  | { readonly operation: 'write'; readonly address: number; readonly data: Uint8Array }
  /** CRC-32 of any number of bytes, as a word. */
  | { readonly operation: 'checksum'; readonly address: number; readonly length: number };

/** CMD_BMP_SF: the serial flash; the reply of a read is what was read, of a checksum one word. */
export const SerialFlash: CommandKind<SerialFlashRequest, Uint8Array> = {
  name: 'CMD_BMP_SF',
  code: 53,
  repeatable: () => true,
  encodeRequest: (request) => {
    const { operation, address } = request;
    if (operation === 'write')
      return body(address, checkedLength(request.data.length), 1, request.data);
    if (operation === 'read') return body(address, checkedLength(request.length), 0);
    return body(address, request.length, 2);
  },
  decodeRequest: ({ arguments: [address, length, operation], data }) => {
    if (operation === 2) return { operation: 'checksum', address, length };
    return readOrWrite('CMD_BMP_SF', address, length, operation, data);
  },
  encodeReply: (bytes) => bytes,
  decodeReply: (payload, request) =>
    exactly('CMD_BMP_SF', payload, request.operation === 'checksum' ? 4 : readLength(request)),
};

/** Operations on the EEPROM. */
export type EepromRequest = Exclude<SerialFlashRequest, { readonly operation: 'checksum' }>;

/** CMD_BMP_EE: the backplane's EEPROM, 1 KiB; only of boards that control the backplane, such as board 0. */
export const Eeprom: CommandKind<EepromRequest, Uint8Array> = {
  name: 'CMD_BMP_EE',
  code: 54,
  repeatable: () => true,
  encodeRequest: (request) =>
    request.operation === 'write'
      ? body(request.address, checkedLength(request.data.length), 1, request.data)
      : body(request.address, checkedLength(request.length), 0),
  decodeRequest: ({ arguments: [address, length, operation], data }) =>
    readOrWrite('CMD_BMP_EE', address, length, operation, data),
  encodeReply: (bytes) => bytes,
  decodeReply: (payload, request) => exactly('CMD_BMP_EE', payload, readLength(request)),
};

function readOrWrite(
  command: string,
  address: number,
  length: number,
  operation: number,
  data: Uint8Array,
): EepromRequest {
  if (operation > 1) throw new MalformedMessageError(command, `there is no operation ${operation}`);
  const most = operation === 0 ? SCP_MOST_DATA_BYTES : Math.min(data.length, SCP_MOST_DATA_BYTES);
  if (length > most)
    throw new MalformedMessageError(command, `${length} bytes, where there are at most ${most}`);
  if (operation === 0) return { operation: 'read', address, length };
  return { operation: 'write', address, data: data.subarray(0, length) };
}

function readLength(request: EepromRequest | SerialFlashRequest): number {
  return request.operation === 'read' ? request.length : 0;
}

function checkedLength(length: number): number {
  return inRange('length', length, SCP_MOST_DATA_BYTES);
}

function exactly(command: string, payload: Uint8Array, length: number): Uint8Array {
  if (payload.length < length)
    throw new MalformedMessageError(
      `${command} reply`,
      `${payload.length} bytes instead of ${length}`,
    );
  return payload.subarray(0, length);
}
