/** What the engine needs of the machine that it runs on. */
import type { Machine } from '@spin-tools/machine-model';
import type { ChipAddress, MachineController } from '@spin-tools/scp';

/** A machine that is booted and known. */
export interface Host {
  readonly controller: MachineController;
  readonly machine: Machine;
  /** Milliseconds of the machine's own time: simulated on a virtual machine, else of the wall clock. */
  now(): number;
  /** Milliseconds that the clock of a chip says; absent where {@link now} is as good. */
  chipMs?(chip: ChipAddress): Promise<number>;
  /** Packets that went over each link so far, where the machine tells. */
  linkTraffic?(): readonly LinkTraffic[];
  /** Gives the machine back. */
  close(): Promise<void>;
}

/** Packets over one link. */
export interface LinkTraffic {
  readonly x: number;
  readonly y: number;
  readonly link: number;
  readonly packets: number;
}

/** Application identifiers of an engine. Signals for the sequencer do not wake the dense cores. */
export interface ApplicationIds {
  readonly dense: number;
  readonly sequencer: number;
}
