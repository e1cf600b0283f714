/** The other way through a list of pins: who has a pin at a block. */

/**
 * Users of block k: `members[start[k] .. start[k + 1]]`, ascending.
 * @param pinStart pins of user u are `pins[pinStart[u] .. pinStart[u + 1]]`, blocks
 */
export function usersOfPins(
  blockCount: number,
  pinStart: Int32Array,
  pins: Int32Array,
): { start: Int32Array; members: Int32Array } {
  const start = new Int32Array(blockCount + 1);
  for (const block of pins) start[block + 1] = (start[block + 1] as number) + 1;
  for (let block = 0; block < blockCount; block++) {
    start[block + 1] = (start[block + 1] as number) + (start[block] as number);
  }
  const next = start.slice();
  const members = new Int32Array(pins.length);
  for (let user = 0; user + 1 < pinStart.length; user++) {
    for (let pin = pinStart[user] as number; pin < (pinStart[user + 1] as number); pin++) {
      const block = pins[pin] as number;
      members[next[block] as number] = user;
      next[block] = (next[block] as number) + 1;
    }
  }
  return { start, members };
}
