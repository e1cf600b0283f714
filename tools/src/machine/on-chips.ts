/** The same work for many chips, not all at once. */

/** Chips that are worked on at the same time: enough for every connection, few enough to keep in memory. */
const AT_ONCE = 128;

/** Does work for each of a list and gives the results in its order. Stops at the first failure. */
export async function onEach<T, Result>(
  all: readonly T[],
  work: (one: T) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const waiting = all.entries();
  const workOff = async (): Promise<void> => {
    for (const [index, one] of waiting) results[index] = await work(one);
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, all.length) }, workOff));
  return results;
}
