/** Probes for cores that run a program now, and for those that will. */
import type { ArmCore } from '../arm/arm-core.js';
import type { Probe } from '../arm/single-step.js';
import type { VirtualMachine } from '../machine/virtual-machine.js';
import { DebuggedCore } from './core.js';
import { addProbe, removeProbe } from './probes.js';

/**
 * Gives each ARM core that `probeFor` has a probe for this probe, from now on or from the start of its first
 * program on. The result takes all of them back.
 */
export function attachProbes(
  machine: VirtualMachine,
  probeFor: (core: DebuggedCore, arm: ArmCore) => Probe | undefined,
): () => void {
  const inspection = machine.inspect();
  const attached = new Map<ArmCore, Probe>();
  const attach = (chip: number, physical: number) => {
    const core = new DebuggedCore(inspection, chip, physical);
    const { arm } = core;
    if (arm === undefined || attached.has(arm)) return;
    const probe = probeFor(core, arm);
    if (probe === undefined) return;
    attached.set(arm, probe);
    addProbe(arm, probe);
  };
  for (const [number, { ports }] of inspection.chips.entries()) {
    for (const physical of ports.keys()) attach(number, physical);
  }
  const forget = inspection.onCorePlaced(({ index }, physical) => attach(index, physical));
  return () => {
    forget();
    for (const [arm, probe] of attached) removeProbe(arm, probe);
    attached.clear();
  };
}

/** Which cores are meant: by place and virtual number, or all. */
export type CoreChoice =
  | 'all'
  | readonly { readonly x: number; readonly y: number; readonly core: number }[];

/** Whether a core is among those that are meant. */
export function isChosen(choice: CoreChoice, { place, virtual, physical }: DebuggedCore): boolean {
  if (choice === 'all') return true;
  const number = virtual ?? physical;
  return choice.some(({ x, y, core }) => x === place.x && y === place.y && core === number);
}
