/** Gathers what the report of a training session shows. */
import type { MachineSpread } from '@spin-tools/keras-backend';
import type { LayerPlacement } from '../report/board-picture.js';
import type { Figure, TrainingReport } from '../report/report.js';
import { count } from '../terminal/count.js';
import type { ReadyEngine } from './engine.js';
import { type ModelPlacement, placementOf } from './placement.js';
import { percent, type TrainingFigures, type TrainingOutcome, type TrainingRun } from './train.js';

/** What the predictions assume; docs/predictions.md says more. */
const ASSUMPTIONS = [
  "Time and energy are predicted for a real machine: cores at 200 MHz with the cycle counts of the ARM968, links and routers with the figures of the data sheet, 0.36 W for an idle chip and 1 W for a busy one. Loading the data and the boards' own parts are not included.",
];

/** The report of a run that is over, its engine still open. */
export function reportOf(
  run: TrainingRun,
  engine: ReadyEngine,
  { figures, history }: TrainingOutcome,
): TrainingReport {
  const placed = placementOf(run.model);
  return {
    title: `${run.model.name} on ${engine.name}`,
    summary: summaryOf(run),
    figures: labelledFigures(figures, run),
    history: { loss: history.history.loss ?? [], accuracy: history.history.accuracy ?? [] },
    chips: placed?.machine.chips ?? [],
    layers: placed ? layerPlacements(placed) : [],
    ...trafficOf(engine, placed),
    notes: placed ? ASSUMPTIONS : [],
  };
}

/** The figures as a human reads them, in both the terminal and the report. */
export function labelledFigures(
  figures: TrainingFigures,
  { training, heldOut }: Pick<TrainingRun, 'training' | 'heldOut'>,
): Figure[] {
  const judged = heldOut === training ? 'training samples' : 'held out';
  const { predictedSeconds, predictedJoules, packetsSent, packetsDropped, layers } = figures;
  const whole = (value: number) => value.toLocaleString('en');
  return [
    [`accuracy, ${judged}`, percent(figures.accuracy)],
    [`loss, ${judged}`, figures.loss.toFixed(4)],
    ['samples/s here', whole(Math.round(figures.samplesPerSecond))],
    ...maybe('time on a board', predictedSeconds, (value) => `${value.toPrecision(3)} s`),
    ...maybe('energy on a board', predictedJoules, (value) => `${value.toPrecision(3)} J`),
    ...maybe('packets sent', packetsSent, whole),
    ...maybe('packets dropped', packetsDropped, whole),
    ...spreadOf(figures),
    ...countsOf(layers, 'saturations', 'values clamped'),
    ...countsOf(layers, 'underflows', 'gradients vanished'),
  ];
}

/** What computed a schedule, and what a board would do it with. */
function spreadOf({ spread }: TrainingFigures): Figure[] {
  if (spread === null) return [];
  const { board } = spread;
  const text = ({ chips, workers, batchSeconds }: MachineSpread) =>
    `${count(chips, 'chip')} with ${count(workers, 'core')}, ${batchSeconds.toPrecision(3)} s a batch`;
  if (board === undefined) return [['computed by', text(spread)]];
  return [
    ['simulated with', text(spread)],
    ['quickest on a board', text(board)],
  ];
}

/** A line for each layer where something was counted. */
function countsOf(
  layers: TrainingFigures['layers'],
  kind: 'saturations' | 'underflows',
  label: string,
): Figure[] {
  return Object.entries(layers ?? {}).flatMap(([name, counts]): Figure[] => {
    const count = counts[kind] ?? 0;
    return count === 0 ? [] : [[`${label}, ${name}`, count.toLocaleString('en')]];
  });
}

function maybe(label: string, value: number | null, format: (value: number) => string): Figure[] {
  return value === null ? [] : [[label, format(value)]];
}

function summaryOf({
  model,
  training,
  epochs,
  batchSize,
  optimizer,
  loss,
  mode,
  choice,
}: TrainingRun): string {
  const layers = model.layers.flatMap((layer) => {
    if (layer.className === 'Dense') return [`${layer.units} ${layer.activation}`];
    return layer.className === 'InputLayer' ? [] : [layer.className];
  });
  const { kind, learningRate } = optimizer;
  const rate = typeof learningRate === 'number' ? learningRate : learningRate.kind;
  const loses = typeof loss === 'string' ? loss : JSON.stringify(loss);
  const numbers = choice.engine === 'float' ? 'float32' : `number mode ${mode}`;
  return (
    `${training.features} inputs, ${layers.join(', ')}; ${loses}, ${kind.toUpperCase()} ${rate}, ` +
    `batches of ${batchSize}, ${epochs} epochs of ${training.count.toLocaleString('en')} samples, ${numbers}.`
  );
}

function layerPlacements({ parts, sequencer }: ModelPlacement): LayerPlacement[] {
  return [
    ...parts,
    { name: 'sequencer', description: 'starts batches, counts what is done', cores: [sequencer] },
  ];
}

/** What goes over links: as counted where the machine counts, else as mapped. */
function trafficOf(
  { linkTraffic }: ReadyEngine,
  placed: ModelPlacement | undefined,
): Pick<TrainingReport, 'traffic' | 'trafficUnit'> {
  if (placed === undefined) return { traffic: [], trafficUnit: '' };
  if (linkTraffic) return { traffic: linkTraffic(), trafficUnit: 'packets in all' };
  return { traffic: placed.mapped, trafficUnit: 'packets a sample, as mapped' };
}
