/** Costs of several runs in one. */
import type { MachineCost } from '../engine.js';

/** Adds up what runs cost; undefined where nothing but this process was used. */
export function costSum(costs: readonly (MachineCost | undefined)[]): MachineCost | undefined {
  const known = costs.filter((cost) => cost !== undefined);
  const last = known.at(-1);
  if (last === undefined) return undefined;
  const sum = (of: (cost: MachineCost) => number) => known.reduce((all, cost) => all + of(cost), 0);
  return {
    seconds: sum(({ seconds }) => seconds),
    joules: sum(({ joules }) => joules),
    packetsSent: sum(({ packetsSent }) => packetsSent),
    packetsDropped: sum(({ packetsDropped }) => packetsDropped),
    batchesRepeated: sum(({ batchesRepeated }) => batchesRepeated),
    ...(last.spread && { spread: last.spread }),
  };
}
