/** An ARM core of a chip that another thread runs, as monitors see it. */
import { ArmCore } from '../arm/arm-core.js';
import { DTCM_BASE, DTCM_BYTES, ITCM_BYTES } from '../arm/memory.js';
import { BusError, type ChipBus } from '../core/core.js';
import type { RemoteBoards } from './remote-boards.js';

/** Passes on what a monitor does; by itself it does nothing. */
export class RemoteCore extends ArmCore {
  constructor(
    id: number,
    chip: ChipBus,
    private readonly index: number,
    private readonly boards: RemoteBoards,
    isCounted: boolean,
  ) {
    super(id, chip, false);
    boards.post('newArmCore', index, id, isCounted);
  }

  /** The other thread brings it to the present when it is started. */
  override run(): void {}

  override start(entry: number, argument = 0, thumb = false): void {
    this.boards.post('startCore', this.index, this.id, entry, argument, thumb);
  }

  override stop(): void {
    this.boards.post('stopCore', this.index, this.id);
  }

  override readTcm(address: number, length: number): Uint8Array {
    return this.boards.ask('readTcm', this.index, this.id, address, length);
  }

  override writeTcm(address: number, bytes: Uint8Array): void {
    const isCode = address >= 0 && address + bytes.length <= ITCM_BYTES;
    const isData = address >= DTCM_BASE && address + bytes.length <= DTCM_BASE + DTCM_BYTES;
    if (!isCode && !isData) throw new BusError(address);
    this.boards.post('writeTcm', this.index, this.id, address, bytes);
  }
}
