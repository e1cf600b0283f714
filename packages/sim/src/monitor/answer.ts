/** From a request to what its reply carries. */
import {
  decodeScpRequest,
  MalformedMessageError,
  ReturnCode,
  SCP_REQUEST_HEADER_BYTES,
} from '@spin-tools/scp';
import { BusError } from '../core/core.js';
import type { Handler, Place } from './commands/command.js';
import { Refusal, RunTimeError } from './refusal.js';

/** What a reply carries. */
export interface Answer {
  readonly code: number;
  readonly payload: Uint8Array;
  /** See {@link Refusal}. */
  readonly isLate: boolean;
}

const NOTHING = new Uint8Array(0);

/** Carries a request out; undefined when it is never answered, since a board's core stops by it. */
export function answerOf(
  place: Place,
  commandOf: (code: number) => Handler | undefined,
): Answer | undefined {
  const { data } = place.message;
  if (data.length < SCP_REQUEST_HEADER_BYTES) return refused(ReturnCode.Length);
  const request = decodeScpRequest(data);
  const command = commandOf(request.command);
  if (command === undefined) return refused(ReturnCode.Command);
  try {
    return { code: ReturnCode.Ok, payload: command(place, request), isLate: false };
  } catch (error) {
    if (error instanceof Refusal) return error;
    if (error instanceof MalformedMessageError) return refused(ReturnCode.Argument);
    if (error instanceof BusError || error instanceof RunTimeError) return undefined;
    throw error;
  }
}

function refused(code: number): Answer {
  return { code, payload: NOTHING, isLate: false };
}
