/** An SDRAM image that contradicts itself: a region twice, a value out of range, a bad reference. */
export class InvalidImageError extends Error {
  constructor(problem: string) {
    super(problem);
    this.name = 'InvalidImageError';
  }
}

/** A chip whose images need more SDRAM than it has. */
export interface ChipMemoryShortage {
  readonly x: number;
  readonly y: number;
  readonly bytesNeeded: number;
  readonly bytesAvailable: number;
}

/** Images that do not fit the SDRAM of their chips. */
export class SdramOverflowError extends Error {
  /** All chips concerned, the worst first. */
  readonly chips: readonly ChipMemoryShortage[];

  constructor(chips: readonly ChipMemoryShortage[]) {
    const named = chips
      .slice(0, 8)
      .map((chip) => `chip (${chip.x}, ${chip.y}): ${chip.bytesNeeded} of ${chip.bytesAvailable}`);
    const more = chips.length > named.length ? ` and ${chips.length - named.length} more` : '';
    super(
      `the images of ${chips.length} chips need more SDRAM than there is, in bytes: ` +
        `${named.join(', ')}${more}. Declare the sdramBytes of each vertex so that placement ` +
        'spreads them, use smaller regions, or a larger machine.',
    );
    this.name = 'SdramOverflowError';
    this.chips = chips;
  }
}
