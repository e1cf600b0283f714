/** What lets the time of a machine pass. */

/** The clock of a whole machine. */
export interface Clock {
  /** Simulated time, ns: every core that is awake has reached it. */
  readonly time: number;
  /** Time is to stand still as soon as it can. */
  isHeld: boolean;
  /** Whether nothing will ever happen by itself. */
  readonly isIdle: boolean;
  /** Time of the next thing that happens by itself, ns; the present while a core is awake. */
  readonly nextTime: number;
  /** Time of the next thing that is done in the machine but by a core or a router, ns. */
  readonly nextAction: number;
  /** Something is done `delay` ns from now. */
  after(delay: number, action: () => void): void;
  /** Something is done `delay` ns from now if time gets that far: the machine is idle while only such waits. */
  background(delay: number, action: () => void): void;
  /** Lets time pass in which nothing happens, see {@link nextTime}. */
  skipTo(time: number): void;
  /**
   * Simulates the shortest time that there is; returns how much there was to do, as a number of cores and events.
   *
   * @param limit time that may not be passed if something longer is simulated, ns
   */
  runQuantum(limit?: number): number;
}
