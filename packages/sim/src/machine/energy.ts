/**
 * Energy that a run would take on a real machine, from what the run did.
 *
 * The model is the one that the SpiNNaker tool chain reports energy with: a chip at rest, its cores
 * while awake, every packet at every router, and the FPGAs that join boards. Frames, fans, power
 * supplies and the host are left out.
 */
import type { MachineStatistics } from './statistics.js';

/** Power of a chip whose cores all sleep, watts. Source: Painkras et al., "SpiNNaker: a 1-W 18-core system-on-chip", 2013, as used by SpiNNFrontEndCommon. */
const IDLE_CHIP_WATTS = 0.36;
/** Power of a chip whose 18 cores all compute, watts. Source: as {@link IDLE_CHIP_WATTS}. */
const BUSY_CHIP_WATTS = 1;
const CORES_OF_A_CHIP = 18;
/** What one awake core adds, watts. */
const AWAKE_CORE_WATTS = (BUSY_CHIP_WATTS - IDLE_CHIP_WATTS) / CORES_OF_A_CHIP;
/** Energy of one packet in one router and on the way to it, joules. Source: as {@link IDLE_CHIP_WATTS}. */
const PACKET_JOULES = 0.8e-9;
/** Power of one FPGA between boards, watts. Source: measured figure in SpiNNFrontEndCommon. */
const FPGA_WATTS = 0.584635;
/** FPGAs of a 48-chip board; they are used only where boards are joined. Source: SpiNN-5 board description. */
const FPGAS_OF_A_BOARD = 3;

/** What of the statistics costs energy. */
export type EnergyInputs = Pick<
  MachineStatistics,
  'timeNs' | 'boards' | 'chips' | 'awakeNs' | 'packetsSent' | 'linkPackets' | 'boardCrossings'
>;

/** Energy of a run by cause, all in joules. */
export interface EnergyEstimate {
  /** Sum of the parts. */
  readonly joules: number;
  /** Chips being powered. */
  readonly idleJoules: number;
  /** Cores being awake. */
  readonly coreJoules: number;
  /** Packets passing routers. */
  readonly packetJoules: number;
  /** FPGAs joining boards. */
  readonly fpgaJoules: number;
}

/**
 * Energy of what `statistics` counts.
 *
 * @param statistics - of a whole run, or the difference between two moments
 */
export function energy(statistics: EnergyInputs): EnergyEstimate {
  const seconds = statistics.timeNs * 1e-9;
  const routed = statistics.packetsSent + statistics.linkPackets + statistics.boardCrossings;
  const joinedBoards = statistics.boards > 1 ? statistics.boards : 0;
  const idleJoules = statistics.chips * IDLE_CHIP_WATTS * seconds;
  const coreJoules = statistics.awakeNs * 1e-9 * AWAKE_CORE_WATTS;
  const packetJoules = routed * PACKET_JOULES;
  const fpgaJoules = joinedBoards * FPGAS_OF_A_BOARD * FPGA_WATTS * seconds;
  return {
    joules: idleJoules + coreJoules + packetJoules + fpgaJoules,
    idleJoules,
    coreJoules,
    packetJoules,
    fpgaJoules,
  };
}
