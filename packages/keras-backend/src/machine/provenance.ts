/** What every core did in the last run: where its cycles went, how full its queue got, what was out of order. */
import { DensePhase } from '../layouts/index.js';
import { type DenseCore, RECEIVE_CYCLES, SEND_CYCLES, vertexName } from '../tiles/index.js';
import { type Deployment, placeOf } from './deployment.js';
import { type DenseStatistics, saturationsOf } from './statistics.js';

/** Core cycles by what a core did, or waited for. Handling of packets counts for what it interrupted. */
export interface PhaseCycles {
  /** Partial sums. */
  readonly forward: number;
  /** Activations, loss, and deltas of an output layer. */
  readonly activate: number;
  /** Deltas of a hidden layer. */
  readonly delta: number;
  /** Back sums. */
  readonly back: number;
  /** Gradient and update. */
  readonly update: number;
  /** Control packets, sample numbers, looking for work. */
  readonly other: number;
  /** Asleep until the next batch: the end of the slowest core, and the sequencer. */
  readonly waitForBatch: number;
  /** Asleep until DMA brings inputs or targets. */
  readonly waitForData: number;
  readonly waitForActivations: number;
  readonly waitForPartials: number;
  readonly waitForBacks: number;
  readonly waitForDeltas: number;
  /** Asleep until the send queue has room. */
  readonly waitForQueue: number;
}

/** Provenance of one core, for the last run. */
export interface CoreProvenance {
  /** Such as `hidden tile 3,0`. */
  readonly name: string;
  /** Name of its layer. */
  readonly layer: string;
  readonly x: number;
  readonly y: number;
  readonly core: number;
  readonly cycles: PhaseCycles;
  readonly packetsSent: number;
  readonly packetsReceived: number;
  /** Packets for samples that were complete, and of classes that the core does not take: 0 unless something is wrong. */
  readonly packetsLate: number;
  readonly packetsUnexpected: number;
  /** Most packets that waited in its send queue, of 256. */
  readonly sendQueueHighWater: number;
  /** Most bytes of the main stack ever used. */
  readonly stackBytes: number;
  /** Bytes of DTCM that its buffers take. */
  readonly bufferBytes: number;
  /** Values that were clamped to their format. */
  readonly saturations: number;
}

/** Where the cycles of a layer's cores went, as shares of their sum: they add up to 1. */
export interface LayerTime {
  readonly layer: string;
  readonly cores: number;
  /** Arithmetic, without what packets took. */
  readonly compute: number;
  /** Interrupts of packets that came and went, as measured for one. */
  readonly packets: number;
  /** Asleep until DMA brings samples. */
  readonly dma: number;
  /** Asleep until packets of other cores come, or the send queue has room. */
  readonly wait: number;
  /** Asleep between the end of its batch and the beginning of the next. */
  readonly barrier: number;
}

/** Provenance of all dense cores, by index. */
export const provenanceOf = (
  deployment: Deployment,
  statistics: readonly DenseStatistics[],
): CoreProvenance[] =>
  statistics.map((counts, index) => {
    const core = deployment.tiles.cores[index] as DenseCore;
    const { x, y, core: virtualCore } = placeOf(deployment, core);
    return {
      name: vertexName(deployment.tiles, core),
      layer: deployment.plan.layers[core.layer]?.name ?? '',
      ...{ x, y, core: virtualCore },
      cycles: phasesOf(counts),
      packetsSent: counts.packetsSent,
      packetsReceived: counts.packetsReceived,
      packetsLate: counts.packetsLate,
      packetsUnexpected: counts.packetsUnexpected,
      sendQueueHighWater: counts.sendQueueHighWater,
      stackBytes: counts.stackBytes,
      bufferBytes: counts.arenaBytes,
      saturations: saturationsOf(counts),
    };
  });

function phasesOf({ phaseCycles }: DenseStatistics): PhaseCycles {
  const of = (phase: number): number => Number(phaseCycles[phase]);
  return {
    forward: of(DensePhase.Forward),
    activate: of(DensePhase.Activate),
    delta: of(DensePhase.Delta),
    back: of(DensePhase.Back),
    update: of(DensePhase.Update),
    other: of(DensePhase.Other),
    waitForBatch: of(DensePhase.WaitForBatch),
    waitForData: of(DensePhase.WaitForData),
    waitForActivations: of(DensePhase.WaitForActivations),
    waitForPartials: of(DensePhase.WaitForPartials),
    waitForBacks: of(DensePhase.WaitForBacks),
    waitForDeltas: of(DensePhase.WaitForDeltas),
    waitForQueue: of(DensePhase.WaitForQueue),
  };
}

/** Where the time went, layer by layer. */
export function layerTimes(cores: readonly CoreProvenance[]): LayerTime[] {
  return [...new Set(cores.map(({ layer }) => layer))].map((layer) => {
    const own = cores.filter((core) => core.layer === layer);
    const sum = (value: (core: CoreProvenance) => number): number =>
      own.reduce((total, core) => total + value(core), 0);
    const total = sum(({ cycles }) => Object.values(cycles).reduce((all, each) => all + each, 0));
    const handling = sum(
      ({ packetsSent, packetsReceived }) =>
        packetsSent * SEND_CYCLES + packetsReceived * RECEIVE_CYCLES,
    );
    const awake = sum(
      ({ cycles: { forward, activate, delta, back, update, other } }) =>
        forward + activate + delta + back + update + other,
    );
    const packets = Math.min(handling, awake);
    const share = (cycles: number): number => (total === 0 ? 0 : cycles / total);
    return {
      layer,
      cores: own.length,
      compute: share(awake - packets),
      packets: share(packets),
      dma: share(sum(({ cycles }) => cycles.waitForData)),
      wait: share(
        sum(
          ({ cycles }) =>
            cycles.waitForActivations +
            cycles.waitForPartials +
            cycles.waitForBacks +
            cycles.waitForDeltas +
            cycles.waitForQueue,
        ),
      ),
      barrier: share(sum(({ cycles }) => cycles.waitForBatch)),
    };
  });
}
