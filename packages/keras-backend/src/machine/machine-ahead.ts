/** What a machine will be, before it is opened. */
import { type Machine, spin3, spin5, triads } from '@spin-tools/machine-model';
import type { MachineEngineOptions } from './options.js';

/** The virtual machine that the options name; undefined of others, which have to be asked. */
export function machineAhead({
  machine = 'virtual',
  transport,
  virtualMachine,
  board = 'spin5',
  triads: size,
}: MachineEngineOptions): Machine | undefined {
  if (virtualMachine) return virtualMachine.machine;
  if (machine !== 'virtual' || transport) return undefined;
  if (size) return triads({ ...size, wrap: true });
  return board === 'spin3' ? spin3() : spin5();
}
