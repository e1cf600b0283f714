/** What runs in a thread that runs boards of a machine: it does what it is asked, until it is ended. Node.js only. */
import { type MessagePort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { BusError } from '../core/core.js';
import { AssignedBoards } from './assigned-boards.js';
import type { Answer, Assignment, Call, SentError } from './operations.js';
import { Request, SharedWords } from './shared-words.js';

const { assignment, port } = workerData as { assignment: Assignment; port: MessagePort };
/** How boards stand that could not be made. */
const NOTHING = { isIdle: true, nextTime: Infinity, nextAction: Infinity, latestEnd: Infinity };
const words = new SharedWords(assignment.memory, assignment.room);
let made: AssignedBoards | undefined;
/** Crossings that were taken by the machine's thread are forgotten when it asks for more. */
let wereTaken = false;

for (;;) {
  const request = words.awaitRequest();
  if (wereTaken) words.outgoing.clear();
  wereTaken = request === Request.Window;
  answer(request);
}

function answer(request: number): void {
  let value: unknown;
  let amount = 0;
  let error: SentError | undefined;
  try {
    made ??= new AssignedBoards(assignment, words.outgoing);
    const { clocks } = made.network;
    clocks.time = words.present;
    takeCrossings(made);
    value = carryOut(made);
    if (request === Request.Window) amount = clocks.run(words.until);
    for (const report of clocks.takeReports()) report();
  } catch (thrown) {
    error = sentError(thrown);
  }
  const reports = made?.takeReports() ?? [];
  const hasMessage = value !== undefined || error !== undefined || reports.length > 0;
  if (hasMessage) port.postMessage({ value, ...(error && { error }), reports } satisfies Answer);
  const crossings = wereTaken ? words.outgoing.length : 0;
  words.answer(hasMessage, crossings, amount, made?.network.clocks ?? NOTHING);
}

function takeCrossings({ network }: AssignedBoards): void {
  const { incoming } = words;
  for (let index = 0; index < incoming.length; index++) network.take(incoming, index);
  incoming.clear();
}

/** Carries out all operations that came; gives the result of the last. */
function carryOut({ operations }: AssignedBoards): unknown {
  if (!words.hasMessage) return undefined;
  const calls = (receiveMessageOnPort(port)?.message ?? []) as readonly Call[];
  let value: unknown;
  for (const [name, ...args] of calls) {
    value = (operations[name] as (...args: unknown[]) => unknown)(...args);
  }
  return value;
}

function sentError(thrown: unknown): SentError {
  const { name, message, stack } = thrown instanceof Error ? thrown : new Error(String(thrown));
  return { name, message, stack, address: thrown instanceof BusError ? thrown.address : undefined };
}
