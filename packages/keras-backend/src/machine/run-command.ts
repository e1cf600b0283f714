/** The sequencer's command for a run. */
import { scaleFactor } from '@spin-tools/sim/fixed';
import type { RunRequest } from '../engine.js';
import { RunFlag, SequencerOperation } from '../layouts/index.js';
import type { Command } from './sequencer.js';

/**
 * The command for one pass over some samples.
 * @param keepsOutputs whether the outputs of all samples are left in SDRAM
 */
export function runCommand(request: RunRequest, samples: number, keepsOutputs: boolean): Command {
  const { mode, slot, batchSize, shuffleSeed } = request;
  const rate = request.learningRate ?? 1;
  const whole = scaleFactor(rate / batchSize);
  const left = samples % batchSize;
  const last = left === 0 ? whole : scaleFactor(rate / left);
  return {
    operation: SequencerOperation.Run,
    flags:
      (mode === 'train' ? RunFlag.Train : 0) |
      (shuffleSeed !== undefined ? RunFlag.Shuffle : 0) |
      (keepsOutputs ? RunFlag.KeepOutputs : 0) |
      (slot << RunFlag.SlotShift),
    samples,
    firstSample: 0,
    endSample: samples,
    batch: batchSize,
    seed: shuffleSeed ?? 0,
    mantissa: whole.mantissa,
    exponent: whole.exponent,
    lastMantissa: last.mantissa,
    lastExponent: last.exponent,
  };
}
