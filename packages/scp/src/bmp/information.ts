/** CMD_BMP_INFO: what a board is and how it is. Source: BMP firmware 2.1.2, `cmd_bmp_info`, `bmp.h`. */
import { body, type Command, type CommandKind, commandOf, mapReply } from '../commands/command.js';
import { bytesToIp } from '../commands/information.js';
import { MalformedMessageError } from '../errors.js';
import { byte, bytes, half, padding, struct, word, words } from '../layout/struct.js';
import { type BoardStatus, boardStatusOf } from './board-status.js';
import { MOST_BOARDS } from './boards.js';

/** Kinds of information. */
export const BmpInformationType = {
  Hardware: 0,
  Eeprom: 1,
  CanStatus: 2,
  BoardStatus: 3,
  IpAddresses: 4,
  ResetCounts: 5,
} as const;
/** A {@link BmpInformationType}. */
export type BmpInformationType = (typeof BmpInformationType)[keyof typeof BmpInformationType];

/** CMD_BMP_INFO. The layout of the reply depends on the type. */
export const BmpInformation: CommandKind<{ readonly type: BmpInformationType }, Uint8Array> = {
  name: 'CMD_BMP_INFO',
  code: 48,
  repeatable: () => true,
  encodeRequest: ({ type }) => body(type),
  decodeRequest: ({ arguments: [type] }) => {
    if (type > BmpInformationType.ResetCounts)
      throw new MalformedMessageError('CMD_BMP_INFO', `there is no type ${type}`);
    return { type: type as BmpInformationType };
  },
  encodeReply: (payload) => payload,
  decodeReply: (payload) => payload,
};

/** {@link BmpInformationType.Hardware}. */
export const bmpHardwareLayout = struct('BMP hardware', {
  /** 5 on a SpiNN-5 board. */
  hardwareVersion: word,
  /** Serial number of the processor. */
  serialNumber: words(4),
  /** Address of the buffer that CMD_FLASH_WRITE writes from. */
  flashBuffer: word,
  /** Address of the board's status. */
  boardStatus: word,
  /** Address of the vectors of the software that runs: its flash block times 0x10000. */
  vectors: word,
});
/** What a board is. */
export type BmpHardware = ReturnType<typeof bmpHardwareLayout.decode>;

/** {@link BmpInformationType.Eeprom}: what a backplane says about its frame. */
export const eepromLayout = struct('backplane EEPROM', {
  /** 0x96. */
  marker: byte,
  formatVersion: byte,
  /** Wiring of the CAN bus: 0 for rows of six boards, 1 for addresses equal to board numbers. */
  backplaneVersion: byte,
  frame: byte,
  /** Seconds since 1970. */
  modifiedAt: word,
  gateway: bytes(4),
  /** Bit 0: the fans take a PWM signal; bit 1: boards do not switch themselves on. */
  flags: byte,
  maskBits: byte,
  macByte: byte,
  displaySeconds: byte,
  unused: padding(16),
  /** Limits of temperatures, fans and voltages for warnings and shut-down. */
  limits: bytes(56),
  unused2: padding(164),
  /** Makes the CRC-32 of all 256 bytes come out as 0. */
  checksum: word,
});
/** What a backplane says about its frame. */
export type BackplaneEeprom = ReturnType<typeof eepromLayout.decode>;

/** One of the two blocks of {@link BmpInformationType.IpAddresses}: first the BMP's, then SpiNNaker's. */
export const ipBlockLayout = struct('IP block', {
  /** Bit 14: the block in flash counts, not the backplane. */
  flags: half,
  mac: bytes(6),
  ip: bytes(4),
  gateway: bytes(4),
  netMask: bytes(4),
  udpPort: half,
  unused: padding(10),
});

/** IPv4 addresses of a board. */
export interface BoardAddresses {
  readonly bmp: string;
  readonly spinnaker: string;
}

/** {@link BmpInformationType.ResetCounts}. */
export const resetCountsLayout = struct('BMP reset counts', {
  /** Why the processor started last: bit 0 power, 1 reset pin, 2 watchdog, 4 software. */
  lastReset: word,
  watchdogResets: word,
  /** Seconds since power came on. */
  upSeconds: word,
  /** `upSeconds` when the watchdog or software last reset the processor. */
  upSecondsAtReset: word,
  softwareResets: word,
  activeInterrupts: word,
  exception: word,
  exceptions: word,
});
/** How often a Board Management Processor started again, and why. */
export type BmpResetCounts = ReturnType<typeof resetCountsLayout.decode>;

const ask = (type: BmpInformationType): Command<Uint8Array> => commandOf(BmpInformation, { type });

/** Asks what a board is. */
export const bmpHardware = (): Command<BmpHardware> =>
  mapReply(ask(BmpInformationType.Hardware), (payload) => bmpHardwareLayout.decode(payload));

/** Asks what the backplane's EEPROM held when the processor started. */
export const backplaneEeprom = (): Command<BackplaneEeprom> =>
  mapReply(ask(BmpInformationType.Eeprom), (payload) => eepromLayout.decode(payload));

/** Asks which addresses of the CAN bus have a board, as the board that is asked has seen them. */
export const canAddresses = (): Command<readonly number[]> =>
  mapReply(ask(BmpInformationType.CanStatus), (payload) =>
    [...payload.subarray(0, MOST_BOARDS)].flatMap((status, id) => (status === 0 ? [] : [id])),
  );

/** Asks for voltages, temperatures and fan speeds. */
export const boardStatus = (): Command<BoardStatus> =>
  mapReply(ask(BmpInformationType.BoardStatus), boardStatusOf);

/** Asks for the addresses of a board. */
export const boardAddresses = (): Command<BoardAddresses> =>
  mapReply(ask(BmpInformationType.IpAddresses), (payload) => ({
    bmp: bytesToIp(ipBlockLayout.decode(payload).ip),
    spinnaker: bytesToIp(ipBlockLayout.decode(payload, ipBlockLayout.size).ip),
  }));

/** Asks how often the processor started again. */
export const bmpResetCounts = (): Command<BmpResetCounts> =>
  mapReply(ask(BmpInformationType.ResetCounts), (payload) => resetCountsLayout.decode(payload));
