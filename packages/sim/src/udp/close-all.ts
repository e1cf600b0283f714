/** Closing what belongs together. */

/** Closes everything at once. */
export async function closeAll(all: readonly { close(): Promise<void> }[]): Promise<void> {
  await Promise.all(all.map((each) => each.close()));
}
