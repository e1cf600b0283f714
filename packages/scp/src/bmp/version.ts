/** CMD_VER as a Board Management Processor answers it. Source: BMP firmware 2.1.2, `cmd_ver`. */
import { type Command, type CommandKind, commandOf } from '../commands/command.js';
import { Version } from '../commands/information.js';

/** What runs on a Board Management Processor, and where it is. */
export interface BmpVersionInformation {
  /** 64 KiB block of flash that the software runs from, 1 to 4. */
  readonly codeBlock: number;
  /** Number of the frame, from the backplane's EEPROM; 240 without a backplane. */
  readonly frame: number;
  /** Address on the frame's CAN bus. */
  readonly canId: number;
  /** Place in the frame, 0 to 23. */
  readonly board: number;
  /** Most data of one message, bytes. */
  readonly dataBytes: number;
  /** Seconds since 1970. */
  readonly buildTime: number;
  /** Software and hardware, for example `BC&MP/Spin5-BMP`. */
  readonly name: string;
  /** For example `2.1.2`. */
  readonly version: string;
}

/** CMD_VER: the fields lie where those of a chip's monitor lie and mean something else. */
export const BmpVersion: CommandKind<void, BmpVersionInformation> = {
  ...Version,
  encodeReply: ({ codeBlock, frame, canId, board, ...texts }) =>
    Version.encodeReply({
      ...texts,
      chip: { x: codeBlock, y: frame },
      physicalCore: canId,
      virtualCore: board,
    }),
  decodeReply: (payload, request) => {
    const { chip, physicalCore, virtualCore, ...texts } = Version.decodeReply(payload, request);
    return {
      ...texts,
      codeBlock: chip.x,
      frame: chip.y,
      canId: physicalCore,
      board: virtualCore,
    };
  },
};

/** Asks what runs on a Board Management Processor. */
export const bmpVersion = (): Command<BmpVersionInformation> => commandOf(BmpVersion, undefined);
