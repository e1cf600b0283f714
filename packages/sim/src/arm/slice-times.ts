/** Times of the slices in which a core runs, in cycles. */
import { WINDOW_NS } from '../core/core.js';

/** Nanoseconds per cycle at the 200 MHz that the monitor sets. Source: SC&MP's clock set-up. */
export const NANOSECONDS_PER_CYCLE = 5;

/** Length of the windows in which cores run ahead of each other. */
export const WINDOW_CYCLES = WINDOW_NS / NANOSECONDS_PER_CYCLE;

/** Most cycles run at once: keeps the counters of a slice inside 16 bits. */
export const LONGEST_SLICE = 32768;
/** What entering an interrupt takes: the pipeline is refilled. */
export const ENTRY_CYCLES = 3;
