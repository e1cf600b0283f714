/**
 * The general-purpose pins of a chip: an output register, a direction for each pin, and what is connected to
 * them from outside. SpiNN-2 data sheet, chapter on the system controller.
 */

/** Pins, by number, as SpiNNaker boards use them. Source: boot ROM and `spinn_srom.c` of spinnaker_tools. */
export const Pin = {
  SerialDataOut: 2,
  SerialDataIn: 3,
  SerialClock: 4,
  /** Low while the serial ROM listens. */
  SerialSelect: 5,
  /** Strapped high where there is a serial ROM. */
  SerialRomPresent: 6,
  Interrupt8: 8,
  Interrupt9: 9,
  /** High where SDRAM is in the package. */
  SdramHere: 29,
} as const;

/** Reset value of directions and pull resistors: all pins are inputs, pulled. */
const ALL = 0xffffffff;

/** What is connected to pins. */
export interface PinSurroundings {
  /** Levels that the surroundings drive, one bit each; only input pins show them. */
  levels(): number;
  /** Output pins may have changed; `levels` are those of all pins. */
  changed(levels: number): void;
}

/** The pins. */
export class Pins {
  /** The output register; a 0 lights an LED. */
  output = 0;
  /** One bit for each pin that is an input. */
  private inputs = ALL;
  resistors = ALL;

  constructor(private readonly surroundings: PinSurroundings) {}

  /** Directions, 1 for inputs. */
  get direction(): number {
    return this.inputs;
  }

  set direction(value: number) {
    this.inputs = value;
    this.surroundings.changed(this.levels);
  }

  /** Levels of all pins: what is driven, by the chip or from outside. */
  get levels(): number {
    return (this.output & ~this.inputs) | (this.surroundings.levels() & this.inputs);
  }

  /** Sets the output register. */
  write(value: number): void {
    if (value === this.output) return;
    this.output = value;
    this.surroundings.changed(this.levels);
  }
}
