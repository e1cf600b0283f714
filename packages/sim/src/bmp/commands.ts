/** What a management processor does for each command. Source: BMP firmware 2.1.2, `bmp_cmd.c`. */
import {
  BmpInformation,
  BmpInformationType,
  BmpIpTagCommand,
  type BmpIpTagReply,
  type BmpIpTagRequest,
  BmpLed,
  BmpVersion,
  BoardPower,
  BoardReset,
  bmpHardwareLayout,
  type CommandKind,
  Eeprom,
  FanPwm,
  Fill,
  FlashAddress,
  FlashCopy,
  FlashErase,
  FlashWrite,
  FpgaRead,
  FpgaWrite,
  I2c,
  IP_TAGS,
  ipBlockLayout,
  MOST_BOARDS,
  Read,
  ReturnCode,
  SCP_MOST_DATA_BYTES,
  type ScpRequest,
  SerialFlash,
  Write,
  Xilinx,
} from '@spin-tools/scp';
import { Refusal } from '../monitor/refusal.js';
import type { Board } from './board.js';
import { crc } from './checksum.js';
import { FLASH_BUFFER_ADDRESS } from './processor-memory.js';
import type { Sequence } from './sequence.js';
import { type BmpTags, NO_TAG, TAG_COUNTS } from './tags.js';

/** What commands act on. */
export interface CommandTarget {
  readonly board: Board;
  readonly tags: BmpTags;
  /** Tells the other boards of the frame, which act by themselves. */
  tellOthers(boards: number, work: (board: Board) => Sequence<void>): void;
}

/** Carries out a request: the payload of the reply, at once or after some time; undefined is no reply. */
export type BmpHandler = (
  target: CommandTarget,
  request: ScpRequest,
) => Uint8Array | Sequence<Uint8Array | undefined>;

/** Software that this machine says it runs. Source: `BMP_ID_STR`, `BMP_VER_STR` of `bmp.h`. */
const SOFTWARE = { name: 'BC&MP/Spin5-BMP', version: '2.1.2', buildTime: 0 } as const;
const CODE_BLOCK = 1;
const CODE_BLOCK_BYTES = 0x10000;
const HARDWARE_VERSION = 5;
/** Serial numbers are ours: the text "SPIN" and the board. */
const SERIAL_NUMBER = [0x4e495053, 0, 0];
/** What the CAN bus's master notes of itself, and what all note of boards that they hear. */
const CAN_MASTER = 1;
const CAN_HEARD = 5;
const NO_BYTES = new Uint8Array(0);

const COMMANDS: ReadonlyMap<number, BmpHandler> = new Map([
  command(BmpVersion, ({ board }) => ({
    ...SOFTWARE,
    codeBlock: CODE_BLOCK,
    frame: board.frame,
    canId: board.number,
    board: board.number,
    dataBytes: SCP_MOST_DATA_BYTES,
  })),
  command(Read, ({ board }, { address, length }) => board.readMemory(address, length)),
  command(Write, ({ board }, { address, data }) => board.memory.write(address, data)),
  command(Fill, ({ board }, { address, value, length }) =>
    board.memory.fill(address, value, length),
  ),
  command(FpgaRead, ({ board }, { fpga, address, length }) => {
    const bytes = new Uint8Array(length);
    const view = new DataView(bytes.buffer);
    for (let at = 0; at + 4 <= length; at += 4)
      view.setUint32(at, board.fpgas.read(fpga, ((address & ~3) + at) >>> 0), true);
    return bytes;
  }),
  command(FpgaWrite, ({ board }, { fpga, address, data }) => {
    const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
    for (let at = 0; at + 4 <= data.length; at += 4)
      board.fpgas.write(fpga, ((address & ~3) + at) >>> 0, view.getUint32(at, true));
  }),
  // Other boards of the mask are told and do not know the message: `MAX_PROC` of `bmp_can.c`.
  command(BmpLed, ({ board }, { actions, boards }) => {
    if (includes(boards, board)) board.setLeds(actions);
  }),
  command(BmpIpTagCommand, ({ tags }, request) => changeTags(tags, request)),
  command(BmpInformation, ({ board }, { type }) => informationOf(board, type)),
  [
    FlashCopy.code,
    ({ board, tags }, body) => {
      const { to, from, length } = FlashCopy.decodeRequest(body);
      return restarting(board.copyFlash(to, from, length), tags);
    },
  ],
  [FlashErase.code, ({ board }, body) => eraseFlash(board, FlashErase.decodeRequest(body))],
  [FlashWrite.code, ({ board }, body) => writeFlash(board, FlashWrite.decodeRequest(body))],
  command(SerialFlash, ({ board }, request) => {
    const { address } = request;
    switch (request.operation) {
      case 'read':
        return board.serialFlash.read(address, request.length);
      case 'write':
        board.writeSerialFlash(address, request.data);
        return NO_BYTES;
      case 'checksum':
        return checksum(board, address, request.length);
    }
  }),
  command(Eeprom, ({ board: { eeprom } }, request) => {
    if (eeprom === undefined) throw new Refusal(ReturnCode.Argument);
    if (request.operation === 'read') return eeprom.read(request.address, request.length);
    eeprom.write(request.address, request.data);
    return NO_BYTES;
  }),
  switching(BoardReset, (request, board) => board.reset(request)),
  command(Xilinx, ({ board: { fpgas } }, request) => {
    if (request.operation === 'load') fpgas.load(request.data.length);
    else if (request.operation === 'clear') fpgas.clear(request.fpgas);
    else {
      fpgas.resetLine = request.line !== 'high';
      if (request.line === 'pulse') fpgas.resetLine = false;
    }
  }),
  switching(BoardPower, (request, board) => board.power(request)),
  // Nothing but the EEPROM and sensors is on the bus, and those have commands of their own.
  command(I2c, ({ board }, request) => {
    if (board.eeprom === undefined) throw new Refusal(ReturnCode.Argument);
    if (request.operation === 'poll') return new Uint8Array(4);
    return new Uint8Array(request.operation === 'read' ? request.length : 0);
  }),
  command(FanPwm, () => undefined),
]);

