/** What may be sent again, and after how long. */
import { ReturnCode } from '../messages/return-codes.js';

/** Refusals for want of room or a free line: the machine has more to do than it can. */
const OVERLOADED: ReadonlySet<number> = new Set([
  ReturnCode.P2pBusy,
  ReturnCode.P2pReject,
  ReturnCode.Buffer,
]);

/** Refusals that come before anything was carried out: any command may be sent again. */
const NOT_CARRIED_OUT: ReadonlySet<number> = new Set([...OVERLOADED, ReturnCode.Sum]);

/** Refusals after which it is unknown how far the request came: only repeatable ones are sent again. */
const MAYBE_CARRIED_OUT: ReadonlySet<number> = new Set([
  ReturnCode.Timeout,
  ReturnCode.P2pNoReply,
  ReturnCode.P2pTimeout,
]);

/** First pause after a busy code, ms; COUNT, the slowest common command, takes 10 ms. */
const FIRST_PAUSE_MS = 10;
/** Longest pause, ms. */
const LONGEST_PAUSE_MS = 500;

/** Whether a refusal is a reason to send less at once; a chip that is just gone is none. */
export function isOverload(code: number): boolean {
  return OVERLOADED.has(code);
}

/** Whether a refused request should be sent again. */
export function mayRepeat(code: number, repeatable: boolean): boolean {
  return NOT_CARRIED_OUT.has(code) || (repeatable && MAYBE_CARRIED_OUT.has(code));
}

/** Pause before the try after `tries` refused ones: doubles each time. */
export function pauseMs(tries: number): number {
  return Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (tries - 1));
}
