/**
 * What the sensors of a board show. Firmware 2.1.2 switches the supplies of 1.2 V, 1.8 V and the FPGAs only
 * (`set_power`): 3.3 V and 12 V, which the management processor itself lives on, are there always.
 */
import {
  ADC_FULL_SCALE_VOLTS,
  ADC_STEPS,
  boardStatusLayout,
  NO_SENSOR,
  NOT_MEASURED,
  TEMPERATURE_STEPS,
} from '@spin-tools/scp';

/** What there is to measure. */
export interface Sensed {
  readonly isOn: boolean;
  /** Whether the board has sensors on a backplane. */
  readonly controlsBackplane: boolean;
  /** Whether the board watches fans. */
  readonly watchesFans: boolean;
  /** Tells boards apart. */
  readonly seed: number;
}

/** Volts, degrees and revolutions of a healthy board. Estimates, within the firmware's limits. */
const USUAL = { on: 34, off: 24, backplane: 26, fanRpm: 2400 } as const;
/** Deviations, each to both sides: V in parts, degrees, revolutions. */
const SPREAD = { volts: 0.005, degrees: 2, fanRpm: 60 } as const;
/** Fans are counted by half turns a second, four to a turn. Source: `read_fans`, 15 rpm a count. */
const FAN_STEP_RPM = 15;
/** Sensors on boards resolve half a degree. An estimate: LM75. */
const DEGREE_STEP = 0.5;

/** The status of a board as its processor keeps it, 48 bytes. */
export function boardStatusBytes({
  isOn,
  controlsBackplane,
  watchesFans,
  seed,
}: Sensed): Uint8Array {
  const near = (usual: number, spread: number, channel: number): number =>
    usual + spread * deviation(seed, channel);
  const volts = (usual: number, fullScale: number, channel: number): number =>
    Math.round((near(usual, usual * SPREAD.volts, channel) / fullScale) * ADC_STEPS);
  const switched = (usual: number, channel: number): number =>
    isOn ? volts(usual, ADC_FULL_SCALE_VOLTS.direct, channel) : 0;
  const degrees = (usual: number, channel: number): number =>
    inSteps(near(usual, SPREAD.degrees, channel), DEGREE_STEP) * TEMPERATURE_STEPS;
  const outside = (channel: number): number =>
    controlsBackplane ? degrees(USUAL.backplane, channel) : NO_SENSOR;
  const fan = (channel: number): number =>
    watchesFans ? inSteps(near(USUAL.fanRpm, SPREAD.fanRpm, channel), FAN_STEP_RPM) : NOT_MEASURED;
  const inside = isOn ? USUAL.on : USUAL.off;
  return boardStatusLayout.encode({
    adc0: NOT_MEASURED,
    adc1: switched(1.2, 1),
    adc2: switched(1.2, 2),
    adc3: switched(1.2, 3),
    adc4: switched(1.8, 4),
    adc5: NOT_MEASURED,
    adc6: volts(3.3, ADC_FULL_SCALE_VOLTS.io3V3, 6),
    adc7: volts(12, ADC_FULL_SCALE_VOLTS.input12V, 7),
    internal0: degrees(inside, 8),
    internal1: degrees(inside, 9),
    internal2: NO_SENSOR,
    internal3: NO_SENSOR,
    external0: outside(10),
    external1: outside(11),
    external2: NO_SENSOR,
    external3: NO_SENSOR,
    fan0: fan(12),
    fan1: fan(13),
    fan2: fan(14),
    fan3: watchesFans ? 0 : NOT_MEASURED,
  });
}

function inSteps(value: number, step: number): number {
  return Math.round(value / step) * step;
}

/** From -1 to 1, the same for the same seed and channel. */
function deviation(seed: number, channel: number): number {
  let hash = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(channel + 1, 0xc2b2ae35);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  hash ^= hash >>> 13;
  return (hash >>> 0) / 0x7fffffff - 1;
}
