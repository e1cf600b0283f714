/** Virtual cores: the working cores of a chip, numbered from the monitor on. */
import { CORES } from '../chip/chip.js';

const LINK_BITS = 0x3f;
const FIRST_CORE_BIT = 6;
/** Stands for "none" in both maps. */
const NO_CORE = 0xff;

/** Both directions between physical and virtual cores. */
export class CoreMap {
  /** Virtual core of each physical one, {@link NO_CORE} for those that do not work. */
  readonly toVirtual = new Uint8Array(20).fill(NO_CORE);
  /** Physical core of each virtual one. */
  readonly toPhysical = new Uint8Array(20).fill(NO_CORE);
  private working = 0;

  /** @param workingCores physical cores, one bit each; the lowest is the monitor */
  constructor(workingCores: number) {
    this.assign(workingCores);
  }

  /** Working cores, monitor included. */
  get count(): number {
    return this.working;
  }

  /** Takes a physical core that is not the monitor out of use; the virtual cores after it move up. */
  remove(physical: number): void {
    const left = this.toVirtual.reduce(
      (mask, virtual, core) =>
        virtual === NO_CORE || core === physical ? mask : mask | (1 << core),
      0,
    );
    this.assign(left);
  }

  /** Physical core of a virtual core that exists. */
  physical(virtual: number): number {
    return this.toPhysical[virtual] as number;
  }

  /** A route with its cores in 23:6 numbered physically; cores that do not exist are left away. */
  toPhysicalRoute(route: number): number {
    let physical = route & LINK_BITS;
    for (let core = 0; core < this.count; core++) {
      if (((route >>> (FIRST_CORE_BIT + core)) & 1) === 1) {
        physical |= 1 << (FIRST_CORE_BIT + this.physical(core));
      }
    }
    return physical;
  }

  private assign(workingCores: number): void {
    this.toVirtual.fill(NO_CORE);
    this.toPhysical.fill(NO_CORE);
    this.working = 0;
    for (let physical = 0; physical < CORES; physical++) {
      if (((workingCores >>> physical) & 1) === 0) continue;
      this.toVirtual[physical] = this.working;
      this.toPhysical[this.working] = physical;
      this.working++;
    }
  }
}
