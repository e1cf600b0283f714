/**
 * Regions of chips, by which SC&MP up to version 3 selects those of a flood fill and those that are counted.
 * A word: x in bits 31:24, y in 23:18, level in 17:16, and in 15:0 one bit for each of the 4 x 4 blocks of the
 * region, which are 64, 16, 4 or 1 chips wide at levels 0 to 3. Source: rig, `regions.py`; SC&MP 3.4
 * `compute_level`.
 */

/** The region of a level that a chip at an address, x << 8 | y, lies in, with the bit of its block. */
export function regionOf(level: number, address: number): number {
  const shift = 6 - 2 * level;
  const [x, y] = [address >>> 8, address & 0xff];
  const outside = ~((4 << shift) - 1);
  const block = ((x >>> shift) & 3) + 4 * ((y >>> shift) & 3);
  return (((x & outside) << 24) | (((y & outside) + level) << 16) | (1 << block)) >>> 0;
}

/** Whether a region has the chip at an address. One without blocks has all chips. */
export function regionHas(region: number, address: number): boolean {
  const blocks = region & 0xffff;
  const own = regionOf((region >>> 16) & 3, address);
  return blocks === 0 || (own >>> 16 === region >>> 16 && (own & blocks) !== 0);
}
