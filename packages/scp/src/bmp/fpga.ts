/**
 * Commands on the FPGAs that join boards. Source: BMP firmware 2.1.2, `cmd_fpga_read`, `cmd_fpga_write`,
 * `cmd_xilinx`; for the registers spio, `designs/spinnaker_fpgas/README.md`.
 */
import {
  body,
  type Command,
  type CommandKind,
  commandOf,
  emptyReply,
  mapReply,
  viewOf,
} from '../commands/command.js';
import { MalformedMessageError } from '../errors.js';
import { SCP_MOST_DATA_BYTES } from '../messages/scp.js';
import { FPGAS, inRange } from './boards.js';

/** Addresses of the FPGA registers that hosts use. */
export const FpgaRegister = {
  /** Version of the design; read only. */
  Version: 0x40000,
  /** Bits 1:0 are the FPGA's number; read only. */
  Flags: 0x40004,
  PeripheralKey: 0x40008,
  PeripheralMask: 0x4000c,
  Scrambler: 0x40010,
  /** Two bits for each of 16 links to chips: 2l lets packets of chips in, 2l + 1 lets packets out to chips. */
  LinkEnables: 0x40014,
  LedOverride: 0x40018,
  ReceiveEqualizer: 0x4001c,
  TransmitSwing: 0x40020,
  TransmitPreEmphasis: 0x40024,
} as const;

/** Bytes between the register banks of an FPGA's serial links 0, 1 (to other boards) and 2 (peripherals). */
export const FPGA_BANK_BYTES = 0x10000;

/** Offset in a serial link's bank of the register that stops the link: 1 stops it, 0 lets it send. */
export const FPGA_LINK_STOP = 0x5c;

/** Words of registers of one FPGA; `length` is 0 to 256 bytes. */
export interface FpgaReadRequest {
  readonly fpga: number;
  readonly address: number;
  readonly length: number;
}

/** CMD_FPGA_READ. */
export const FpgaRead: CommandKind<FpgaReadRequest, Uint8Array> = {
  name: 'CMD_FPGA_READ',
  code: 17,
  repeatable: () => true,
  encodeRequest: ({ fpga, address, length }) =>
    body(address, inRange('length', length, SCP_MOST_DATA_BYTES), checkedFpga(fpga)),
  decodeRequest: ({ arguments: [address, length, fpga] }) => ({
    fpga: fpgaOf('CMD_FPGA_READ', fpga),
    address,
    length: lengthOf('CMD_FPGA_READ', length, SCP_MOST_DATA_BYTES),
  }),
  encodeReply: (bytes) => bytes,
  decodeReply: (payload, { length }) => {
    if (payload.length === length) return payload;
    throw new MalformedMessageError(
      'CMD_FPGA_READ reply',
      `${payload.length} bytes instead of ${length}`,
    );
  },
};

/** CMD_FPGA_WRITE: words into registers of one FPGA. */
export const FpgaWrite: CommandKind<
  { readonly fpga: number; readonly address: number; readonly data: Uint8Array },
  void
> = {
  name: 'CMD_FPGA_WRITE',
  code: 18,
  repeatable: () => true,
  encodeRequest: ({ fpga, address, data }) =>
    body(
      address,
      inRange('data.length', data.length, SCP_MOST_DATA_BYTES),
      checkedFpga(fpga),
      data,
    ),
  decodeRequest: ({ arguments: [address, length, fpga], data }) => ({
    fpga: fpgaOf('CMD_FPGA_WRITE', fpga),
    address,
    data: data.subarray(0, lengthOf('CMD_FPGA_WRITE', length, data.length)),
  }),
  ...emptyReply,
};

/** Operations of CMD_XILINX. */
export type XilinxRequest =
  /** The next bytes of a bit file, to all FPGAs that were cleared. */
  | { readonly operation: 'load'; readonly data: Uint8Array }
  /** Clears FPGAs, bit f for FPGA f, so that they take a bit file. */
  | { readonly operation: 'clear'; readonly fpgas: number }
  /** The reset line of all FPGAs: low, high, or low for 5 us. */
  | { readonly operation: 'reset'; readonly line: 'low' | 'high' | 'pulse' };

const RESET_LINES = ['low', 'high', 'pulse'] as const;

/** CMD_XILINX: configuration of FPGAs by the host. */
export const Xilinx: CommandKind<XilinxRequest, void> = {
  name: 'CMD_XILINX',
  code: 56,
  repeatable: ({ operation }) => operation !== 'load',
  encodeRequest: (request) => {
    switch (request.operation) {
      case 'load':
        return body(
          0,
          inRange('data.length', request.data.length, SCP_MOST_DATA_BYTES),
          0,
          request.data,
        );
      case 'clear':
        return body(1, request.fpgas);
      case 'reset':
        return body(2, RESET_LINES.indexOf(request.line));
    }
  },
  decodeRequest: ({ arguments: [operation, second], data }) => {
    const line = RESET_LINES[second];
    if (operation === 0)
      return {
        operation: 'load',
        data: data.subarray(0, lengthOf('CMD_XILINX', second, data.length)),
      };
    if (operation === 1) return { operation: 'clear', fpgas: second };
    if (operation === 2 && line !== undefined) return { operation: 'reset', line };
    throw new MalformedMessageError('CMD_XILINX', `there is no operation ${operation}, ${second}`);
  },
  ...emptyReply,
};

/** Reads a register. Throws RangeError for numbers out of range. */
export const readFpgaRegister = (fpga: number, address: number): Command<number> =>
  mapReply(commandOf(FpgaRead, { fpga, address: checkedAddress(address), length: 4 }), (bytes) =>
    viewOf(bytes).getUint32(0, true),
  );

/** Writes a register. Throws RangeError for numbers out of range. */
export const writeFpgaRegister = (fpga: number, address: number, value: number): Command<void> => {
  const data = new Uint8Array(4);
  viewOf(data).setUint32(0, inRange('value', value, 0xffffffff), true);
  return commandOf(FpgaWrite, { fpga, address: checkedAddress(address), data });
};

function checkedFpga(fpga: number): number {
  return inRange('fpga', fpga, FPGAS - 1);
}

function checkedAddress(address: number): number {
  if ((address & 3) !== 0) throw new RangeError(`"address" must be a multiple of 4: ${address}`);
  return inRange('address', address, 0xfffffffc);
}

function fpgaOf(command: string, fpga: number): number {
  if (fpga >= FPGAS) throw new MalformedMessageError(command, `there is no FPGA ${fpga}`);
  return fpga;
}

function lengthOf(command: string, length: number, most: number): number {
  if (length > most)
    throw new MalformedMessageError(command, `${length} bytes, where there are at most ${most}`);
  return length;
}
