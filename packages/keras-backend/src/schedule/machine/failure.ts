/** Why a schedule did not come to its end. */
import {
  type LayoutValues,
  type layersReport,
  ReplicaWait,
  SequencerState,
} from '../../layouts/index.js';
import { stateOf } from '../../machine/diagnosis.js';
import { type CoreReport, MachineRunError } from '../../machine/errors.js';
import type { Host } from '../../machine/host.js';
import type { Progress } from '../../machine/sequencer.js';
import type { SchedulePlaces } from './place.js';

/** Cores that one error describes. */
const MOST_REPORTS = 8;

/** What a worker reported. */
export type WorkerReport = LayoutValues<(typeof layersReport)['fields']>;

/**
 * The error for a command that did not finish.
 *
 * @param progress undefined when the sequencer stopped
 * @param own what the workers of all replicas reported
 */
export async function runFailure(
  host: Host,
  { replicas, sequencer }: SchedulePlaces,
  progress: Progress | undefined,
  own: readonly WorkerReport[],
): Promise<MachineRunError> {
  const workers = replicas.flatMap(({ x, y, workers: cores }, replica) =>
    cores.map((core, worker) => ({ role: `worker ${worker} of replica ${replica}`, x, y, core })),
  );
  const reports = await Promise.all(
    [...workers, { role: 'sequencer', ...sequencer }].map((each, index) =>
      reportOf(host, each, own[index]),
    ),
  );
  const pick = (wanted: (index: number) => boolean) =>
    reports.filter((_, index) => wanted(index)).map(({ report }) => report);
  const odd = pick((index) => !reports[index]?.running);
  const waiting = pick((index) => (own[index]?.waits ?? 0) > 0);
  const late = new Set((progress?.missingCores ?? []).slice(0, progress?.missing ?? 0));
  // A sequencer that is silent may have died without a trace.
  const silent = progress === undefined ? pick((index) => index === workers.length) : [];
  const named =
    [odd, waiting, pick((index) => late.has(index)), silent].find(({ length }) => length > 0) ?? [];
  return new MachineRunError(
    what(progress),
    named.slice(0, MOST_REPORTS),
    progress?.batchesDone ?? 0,
  );
}

function what(progress: Progress | undefined): string {
  switch (progress?.state) {
    case SequencerState.TimedOut:
      return `${progress.missing} workers did not report in time`;
    case SequencerState.Failed:
      return `worker ${progress.failedCore} reported status ${progress.failedStatus}`;
    case SequencerState.Refused:
      return 'the sequencer refused the command';
    default:
      return 'the sequencer stopped answering';
  }
}

async function reportOf(
  { controller }: Host,
  core: Omit<CoreReport, 'state' | 'output'>,
  own: WorkerReport | undefined,
): Promise<{ report: CoreReport; running: boolean }> {
  const { state, output, isRunning } = await stateOf(controller, core);
  return { report: { ...core, state: `${state}${waitOf(own)}`, output }, running: isRunning };
}

const WAITS: Readonly<Record<number, string>> = {
  [ReplicaWait.Ready]: 'signals of being ready',
  [ReplicaWait.Sums]: 'sums',
  [ReplicaWait.Words]: 'shared words',
};

function waitOf(report: WorkerReport | undefined): string {
  if (report === undefined || report.waits === ReplicaWait.Nothing) return '';
  const what = WAITS[report.waits] ?? 'something';
  return `, waiting for ${report.missing} packets with ${what} from other replicas`;
}
