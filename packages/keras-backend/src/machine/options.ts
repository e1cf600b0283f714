/** What the user says about the machine. */
import type { Transport } from '@spin-tools/scp';
import type { VirtualMachine } from '@spin-tools/sim';
import type { Tiling } from '../tiles/index.js';

/** A machine in the network, or a virtual one that is served over UDP. */
export interface MachineAddress {
  /** Name or IP address. */
  readonly host: string;
  /** UDP port of SCP. Default 17893. */
  readonly scpPort?: number;
  /** UDP port of the boot ROM. Default 54321. */
  readonly bootPort?: number;
}

/** Ways to a machine. */
export interface MachineTransports {
  readonly scp: Transport;
  /** To its boot ROM; needed unless the machine is up. */
  readonly boot?: Transport;
}

/** Options of the `machine` engine. */
export interface MachineEngineOptions {
  /** Default: a virtual machine in this process. */
  readonly machine?: 'virtual' | MachineAddress;
  /** Kind of board: what the virtual machine is, and how a real one is booted. Default `spin5`. */
  readonly board?: 'spin3' | 'spin5';
  /** Size of a virtual machine of several boards, in triads (three boards each). Its edges are joined. */
  readonly triads?: { readonly width: number; readonly height: number };
  /**
   * Transports to a machine, in place of `machine`; the engine closes them. A function opens them anew for each engine
   * that a model needs.
   */
  readonly transport?: MachineTransports | (() => Promise<MachineTransports>);
  /** A virtual machine to use, in place of one of the engine's own. It stays open. */
  readonly virtualMachine?: VirtualMachine;
  /** Tile shapes: for all layers, or for each. Default: chosen by the engine. */
  readonly tiling?: Tiling;
  /** Cores of a chip that compute networks of other layers than Dense; all unless told. */
  readonly workers?: number;
  /**
   * Chips that train such a network together, each with all weights and its part of every batch: at least 1, and no
   * more than the machine has. See {@link MachineEngineOptions.chooseFor} unless told. Results do not depend on it.
   */
  readonly replicas?: number;
  /**
   * What chips are chosen for, unless `replicas` says how many: `board`, the shortest batch by the cost model;
   * `simulation`, as few as have room, which are simulated soonest. Default: `simulation` on a virtual machine of the
   * engine's own, else `board`.
   */
  readonly chooseFor?: 'board' | 'simulation';
  /**
   * Most bytes of SDRAM that a data set of such a network may take; larger ones are sent piece by piece. What is free
   * unless told.
   */
  readonly dataBytes?: number;
  /** Application identifier, 17 to 253; the next one is used as well. Default 66. */
  readonly appId?: number;
  /** Called when a stage of the preparation begins. */
  readonly onStage?: (stage: MachineStage) => void;
}

/** Stages of the preparation, in their order. */
export type MachineStage = 'boot' | 'discover' | 'map' | 'load' | 'start';
