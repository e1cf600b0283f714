/** Voltages, temperatures and fans of a board. Source: BMP firmware 2.1.2, `board_stat_t`; scales from rig. */
import { half, struct, word } from '../layout/struct.js';

/** A board's status as it lies in memory. */
export const boardStatusLayout = struct('board status', {
  adc0: half,
  adc1: half,
  adc2: half,
  adc3: half,
  adc4: half,
  adc5: half,
  adc6: half,
  adc7: half,
  internal0: half,
  internal1: half,
  internal2: half,
  internal3: half,
  external0: half,
  external1: half,
  external2: half,
  external3: half,
  fan0: half,
  fan1: half,
  fan2: half,
  fan3: half,
  warnings: word,
  shutdowns: word,
});

/** Voltages of the supplies, V; undefined when not measured yet. */
export interface SupplyVoltages {
  readonly core1V2A: number | undefined;
  readonly core1V2B: number | undefined;
  readonly core1V2C: number | undefined;
  readonly memory1V8: number | undefined;
  readonly io3V3: number | undefined;
  readonly input12V: number | undefined;
}

/** How a board is. */
export interface BoardStatus {
  readonly volts: SupplyVoltages;
  /** Degrees Celsius; undefined where there is no sensor. */
  readonly celsius: {
    readonly top: number | undefined;
    readonly bottom: number | undefined;
    /** On the backplane; only of a board that controls one. */
    readonly external: readonly (number | undefined)[];
  };
  /** Revolutions a minute of fans 0 to 3; undefined where no fan is watched. */
  readonly fansRpm: readonly (number | undefined)[];
  /** Limits that are passed: bits 7:0 voltages, 11:8 and 15:12 temperatures inside and outside, 19:16 fans. */
  readonly warnings: number;
  /** The same for the limits at which the board switched itself off. */
  readonly shutdowns: number;
}

/** V of a full reading of 4096, by channel: 2.5 V directly, the others through dividers. */
export const ADC_FULL_SCALE_VOLTS = { direct: 2.5, io3V3: 3.75, input12V: 15 } as const;
/** Steps of the converter. */
export const ADC_STEPS = 4096;
/** Steps of one degree. */
export const TEMPERATURE_STEPS = 256;
/** Stands for a channel without a reading, or a fan that is not watched. */
export const NOT_MEASURED = 0xffff;
/** Stands for a temperature without a sensor. */
export const NO_SENSOR = 0x8000;

/** Reads a status. Throws MalformedMessageError when it is too short. */
export function boardStatusOf(payload: Uint8Array): BoardStatus {
  const raw = boardStatusLayout.decode(payload);
  return {
    volts: {
      core1V2A: volts(raw.adc3, ADC_FULL_SCALE_VOLTS.direct),
      core1V2B: volts(raw.adc2, ADC_FULL_SCALE_VOLTS.direct),
      core1V2C: volts(raw.adc1, ADC_FULL_SCALE_VOLTS.direct),
      memory1V8: volts(raw.adc4, ADC_FULL_SCALE_VOLTS.direct),
      io3V3: volts(raw.adc6, ADC_FULL_SCALE_VOLTS.io3V3),
      input12V: volts(raw.adc7, ADC_FULL_SCALE_VOLTS.input12V),
    },
    celsius: {
      top: celsius(raw.internal0),
      bottom: celsius(raw.internal1),
      external: [celsius(raw.external0), celsius(raw.external1)],
    },
    fansRpm: [raw.fan0, raw.fan1, raw.fan2, raw.fan3].map((rpm) =>
      rpm === NOT_MEASURED ? undefined : rpm,
    ),
    warnings: raw.warnings,
    shutdowns: raw.shutdowns,
  };
}

function volts(reading: number, fullScale: number): number | undefined {
  return reading === NOT_MEASURED ? undefined : (reading * fullScale) / ADC_STEPS;
}

function celsius(reading: number): number | undefined {
  return reading === NO_SENSOR ? undefined : ((reading << 16) >> 16) / TEMPERATURE_STEPS;
}
