/** What both generations of allocation services can do for one job. */
import type { Transport } from '@spin-tools/scp';
import type { BoardConnection, JobMachine, JobState, Location } from './v1/results.js';

/** A board that is no good, and how to reach it. */
export interface BadBoard extends BoardConnection {
  /** What is wrong with it. */
  readonly why: string;
}

/** A job as one server keeps it. Lost connections are the implementation's business. */
export interface JobService {
  readonly id: number;
  state(): Promise<JobState>;
  /** Tells when the state may have changed since it was last asked for. */
  changes(): Changes;
  /** The job's boards; null while it has none. */
  machine(): Promise<JobMachine | null>;
  /** Says that the job is still wanted; tries until that is heard. Rejects when there is no such job. */
  keepAlive(): Promise<void>;
  power(on: boolean): Promise<void>;
  destroy(reason: string): Promise<void>;
  /** As {@link destroy} where no answer can be waited for, because the program is ending. */
  destroyAtExit(reason: string): void;
  whereIs(chip: { readonly x: number; readonly y: number }): Promise<Location | null>;
  /** Tells those who run the machine what is wrong with boards, where the server takes such reports. */
  report(boards: readonly BadBoard[]): Promise<void>;
  /** Datagrams to and from a UDP port of a board. */
  open(board: BoardConnection, kind: 'scp' | 'boot'): Promise<Transport>;
  /** Hangs up; the job lives on until its keepalive runs out. */
  close(): Promise<void>;
}

/** Remembers that something changed until somebody asks, so that no change falls between two questions. */
export interface Changes {
  /** Resolves at the next change, or at once if there was one since the last. */
  next(): Promise<void>;
  stop(): void;
}
