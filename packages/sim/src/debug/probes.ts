/** Several probes on one core: a debugger, a trace and a profile may follow it at the same time. */
import type { ArmCore } from '../arm/arm-core.js';
import type { Cpu } from '../arm/cpu.js';
import type { Probe } from '../arm/single-step.js';

class Probes implements Probe {
  constructor(readonly all: readonly Probe[]) {}

  before(cpu: Cpu): boolean {
    let stops = false;
    for (const probe of this.all) stops = probe.before(cpu) || stops;
    return stops;
  }

  after(cpu: Cpu, cycles: number): void {
    for (const probe of this.all) probe.after(cpu, cycles);
  }
}

/** Adds a probe to those of a core. */
export function addProbe(core: ArmCore, probe: Probe): void {
  setProbes(core, [...probesOf(core), probe]);
}

/** Takes a probe from a core; without any, the core runs at full speed. */
export function removeProbe(core: ArmCore, probe: Probe): void {
  setProbes(
    core,
    probesOf(core).filter((each) => each !== probe),
  );
}

function probesOf({ probe }: ArmCore): readonly Probe[] {
  if (probe === undefined) return [];
  return probe instanceof Probes ? probe.all : [probe];
}

function setProbes(core: ArmCore, all: readonly Probe[]): void {
  core.probe = all.length > 1 ? new Probes(all) : all[0];
}
