/** Machines that several threads run, beside the same that one runs. With SPIN_TOOLS_LARGE=1 more cases are drawn. */
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { carryTraffic, type TrafficOptions } from '../../test-support/board-traffic.js';

const TRIAD = { triads: { width: 1, height: 1 } };
const RUNS = process.env.SPIN_TOOLS_LARGE === '1' ? 30 : 1;

/** Runs the same with one, two and three workers; gives what one made of it. */
async function sameWithAll(t: Test, options: TrafficOptions) {
  const withWorkers = (workers: number) =>
    carryTraffic({ ...options, machine: { ...options.machine, workers } });
  const alone = await withWorkers(1);
  for (const workers of [2, 3]) {
    const shared = await withWorkers(workers);
    t.equal(shared.seen, alone.seen, `${workers} workers, seed ${options.seed}`);
  }
  return alone;
}

t.test('random traffic between boards ends alike, however many workers run them', async (t) => {
  let dropped = 0;
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 1e6 }), async (seed) => {
      const alone = await sameWithAll(t, { seed, machine: TRIAD });
      dropped += alone.packetsDropped;
      return alone.boardCrossings > 0;
    }),
    { numRuns: RUNS, seed: 7, endOnFailure: true },
  );
  t.ok(dropped > 0, 'some of it was more than routers take');
});
