/** What is wrong with a board, by what its management processor measures. */
import type { BoardStatus, SupplyVoltages } from '@spin-tools/scp';

/** A quantity that is out of its limits: what it is, and what it should be. */
export interface OutOfRange {
  readonly what: string;
  readonly value: string;
  readonly limits: string;
}

/** Least and most volts of each supply. Source: BMP firmware 2.1.2, default warning limits, in volts. */
const VOLTS: Readonly<Record<keyof SupplyVoltages, readonly [string, number, number]>> = {
  core1V2A: ['1.2 V supply A', 1.11, 1.37],
  core1V2B: ['1.2 V supply B', 1.11, 1.37],
  core1V2C: ['1.2 V supply C', 1.11, 1.37],
  memory1V8: ['1.8 V supply', 1.62, 1.98],
  io3V3: ['3.3 V supply', 2.97, 3.63],
  input12V: ['12 V input', 10.78, 13.18],
};
/** Most degrees Celsius on the board and on the backplane. Source: as above. */
const BOARD_CELSIUS = 65;
const BACKPLANE_CELSIUS = 50;
/** Least revolutions a minute of fans 0 to 2; there may be no fourth. Source: as above. */
const FAN_RPM = 800;
const WATCHED_FANS = 3;
/** Below this the supplies that a board switches are off, V. */
const OFF_VOLTS = 0.2;

/** Whether the chips of a board are powered. */
export function isPowered({ volts }: BoardStatus): boolean {
  return (volts.core1V2A ?? 0) > OFF_VOLTS || (volts.memory1V8 ?? 0) > OFF_VOLTS;
}

/** What is out of its limits on a board that is on; what is not measured is not judged. */
export function outOfRange({ volts, celsius, fansRpm }: BoardStatus): OutOfRange[] {
  const supplies = (Object.keys(VOLTS) as (keyof SupplyVoltages)[]).flatMap((supply) => {
    const [what, least, most] = VOLTS[supply];
    const value = volts[supply];
    if (value === undefined || (value >= least && value <= most)) return [];
    return [{ what, value: `${value.toFixed(2)} V`, limits: `${least} to ${most} V` }];
  });
  return [
    ...supplies,
    ...tooHot('temperature of the top', celsius.top, BOARD_CELSIUS),
    ...tooHot('temperature of the bottom', celsius.bottom, BOARD_CELSIUS),
    ...celsius.external.flatMap((value, sensor) =>
      tooHot(`temperature ${sensor} of the backplane`, value, BACKPLANE_CELSIUS),
    ),
    ...fansRpm
      .slice(0, WATCHED_FANS)
      .flatMap((rpm, fan) =>
        rpm === undefined || rpm >= FAN_RPM
          ? []
          : [{ what: `fan ${fan}`, value: `${rpm} rpm`, limits: `from ${FAN_RPM} rpm` }],
      ),
  ];
}

function tooHot(what: string, value: number | undefined, most: number): OutOfRange[] {
  if (value === undefined || value <= most) return [];
  return [{ what, value: `${value.toFixed(1)} °C`, limits: `up to ${most} °C` }];
}
