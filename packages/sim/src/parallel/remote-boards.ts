/** Boards that another thread runs, as the machine's own thread sees them. */
import type * as WorkerThreads from 'node:worker_threads';
import type { MessagePort, Worker } from 'node:worker_threads';
import { type Machine, machineToJson } from '@spin-tools/machine-model';
import type { ChipMemory } from '../chip/chip.js';
import { copyOfMemory } from '../chip/memory-copy.js';
import { BusError } from '../core/core.js';
import type { BoardPlan } from '../machine/board-plan.js';
import type { Crossings } from '../machine/crossings.js';
import { latestEndAfterPacket } from '../machine/lookahead.js';
import type { ThreadCounts } from '../machine/statistics.js';
import type { BoardGroup } from '../machine/window-clock.js';
import { BoardThreadError } from './errors.js';
import type { Answer, Assignment, Call, Operations, Report, SentError } from './operations.js';
import { type BoardStatus, Request, SharedWords, sharedBytes } from './shared-words.js';
import { threadsFor } from './threads.js';

/** How long a thread may take for what it is asked, ms. */
const PATIENCE_MS = 120_000;
/** Crossings of a link in one window, in one direction, at most: packets and word of them. */
const CROSSINGS_OF_LINK = 32;
const LINKS = 6;
/** Operations after which boards have no more to do than before. */
const QUIET: ReadonlySet<keyof Operations> = new Set([
  ...(['write', 'copyIn', 'keepMemory', 'adopt', 'setMonitor', 'setFlags', 'setOkCores'] as const),
  ...(['clearRoutes', 'setFixedRoute', 'countSent', 'countSentByFirstEntry'] as const),
  ...(['keepClocks', 'newArmCore', 'writeTcm', 'setIp', 'beginBoot'] as const),
]);

/** What a thread is to run and how. */
export interface BoardsWanted
  extends Pick<Assignment, 'first' | 'end' | 'monitor' | 'translates' | 'lose' | 'seed'> {
  readonly machine: Machine;
  readonly plan: BoardPlan;
  /** Threads that run the machine, for errors. */
  readonly workers: number;
  /** Something was done by the boards that is for the whole machine. */
  report(report: Report): void;
  /** What monitors have counted is to be told before a window begins. */
  settle(): void;
}

/** The boards. */
export class RemoteBoards implements BoardGroup {
  /** Whether a monitor in this thread fills the memories of chips that were switched on. */
  readonly fillsMemory: boolean;
  private readonly words: SharedWords;
  private readonly threads: typeof WorkerThreads;
  private readonly memory: SharedArrayBuffer;
  private readonly room: number;
  /** Started when it is first asked something. */
  private line: { readonly thread: Worker; readonly port: MessagePort } | undefined;
  /** What the boards had done when the thread was ended. */
  private lastCounts: ThreadCounts | undefined;
  private calls: Call[] = [];
  private reports: Report[] = [];
  private readonly memories = new Map<ChipMemory, number>();
  private present = 0;
  /** Changes whenever time passes on the boards. */
  moment = 0;
  /** What is known of the boards may not be true any more. */
  private isStale = true;
  private isRunning = false;
  private isLost = false;
  /** The boards have an answer to what was handed over, so that they take part in the next window. */
  private hasAnswers = false;
  /** Time of the first packet that was handed over and not taken yet, ns. */
  private nextArrival = Number.POSITIVE_INFINITY;
  private status: BoardStatus = {
    isIdle: true,
    nextTime: Number.POSITIVE_INFINITY,
    nextAction: Number.POSITIVE_INFINITY,
    latestEnd: Number.POSITIVE_INFINITY,
  };

  /** @throws NoThreadsError outside of Node.js */
  constructor(private readonly wanted: BoardsWanted) {
    this.threads = threadsFor(wanted.workers);
    const { first, end, monitor, plan } = wanted;
    const chips = plan.boardOf.filter((board) => board >= first && board < end).length;
    this.room = CROSSINGS_OF_LINK * LINKS * chips;
    this.memory = new SharedArrayBuffer(sharedBytes(this.room));
    this.words = new SharedWords(this.memory, this.room);
    this.fillsMemory = monitor === 'built-in';
  }

  get crossings(): Crossings {
    return this.words.outgoing;
  }

  get isIdle(): boolean {
    this.refresh();
    return this.status.isIdle && this.nextArrival === Number.POSITIVE_INFINITY;
  }

  get nextTime(): number {
    this.refresh();
    return Math.min(this.status.nextTime, this.nextArrival);
  }

  get nextAction(): number {
    this.refresh();
    return this.status.nextAction;
  }

