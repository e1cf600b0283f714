/** Why a schedule did not come to its end. */
import { CoreState, describeCoreState, describeRunTimeError } from '@spin-tools/scp';
import { SequencerState } from '../../layouts/index.js';
import { type CoreReport, MachineRunError } from '../../machine/errors.js';
import type { Host } from '../../machine/host.js';
import type { Progress } from '../../machine/sequencer.js';
import type { SchedulePlaces } from './place.js';

/** Cores that one error describes. */
const MOST_REPORTS = 8;
/** End of a core's output that is quoted, characters. */
const OUTPUT_CHARACTERS = 400;

/** The error for a command that did not finish. @param progress undefined when the sequencer stopped */
export async function runFailure(
  host: Host,
  { replica, sequencer }: SchedulePlaces,
  progress: Progress | undefined,
): Promise<MachineRunError> {
  const { x, y } = replica;
  const workers = replica.workers.map((core, worker) => ({ role: `worker ${worker}`, x, y, core }));
  const reports = await Promise.all(
    [...workers, { role: 'sequencer', ...sequencer }].map((each) => reportOf(host, each)),
  );
  const odd = reports.filter(({ running }) => !running).map(({ report }) => report);
  const missing = (progress?.missingCores ?? [])
    .slice(0, progress?.missing ?? 0)
    .map((worker) => reports[worker]?.report)
    .filter((report) => report !== undefined);
  const named = odd.length > 0 ? odd : missing;
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
): Promise<{ report: CoreReport; running: boolean }> {
  const { state, runTimeError } = await controller.vcpu(core);
  const output = await controller.iobuf(core);
  const error = state === CoreState.RunTimeError ? ` (${describeRunTimeError(runTimeError)})` : '';
  const report = {
    ...core,
    state: `state ${describeCoreState(state)}${error}`,
    output: output.trim().slice(-OUTPUT_CHARACTERS),
  };
  return { report, running: state === CoreState.Run };
}
