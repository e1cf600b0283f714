/** The structures of the monitor in the memory of its chip, by name. */
import {
  SYSTEM_VARIABLES_ADDRESS,
  type SystemVariables,
  systemVariablesLayout,
  type Vcpu,
  vcpuAddress,
  vcpuLayout,
} from '@spin-tools/scp';
import { type Chip, MONITOR_ACCESS } from '../chip/chip.js';
import type { CommonWrite } from '../chip/sdram.js';

type Numeric<T> = { [K in keyof T]: T[K] extends number ? K : never }[keyof T];
/** System variables that are one number. */
export type NumericVariable = Numeric<SystemVariables>;
/** Fields of a core's block that are one number. */
export type NumericVcpuField = Numeric<Vcpu>;

/** Reads and writes the memory of a chip. */
export class MonitorMemory {
  constructor(readonly chip: Chip) {}

  word(address: number): number {
    return this.chip.read(MONITOR_ACCESS, address, 4);
  }

  setWord(address: number, value: number): void {
    this.chip.write(MONITOR_ACCESS, address, value >>> 0, 4);
  }

  half(address: number): number {
    return this.chip.read(MONITOR_ACCESS, address, 2);
  }

  setHalf(address: number, value: number): void {
    this.chip.write(MONITOR_ACCESS, address, value & 0xffff, 2);
  }

  bytes(address: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    this.chip.copyOut(address, bytes);
    return bytes;
  }

  setBytes(address: number, bytes: Uint8Array): void {
    this.chip.copyIn(address, bytes);
  }

  /** Sets bytes that many chips get, by one `write` for all. */
  setCommonBytes(address: number, bytes: Uint8Array, write: CommonWrite): void {
    this.chip.copyInCommon(address, bytes, write);
  }

  /** A system variable. */
  variable(name: NumericVariable): number {
    const { offset, size } = systemVariablesLayout.places[name];
    return this.chip.read(MONITOR_ACCESS, SYSTEM_VARIABLES_ADDRESS + offset, size as 1 | 2 | 4);
  }

  setVariable(name: NumericVariable, value: number): void {
    const { offset, size } = systemVariablesLayout.places[name];
    this.chip.write(MONITOR_ACCESS, SYSTEM_VARIABLES_ADDRESS + offset, value, size as 1 | 2 | 4);
  }

  /** Sets the 64-bit count of milliseconds since the start. */
  setClockMs(ms: number): void {
    const address = SYSTEM_VARIABLES_ADDRESS + systemVariablesLayout.places.clockMs.offset;
    this.setWord(address, ms % 2 ** 32);
    this.setWord(address + 4, Math.floor(ms / 2 ** 32));
  }

  /** A field of a virtual core's block. */
  vcpu(core: number, name: NumericVcpuField): number {
    const { offset, size } = vcpuLayout.places[name];
    return this.chip.read(MONITOR_ACCESS, vcpuAddress(core) + offset, size as 1 | 2 | 4);
  }

  setVcpu(core: number, name: NumericVcpuField, value: number): void {
    const { offset, size } = vcpuLayout.places[name];
    this.chip.write(MONITOR_ACCESS, vcpuAddress(core) + offset, value, size as 1 | 2 | 4);
  }
}