  get latestEnd(): number {
    this.refresh();
    return Math.min(this.status.latestEnd, latestEndAfterPacket(this.nextArrival));
  }

  has(chip: number): boolean {
    const board = this.wanted.plan.boardOf[chip] as number;
    return board >= this.wanted.first && board < this.wanted.end;
  }

  setPresent(time: number): void {
    this.present = time;
  }

  begin(until: number): void {
    if (this.nextTime >= until && !this.hasAnswers) return;
    this.wanted.settle();
    this.hasAnswers = false;
    this.isRunning = true;
    this.moment++;
    this.request(Request.Window, until);
  }

  finish(): number {
    if (!this.isRunning) return 0;
    this.isRunning = false;
    this.reports.push(...this.await().reports);
    return this.words.amount;
  }

  takeReports(): readonly (() => void)[] {
    const { reports } = this;
    this.reports = [];
    return reports.map((report) => () => this.wanted.report(report));
  }

  take(crossings: Crossings, index: number): void {
    this.words.incoming.copy(crossings, index);
    this.nextArrival = Math.min(this.nextArrival, crossings.arrivalOf(index));
    this.hasAnswers ||= crossings.isRepeated(index);
  }

  /** Does something that has no result. */
  post<K extends keyof Operations>(name: K, ...args: Parameters<Operations[K]>): void {
    this.calls.push([name, ...args]);
    if (!QUIET.has(name)) this.isStale = true;
  }

  /** Does something and gives its result. @throws BusError, BoardThreadError */
  ask<K extends keyof Operations>(
    name: K,
    ...args: Parameters<Operations[K]>
  ): ReturnType<Operations[K]> {
    this.calls.push([name, ...args]);
    this.request(Request.Operations, this.present);
    const { value, reports } = this.await();
    for (const report of reports) this.wanted.report(report);
    return value as ReturnType<Operations[K]>;
  }

  /** Makes the memories of a chip hold what was shared. */
  adopt(chip: number, memory: ChipMemory): void {
    const known = this.memories.get(memory);
    const id = known ?? this.memories.size;
    if (known === undefined) {
      this.memories.set(memory, id);
      this.post('keepMemory', id, copyOfMemory(memory));
    }
    this.post('adopt', chip, id);
  }

  /** What the boards have done. */
  counts(): ThreadCounts {
    return this.lastCounts ?? this.ask('counts');
  }

  /** Ends the thread. */
  async close(): Promise<void> {
    if (!this.isLost) this.lastCounts = this.counts();
    this.isLost = true;
    this.line?.port.close();
    await this.line?.thread.terminate();
  }

  /** Has all done that waits, so that what is known of the boards is true. */
  private refresh(): void {
    if (this.isStale && !this.isRunning && !this.isLost) this.ask('look');
  }

  private request(request: number, until: number): void {
    if (this.isLost) throw new BoardThreadError(this.wanted.first, this.wanted.end, undefined);
    this.line ??= this.start();
    const hasCalls = this.calls.length > 0;
    if (hasCalls) this.line.port.postMessage(this.calls);
    this.calls = [];
    this.isStale = false;
    this.nextArrival = Number.POSITIVE_INFINITY;
    this.words.ask(request, hasCalls, this.present, until);
  }

  private await(): Answer {
    const hasMessage = this.words.awaitAnswer(PATIENCE_MS, () => this.fail(undefined));
    this.status = this.words.status;
    if (!hasMessage || this.line === undefined) return { reports: [] };
    const received: unknown = this.threads.receiveMessageOnPort(this.line.port)?.message;
    const answer = (received ?? { reports: [] }) as Answer;
    const { error } = answer;
    if (error?.address !== undefined) throw new BusError(error.address);
    return error === undefined ? answer : this.fail(error);
  }

  private start(): { readonly thread: Worker; readonly port: MessagePort } {
    const { MessageChannel, Worker } = this.threads;
    const { machine, first, end, monitor, translates, lose, seed } = this.wanted;
    const { memory, room } = this;
    const { port1, port2 } = new MessageChannel();
    const assignment: Assignment = {
      ...{ first, end, monitor, translates, lose, seed, memory, room },
      machine: machineToJson(machine),
    };
    const thread = new Worker(new URL('./board-thread.js', import.meta.url), {
      workerData: { assignment, port: port2 },
      transferList: [port2],
    });
    thread.once('exit', () => {
      this.isLost = true;
    });
    // Neither the thread nor what it says keeps a process alive.
    thread.unref();
    port1.unref();
    return { thread, port: port1 };
  }

  private fail(reason: SentError | undefined): never {
    this.isLost = true;
    void this.close();
    throw new BoardThreadError(this.wanted.first, this.wanted.end, reason);
  }
}
