/** Finds out why a command did not come to its end. */
import {
  type CoreAddress,
  CoreState,
  type CoreStateError,
  describeCoreState,
  describeRunTimeError,
  type MachineController,
} from '@spin-tools/scp';
import { DensePhase, DoneStatus, SequencerState } from '../layouts/index.js';
import { vertexName } from '../tiles/index.js';
import type { NetworkMemory } from './core-regions.js';
import { type Deployment, verticesByChip } from './deployment.js';
import { type CoreReport, MachineRunError } from './errors.js';
import type { Host } from './host.js';
import type { Progress } from './sequencer.js';
import { readStatisticsOf } from './statistics.js';

/** Cores that one error describes. */
const MOST_REPORTS = 8;
/** End of a core's output that is quoted, characters. */
const OUTPUT_CHARACTERS = 400;

const STATUS_TEXTS: ReadonlyMap<number, string> = new Map([
  [DoneStatus.BadBatch, 'the batch is too large, or its data slot is empty'],
  [DoneStatus.BadOperation, 'the operation is unknown'],
  [DoneStatus.DmaError, 'a DMA transfer failed'],
  [DoneStatus.BadShift, 'the learning rate leaves the range of the update'],
  [
    DoneStatus.CannotUndo,
    'packets were lost, and an update that clamped weights cannot be taken back to repeat the batch',
  ],
]);

const WAIT_TEXTS: ReadonlyMap<number, string> = new Map([
  [DensePhase.WaitForData, 'DMA of inputs or targets'],
  [DensePhase.WaitForActivations, 'activations'],
  [DensePhase.WaitForPartials, 'partial sums'],
  [DensePhase.WaitForBacks, 'back sums'],
  [DensePhase.WaitForDeltas, 'deltas'],
]);

/**
 * The error for a command that did not finish.
 * @param progress last progress block; undefined when the sequencer stopped
 */
export async function diagnose(
  memory: NetworkMemory,
  progress: Progress | undefined,
): Promise<MachineRunError> {
  const { host, deployment } = memory;
  const suspects = await failedVertices(host, deployment);
  const { sequencer } = deployment.network;
  let what = 'the sequencer stopped answering';
  if (progress?.state === SequencerState.TimedOut) {
    what = `${progress.missing} cores did not report in time`;
    suspects.push(...progress.missingCores.slice(0, progress.missing));
  } else if (progress?.state === SequencerState.Failed) {
    const reason = STATUS_TEXTS.get(progress.failedStatus) ?? `status ${progress.failedStatus}`;
    what = `a core reported a failure: ${reason}`;
    suspects.push(progress.failedCore);
  } else if (progress?.state === SequencerState.Refused) {
    what = 'the sequencer refused the command';
    suspects.push(sequencer);
  } else {
    suspects.push(sequencer);
  }
  const named = [...new Set(suspects)].slice(0, MOST_REPORTS);
  const reports = await Promise.all(
    named.map(async (vertex) => {
      const { isRunning: _, ...report } = await reportOf(host, deployment, vertex);
      const waitsFor = await missingAt(memory, vertex).catch(() => undefined);
      return { ...report, ...(waitsFor !== undefined && { waitsFor }) };
    }),
  );
  return new MachineRunError(what, reports, progress?.batchesDone ?? 0);
}

/** The error for cores that did not start, with what they said. */
export async function diagnoseStart(
  host: Host,
  deployment: Deployment,
  error: CoreStateError,
): Promise<MachineRunError> {
  const isLate = (place: CoreAddress) =>
    error.laggards.some(({ x, y, core }) => x === place.x && y === place.y && core === place.core);
  const late = [...deployment.places.keys()]
    .filter((vertex) => isLate(deployment.places[vertex] as CoreAddress))
    .slice(0, MOST_REPORTS);
  const reports = await Promise.all(late.map((vertex) => reportOf(host, deployment, vertex)));
  const seconds = (error.waitedMs / 1000).toFixed(1);
  const what = `${error.laggards.length} programs did not start in ${seconds} s`;
  return new MachineRunError(what, reports, 0);
}

/** What a core in the middle of a batch said last that it misses. */
async function missingAt(memory: NetworkMemory, vertex: number): Promise<string | undefined> {
  if (vertex >= memory.deployment.tiles.cores.length) return undefined;
  const { running, waitsFor, waitSample, waitPackets, waitExpected } = await readStatisticsOf(
    memory,
    vertex,
  );
  const what = WAIT_TEXTS.get(waitsFor);
  if (running === 0 || what === undefined) return undefined;
  const counted = waitExpected > 0 ? `, ${waitPackets} of ${waitExpected} came` : '';
  return `${what} of sample ${waitSample} of the batch${counted}`;
}

/** Vertices whose program does not run. */
async function failedVertices({ controller }: Host, deployment: Deployment): Promise<number[]> {
  const failed: number[] = [];
  await Promise.all(
    verticesByChip(deployment).map(async ({ x, y, vertices }) => {
      const { coreStates } = await controller
        .chipInformation({ x, y })
        .catch(() => ({ coreStates: [] as readonly CoreState[] }));
      for (const vertex of vertices) {
        const state = coreStates[deployment.places[vertex]?.core ?? 0];
        if (state !== CoreState.Run) failed.push(vertex);
      }
    }),
  );
  return failed;
}

async function reportOf(
  { controller }: Host,
  { places, tiles }: Deployment,
  vertex: number,
): Promise<CoreReport & { readonly isRunning: boolean }> {
  const { x, y, core } = places[vertex] as Deployment['places'][number];
  const at = { x, y, core };
  const dense = tiles.cores[vertex];
  return {
    role: dense ? vertexName(tiles, dense) : 'sequencer',
    ...at,
    ...(await stateOf(controller, at)),
  };
}

/** State and output of a core that failed, or that its chip does not tell. */
export async function stateOf(
  controller: MachineController,
  at: CoreAddress,
): Promise<Pick<CoreReport, 'state' | 'output'> & { readonly isRunning: boolean }> {
  try {
    const { state, runTimeError } = await controller.vcpu(at);
    const output = await controller.iobuf(at);
    const error =
      state === CoreState.RunTimeError ? ` (${describeRunTimeError(runTimeError)})` : '';
    return {
      state: `state ${describeCoreState(state)}${error}`,
      output: output.trim().slice(-OUTPUT_CHARACTERS),
      isRunning: state === CoreState.Run,
    };
  } catch {
    return {
      state: 'no known state, since its chip does not answer',
      output: '',
      isRunning: false,
    };
  }
}
