/** Commands on what a backplane carries: the I2C bus and the fans. Source: BMP firmware 2.1.2, `cmd_i2c`, `debug`. */
import { body, type CommandKind, emptyReply, NO_BYTES } from '../commands/command.js';
import { MalformedMessageError } from '../errors.js';
import { SCP_MOST_DATA_BYTES } from '../messages/scp.js';
import { inRange } from './boards.js';

/** Operations on the I2C bus; `device` is the even address byte. */
export type I2cRequest =
  | { readonly operation: 'read'; readonly device: number; readonly length: number }
  | {
      readonly operation: 'write';
      readonly device: number;
      readonly address: number;
      readonly data: Uint8Array;
    }
  /** Asks whether a device is there; the reply is a word, 1 for yes. */
  | { readonly operation: 'poll'; readonly device: number };

const POLL = 0x100;

/** CMD_BMP_I2C; only of boards that control the backplane, such as board 0. */
export const I2c: CommandKind<I2cRequest, Uint8Array> = {
  name: 'CMD_BMP_I2C',
  code: 61,
  repeatable: ({ operation }) => operation === 'poll',
  encodeRequest: (request) => {
    const device = inRange('device', request.device, 0xff) & ~1;
    switch (request.operation) {
      case 'read':
        return body(device | 1, 0, inRange('length', request.length, SCP_MOST_DATA_BYTES));
      case 'write': {
        const length = inRange('data.length', request.data.length, SCP_MOST_DATA_BYTES);
        return body(device, request.address, length, request.data);
      }
      case 'poll':
        return body(POLL | device);
    }
  },
  decodeRequest: ({ arguments: [control, address, length], data }) => {
    const device = control & 0xfe;
    if (length > SCP_MOST_DATA_BYTES)
      throw new MalformedMessageError('CMD_BMP_I2C', `${length} bytes do not fit`);
    if (control > POLL) return { operation: 'poll', device };
    if ((control & 1) === 1) return { operation: 'read', device, length };
    if (length > data.length)
      throw new MalformedMessageError('CMD_BMP_I2C', `${data.length} bytes instead of ${length}`);
    return { operation: 'write', device, address, data: data.subarray(0, length) };
  },
  encodeReply: (bytes) => bytes,
  decodeReply: (payload, request) => (request.operation === 'write' ? NO_BYTES : payload),
};

/** CMD_BMP_PWM: the signal that drives the fans, in clocks of 25 MHz. */
export const FanPwm: CommandKind<{ readonly period: number; readonly width: number }, void> = {
  name: 'CMD_BMP_PWM',
  code: 62,
  repeatable: () => true,
  encodeRequest: ({ period, width }) => body(period, width),
  decodeRequest: ({ arguments: [period, width] }) => ({ period, width }),
  ...emptyReply,
};
