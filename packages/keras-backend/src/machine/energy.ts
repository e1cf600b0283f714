/**
 * Energy that a run takes on a real machine.
 *
 * Powers and energies are those that sPyNNaker's energy report uses (SpiNNFrontEndCommon
 * `compute_energy_used`): 0.36 W for an idle chip, 1 W for one with all 18 cores busy, 0.8 nJ for a
 * packet. Boards' own parts (FPGAs, power supply) are left out.
 */

/** Watts of a chip whose cores all sleep. */
const IDLE_CHIP_WATTS = 0.36;
/** Watts that each busy core adds: (1 W - 0.36 W) / 18. */
const BUSY_CORE_WATTS = (1 - IDLE_CHIP_WATTS) / 18;
/** Joules of each packet sent. */
const PACKET_JOULES = 0.8e-9;
/** Core cycles a second: 200 MHz, as the monitor sets it. */
export const CORE_HERTZ = 200e6;

/** What a run did. */
export interface RunWork {
  readonly seconds: number;
  /** Core cycles not spent asleep, over all cores. */
  readonly busyCycles: number;
  readonly packets: number;
  /** Chips that are powered. */
  readonly chips: number;
}

/** Joules of a run. */
export const joulesOf = ({ seconds, busyCycles, packets, chips }: RunWork): number =>
  chips * IDLE_CHIP_WATTS * seconds +
  (busyCycles / CORE_HERTZ) * BUSY_CORE_WATTS +
  packets * PACKET_JOULES;
