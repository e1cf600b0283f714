/**
 * The block that each core shares with its monitor: 128 bytes of System RAM. Source:
 * spinnaker_tools 4.0 `spinnaker.h` `vcpu_t`.
 */
import { byte, half, padding, struct, text, word, words } from '../layout/struct.js';
import type { PlacedField } from './system-variables.js';

/** Start of the block of virtual core 0; `sv.vcpu_base` says the same. */
export const VCPU_ADDRESS = 0xe5007000;

/** The block of one core. */
export const vcpuLayout = struct('vcpu block', {
  /** Registers r0 to r7 at a run-time error. */
  registers: words(8),
  psr: word,
  stackPointer: word,
  /** Link register at an error; also the program counter found by the watchdog's ping. */
  linkRegister: word,
  runTimeError: byte,
  physicalCore: byte,
  state: byte,
  appId: byte,
  /** Message from monitor to core. */
  mailboxCoreMessage: word,
  /** Message from core to monitor. */
  mailboxMonitorMessage: word,
  /** 0 idle, 1 message, 2 no operation, 3 signal, 4 command. */
  mailboxCoreCommand: byte,
  mailboxMonitorCommand: byte,
  softwareErrors: half,
  /** Address of the file name of the last software error. */
  softwareErrorFile: word,
  softwareErrorLine: word,
  /** When the program was loaded, seconds since 1970. */
  loadTime: word,
  appName: text(16),
  /** First IOBUF block, or 0. */
  iobuf: word,
  /** Version of the core's run-time. */
  softwareVersion: word,
  spare: padding(16),
  user0: word,
  user1: word,
  user2: word,
  user3: word,
});

/** What a core's block says. */
export type Vcpu = ReturnType<typeof vcpuLayout.decode>;

/** Address of a core's block. */
export function vcpuAddress(core: number): number {
  return VCPU_ADDRESS + core * vcpuLayout.size;
}

/** Address of one field of a core's block: `vcpuField(3, 'user0').address`. */
export function vcpuField(core: number, name: keyof Vcpu): PlacedField {
  const place = vcpuLayout.places[name];
  return { ...place, address: vcpuAddress(core) + place.offset };
}

/** States of a core. Source: `cpu_state_t`. */
export const CoreState = {
  Dead: 0,
  PowerDown: 1,
  RunTimeError: 2,
  Watchdog: 3,
  Initialising: 4,
  Wait: 5,
  Sark: 6,
  Run: 7,
  Sync0: 8,
  Sync1: 9,
  Pause: 10,
  Exit: 11,
  Idle: 15,
} as const;

/** A state of {@link CoreState}, 0 to 15. */
export type CoreState = number;

const STATE_NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(CoreState).map(([name, state]) => [state, name]),
);

/** A core state in words. */
export function describeCoreState(state: CoreState): string {
  return STATE_NAMES.get(state) ?? `state ${state}`;
}

const RUN_TIME_ERRORS: Readonly<Record<number, string>> = {
  0: 'none',
  1: 'branch through zero',
  2: 'undefined instruction',
  3: 'SVC instruction',
  4: 'prefetch abort',
  5: 'data abort',
  6: 'unhandled IRQ',
  7: 'unhandled FIQ',
  8: 'unconfigured interrupt vector',
  9: 'abort by the program',
  10: 'out of memory',
  11: 'division by zero',
  12: 'event start failure',
  13: 'software error',
  14: 'IOBUF allocation failure',
  15: 'bad event enable',
  16: 'null pointer',
  17: 'packet start failure',
  18: 'timer start failure',
  19: 'API start failure',
  20: 'software version conflict',
};

/** A run-time error code in words. Source: spinnaker_tools `sark.h` `rte_code`. */
export function describeRunTimeError(code: number): string {
  return RUN_TIME_ERRORS[code] ?? `run-time error ${code}`;
}