/** What is done for a command number, if it is known. */
export function bmpCommandOf(code: number): BmpHandler | undefined {
  return COMMANDS.get(code);
}

function command<Request, Reply>(
  kind: CommandKind<Request, Reply>,
  act: (target: CommandTarget, request: Request) => Reply,
): readonly [number, BmpHandler] {
  return [kind.code, (target, body) => kind.encodeReply(act(target, kind.decodeRequest(body)))];
}

/** A command that boards of a mask carry out: the one that is asked answers when it is done itself. */
function switching<Request extends { readonly boards: number }>(
  kind: CommandKind<Request, void>,
  act: (request: Request, board: Board) => Sequence<void>,
): readonly [number, BmpHandler] {
  return [
    kind.code,
    (target, body) => {
      const request = kind.decodeRequest(body);
      target.tellOthers(request.boards, (board) => act(request, board));
      if (!includes(request.boards, target.board)) return NO_BYTES;
      return withEmptyReply(act(request, target.board));
    },
  ];
}

function* withEmptyReply(work: Sequence<void>): Sequence<Uint8Array> {
  yield* work;
  return NO_BYTES;
}

/** Nothing answers after a restart, and no tag outlives it. */
function* restarting(work: Sequence<void>, tags: BmpTags): Sequence<undefined> {
  yield* work;
  tags.clearAll();
  return undefined;
}

function changeTags(tags: BmpTags, request: BmpIpTagRequest): BmpIpTagReply {
  const { operation } = request;
  switch (operation) {
    case 'new':
    case 'set': {
      const tag = operation === 'new' ? tags.free() : request.tag;
      if (tag !== NO_TAG) tags.set(tag, request.settings);
      return { operation, tag };
    }
    case 'get': {
      const count = Math.min(request.count, IP_TAGS - request.tag);
      const found = Array.from({ length: count }, (_, index) => tags.describe(request.tag + index));
      return { operation, tags: found };
    }
    case 'clear':
      tags.clear(request.tag);
      return { operation };
    case 'timeout':
      return { operation, timeout: tags.exchangeTimeout(request.timeout), ...TAG_COUNTS };
  }
}

function informationOf(board: Board, type: BmpInformationType): Uint8Array {
  switch (type) {
    case BmpInformationType.Hardware:
      return bmpHardwareLayout.encode({
        hardwareVersion: HARDWARE_VERSION,
        serialNumber: [...SERIAL_NUMBER, board.number],
        flashBuffer: FLASH_BUFFER_ADDRESS,
        boardStatus: board.statusAddress,
        vectors: CODE_BLOCK * CODE_BLOCK_BYTES,
      });
    case BmpInformationType.Eeprom:
      return board.frameData.slice();
    case BmpInformationType.CanStatus:
      return canStatus(board);
    case BmpInformationType.BoardStatus:
      return board.status();
    case BmpInformationType.IpAddresses:
      return Uint8Array.of(
        ...board.flash.memory.read(FlashAddress.BmpIp, ipBlockLayout.size),
        ...board.flash.memory.read(FlashAddress.SpinnakerIp, ipBlockLayout.size),
      );
    case BmpInformationType.ResetCounts:
      return board.resetCounts();
  }
}

/** A board hears the others, but not itself; the master, board 0, notes itself. */
function canStatus({ number, switches }: Board): Uint8Array {
  return Uint8Array.from({ length: MOST_BOARDS }, (_, id) => {
    if (id === number) return id === 0 ? CAN_MASTER : 0;
    return id < switches.count ? CAN_HEARD : 0;
  });
}

function eraseFlash(
  { flash, memory }: Board,
  { start, end }: { readonly start: number; readonly end: number },
): Uint8Array {
  const status = flash.erase(start, (end - 1) >>> 0);
  memory.eraseBuffer();
  if (status !== 0) throw new Refusal(ReturnCode.Argument);
  return FlashErase.encodeReply(FLASH_BUFFER_ADDRESS);
}

function writeFlash(
  { flash, memory }: Board,
  { address, length, erase }: { address: number; length: number; erase: boolean },
): Uint8Array {
  const erased = erase ? flash.erase(address, (address + length - 1) >>> 0) : 0;
  if (erased !== 0) throw new Refusal(ReturnCode.Argument);
  const status = flash.write(address, length, memory.buffer);
  memory.eraseBuffer();
  if (status !== 0) throw new Refusal(ReturnCode.Argument);
  return NO_BYTES;
}

/** Throws Refusal for more bytes than there are; the real one would read them several times over. */
function checksum({ serialFlash }: Board, address: number, length: number): Uint8Array {
  if (length > serialFlash.size) throw new Refusal(ReturnCode.Argument);
  const reply = new Uint8Array(4);
  const value = ~crc(serialFlash.read(address, length)) >>> 0;
  new DataView(reply.buffer).setUint32(0, value, true);
  return reply;
}

function includes(boards: number, { number }: Board): boolean {
  return ((boards >>> number) & 1) === 1;
}
