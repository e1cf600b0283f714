/** How the monitor's commands are declared: a kind from the protocol and what the monitor does. */
import type { CommandKind, ScpRequest, SdpMessage } from '@spin-tools/scp';
import type { ChipMonitor } from '../world.js';

/** Carries out a request and gives the payload of the reply. Throws Refusal, MalformedMessageError, BusError. */
export type Handler = (
  monitor: ChipMonitor,
  request: ScpRequest,
  message: SdpMessage,
) => Uint8Array;

/** A command number and its handler. */
export type CommandEntry = readonly [code: number, handler: Handler];

/** Joins a kind of command with what is done for it. */
export function command<Request, Reply>(
  kind: CommandKind<Request, Reply>,
  carryOut: (monitor: ChipMonitor, request: Request, message: SdpMessage) => Reply,
): CommandEntry {
  return [
    kind.code,
    (monitor, body, message) =>
      kind.encodeReply(carryOut(monitor, kind.decodeRequest(body), message)),
  ];
}
