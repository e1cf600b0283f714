/** What can go wrong between a host and a machine: one class per kind that a caller may catch. */
import { type CoreAddress, formatCore } from './addresses.js';
import { describeReturnCode } from './messages/return-codes.js';

/** Bytes that are not what they should be. Connections drop and count such datagrams. */
export class MalformedMessageError extends Error {
  override readonly name = 'MalformedMessageError';

  /**
   * @param what the message or structure, for example `SDP header`
   * @param reason what is wrong with it
   */
  constructor(
    readonly what: string,
    readonly reason: string,
  ) {
    super(`malformed ${what}: ${reason}`);
  }
}

/** A chip answered a command with a return code other than OK. */
export class ScpError extends Error {
  override readonly name = 'ScpError';
  /** The return code, 0x81 to 0x8f. */
  readonly code: number;
  /** The command's name, for example `CMD_READ`. */
  readonly command: string;
  readonly chip: CoreAddress;
  readonly tries: number;
  /** What came after the return code and the sequence number. */
  readonly payload: Uint8Array;

  constructor(details: {
    code: number;
    command: string;
    chip: CoreAddress;
    tries: number;
    payload?: Uint8Array;
  }) {
    super(
      `${formatCore(details.chip)} refused ${details.command}: ${describeReturnCode(details.code)}` +
        ` (after ${count(details.tries, 'try', 'tries')})`,
    );
    this.code = details.code;
    this.command = details.command;
    this.chip = details.chip;
    this.tries = details.tries;
    this.payload = details.payload ?? new Uint8Array(0);
  }
}

/** A chip did not answer a command, however often it was asked. */
export class ScpTimeoutError extends Error {
  override readonly name = 'ScpTimeoutError';
  readonly chip: CoreAddress;
  readonly command: string;
  /** How often the request was sent. */
  readonly tries: number;
  /** Milliseconds from the first try to giving up. */
  readonly waitedMs: number;

  constructor(details: { chip: CoreAddress; command: string; tries: number; waitedMs: number }) {
    super(
      `${formatCore(details.chip)} did not answer ${details.command}: ` +
        `${count(details.tries, 'try', 'tries')}, ${(details.waitedMs / 1000).toFixed(1)} s. ` +
        'Is the board powered and booted?',
    );
    this.chip = details.chip;
    this.command = details.command;
    this.tries = details.tries;
    this.waitedMs = details.waitedMs;
  }
}

/**
 * A chip answered a command with RC_OK and without what it was asked for. Monitors of version 4.0.0 do so when
 * they refuse a command, whatever the reason: they overwrite its return code.
 */
export class ScpEmptyReplyError extends Error {
  override readonly name = 'ScpEmptyReplyError';
  readonly chip: CoreAddress;
  readonly command: string;

  constructor(details: { chip: CoreAddress; command: string }) {
    super(
      `${formatCore(details.chip)} answered ${details.command} with nothing, as SC&MP 4.0.0 does for what it ` +
        'refuses. Do the addresses, lengths and numbers in the request exist there?',
    );
    this.chip = details.chip;
    this.command = details.command;
  }
}

/** The connection was closed while a request was waiting, or before it was sent. */
export class ConnectionClosedError extends Error {
  override readonly name = 'ConnectionClosedError';

  constructor(command: string) {
    super(`the connection was closed before ${command} was answered`);
  }
}

function count(number: number, one: string, many: string): string {
  return `${number} ${number === 1 ? one : many}`;
}
