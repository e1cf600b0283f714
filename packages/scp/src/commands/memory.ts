/** Commands on the memory of a chip or of its neighbour. */
import { MalformedMessageError } from '../errors.js';
import { SCP_MOST_DATA_BYTES } from '../messages/scp.js';
import {
  body,
  type Command,
  type CommandKind,
  commandOf,
  emptyReply,
  mapReply,
  viewOf,
} from './command.js';

/** Size of the accesses that a read or write is made of; it matters for device registers. */
export const MemoryUnit = { Byte: 0, Half: 1, Word: 2 } as const;

/** A {@link MemoryUnit}. */
export type MemoryUnit = (typeof MemoryUnit)[keyof typeof MemoryUnit];

/** A range of memory in accesses of one size; `length` is 0 to 256 bytes. */
export interface ReadRequest {
  readonly address: number;
  readonly length: number;
  readonly unit: MemoryUnit;
}

/** Bytes for memory, at most 256. */
export interface WriteRequest {
  readonly address: number;
  readonly unit: MemoryUnit;
  readonly data: Uint8Array;
}

const exactly = {
  encodeReply: (bytes: Uint8Array): Uint8Array => bytes,
  decodeReply(payload: Uint8Array, request: { readonly length: number }): Uint8Array {
    if (payload.length !== request.length) {
      throw new MalformedMessageError(
        'read reply',
        `${payload.length} bytes instead of ${request.length}`,
      );
    }
    return payload;
  },
};

/** CMD_READ: up to 256 bytes of memory. The reply shares memory with its datagram. */
export const Read: CommandKind<ReadRequest, Uint8Array> = {
  name: 'CMD_READ',
  code: 2,
  repeatable: () => true,
  encodeRequest: ({ address, length, unit }) => body(address, atMost(length), unit),
  decodeRequest: ({ arguments: [address, length, unit] }) => ({
    address,
    length: given('length', length),
    unit: unitOf(unit),
  }),
  ...exactly,
};

/** CMD_WRITE: up to 256 bytes into memory. */
export const Write: CommandKind<WriteRequest, void> = {
  name: 'CMD_WRITE',
  code: 3,
  repeatable: () => true,
  encodeRequest: ({ address, unit, data }) => body(address, atMost(data.length), unit, data),
  decodeRequest: ({ arguments: [address, length, unit], data }) => ({
    address,
    unit: unitOf(unit),
    data: dataOf(data, length),
  }),
  ...emptyReply,
};

/** CMD_FILL: a word over any number of bytes, a multiple of 4. */
export const Fill: CommandKind<{ address: number; value: number; length: number }, void> = {
  name: 'CMD_FILL',
  code: 5,
  repeatable: () => true,
  encodeRequest: ({ address, value, length }) => body(address, value, length),
  decodeRequest: ({ arguments: [address, value, length] }) => ({ address, value, length }),
  ...emptyReply,
};

/** CMD_LINK_READ: words of the neighbour behind a link. */
export const LinkRead: CommandKind<{ address: number; length: number; link: number }, Uint8Array> =
  {
    name: 'CMD_LINK_READ',
    code: 17,
    repeatable: () => true,
    encodeRequest: ({ address, length, link }) => body(address, atMost(length), link),
    decodeRequest: ({ arguments: [address, length, link] }) => ({
      address,
      length: given('length', length),
      link: linkOf(link),
    }),
    ...exactly,
  };

/** CMD_LINK_WRITE: words into the neighbour behind a link. */
export const LinkWrite: CommandKind<{ address: number; link: number; data: Uint8Array }, void> = {
  name: 'CMD_LINK_WRITE',
  code: 18,
  repeatable: () => true,
  encodeRequest: ({ address, link, data }) => body(address, atMost(data.length), link, data),
  decodeRequest: ({ arguments: [address, length, link], data }) => ({
    address,
    link: linkOf(link),
    data: dataOf(data, length),
  }),
  ...emptyReply,
};

/** Reads up to 256 bytes, in the largest accesses that address and length allow. */
export const read = (address: number, length: number): Command<Uint8Array> =>
  commandOf(Read, { address, length, unit: unitFor(address, length) });

/** Reads a word; the address is a multiple of 4. */
export const readWord = (address: number): Command<number> =>
  mapReply(commandOf(Read, { address, length: 4, unit: MemoryUnit.Word }), (bytes) =>
    viewOf(bytes).getUint32(0, true),
  );

/** Reads a half-word; the address is a multiple of 2. */
export const readHalf = (address: number): Command<number> =>
  mapReply(commandOf(Read, { address, length: 2, unit: MemoryUnit.Half }), (bytes) =>
    viewOf(bytes).getUint16(0, true),
  );

/** Reads a byte. */
export const readByte = (address: number): Command<number> =>
  mapReply(commandOf(Read, { address, length: 1, unit: MemoryUnit.Byte }), (bytes) =>
    viewOf(bytes).getUint8(0),
  );

/** Writes up to 256 bytes, in the largest accesses that address and length allow. */
export const write = (address: number, data: Uint8Array): Command<void> =>
  commandOf(Write, { address, data, unit: unitFor(address, data.length) });

/** Writes a word; the address is a multiple of 4. */
export const writeWord = (address: number, value: number): Command<void> => {
  const data = new Uint8Array(4);
  viewOf(data).setUint32(0, value, true);
  return commandOf(Write, { address, data, unit: MemoryUnit.Word });
};

/** Fills memory with a word; address and length are multiples of 4, the length has no limit. */
export const fill = (address: number, value: number, length: number): Command<void> =>
  commandOf(Fill, { address, value, length });

/** Reads up to 256 bytes of the neighbour behind a link; address and length multiples of 4. */
export const linkRead = (link: number, address: number, length: number): Command<Uint8Array> =>
  commandOf(LinkRead, { address, length, link });

/** Writes up to 256 bytes into the neighbour behind a link; address and length multiples of 4. */
export const linkWrite = (link: number, address: number, data: Uint8Array): Command<void> =>
  commandOf(LinkWrite, { address, link, data });

/** The largest unit in which a range of memory can be accessed. */
export function unitFor(address: number, length: number): MemoryUnit {
  const both = address | length;
  if ((both & 3) === 0) return MemoryUnit.Word;
  return (both & 1) === 0 ? MemoryUnit.Half : MemoryUnit.Byte;
}

function atMost(length: number): number {
  if (length > SCP_MOST_DATA_BYTES) {
    throw new RangeError(
      `${length} bytes do not fit one message, at most ${SCP_MOST_DATA_BYTES} do`,
    );
  }
  return length;
}

function given(what: string, length: number): number {
  if (length > SCP_MOST_DATA_BYTES) {
    throw new MalformedMessageError(what, `${length} is more than ${SCP_MOST_DATA_BYTES} bytes`);
  }
  return length;
}

function dataOf(data: Uint8Array, length: number): Uint8Array {
  given('length', length);
  if (length > data.length) {
    throw new MalformedMessageError('data', `${data.length} bytes instead of ${length}`);
  }
  return data.subarray(0, length);
}

function unitOf(unit: number): MemoryUnit {
  if (unit > MemoryUnit.Word) throw new MalformedMessageError('unit', `${unit} is not 0, 1 or 2`);
  return unit as MemoryUnit;
}

function linkOf(link: number): number {
  if (link > 5) throw new MalformedMessageError('link', `${link} is not from 0 to 5`);
  return link;
}
