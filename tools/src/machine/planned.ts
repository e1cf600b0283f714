/** Machines that need not be there: what graphs and models are planned for. */
import { type Machine, spin3, spin5, triads } from '@spin-tools/machine-model';
import { InvalidArgumentError, Option } from 'commander';
import type { MachineShape } from './options.js';

/** `--machine`, a SpiNN-5 unless told. */
export function plannedMachine(): Option {
  return new Option(
    '--machine <machine>',
    'spin3, spin5 or WxH triads, with "+wrap" behind to join their edges',
  )
    .argParser(machineShape)
    .default({ board: 'spin5' }, 'spin5');
}

/** The machine of a shape, with everything in order. */
export function machineOf(shape: MachineShape): Machine {
  if ('triads' in shape) return triads({ ...shape.triads, wrap: shape.wrap });
  return shape.board === 'spin3' ? spin3() : spin5();
}

function machineShape(value: string): MachineShape {
  if (value === 'spin3' || value === 'spin5') return { board: value };
  const [, width, height, wrap] = /^(\d{1,2})x(\d{1,2})(\+wrap)?$/.exec(value) ?? [];
  if (Number(width) > 0 && Number(height) > 0) {
    return { triads: { width: Number(width), height: Number(height) }, wrap: wrap !== undefined };
  }
  throw new InvalidArgumentError('Give spin3, spin5, or triads such as 2x1 or 2x1+wrap.');
}
