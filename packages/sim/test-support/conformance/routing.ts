/** Conformance: routing tables and fixed routes. */
import { getFixedRoute, type RoutingEntry, setFixedRoute } from '@spin-tools/scp';
import type { Test } from 'tap';
import { carefully, type Subject, sampleChips } from './subject.js';

const APP = 42;

/** Loads a table; when an answer was lost, what may have been allocated for it is given back first. */
export async function loadTable(
  { controller }: Subject,
  chip: { readonly x: number; readonly y: number },
  entries: readonly RoutingEntry[],
  appId: number,
): Promise<void> {
  await carefully(
    () => controller.loadRoutingTable(chip, entries, appId),
    async () => {
      await controller.freeRoutingEntriesOfApp(chip, appId);
      return false;
    },
  );
}

export function testRouting(t: Test, subject: Subject): void {
  const { controller } = subject;
  const entry = (index: number): RoutingEntry => ({
    key: (index * 0x10001) >>> 0,
    mask: index % 3 === 0 ? 0xffffffff : 0xffff00ff,
    route: (index * 77) & 0xffffff,
  });
  const usable = (entry: RoutingEntry) => ({ ...entry, key: (entry.key & entry.mask) >>> 0 });

  t.test('a table is loaded in order and read back, whole', async (t) => {
    const table = Array.from({ length: 150 }, (_, index) => usable(entry(index + 1)));
    await Promise.all(
      sampleChips(subject).map(async (chip) => {
        await loadTable(subject, chip, table, APP);
        const found = await controller.readRoutingTable(chip);
        const ours = found.filter(({ appId }) => appId === APP);
        t.same(
          ours.map(({ key, mask, route }) => ({ key, mask, route })),
          table,
        );
        t.same(
          ours.map(({ index }) => index - ours[0]!.index),
          table.map((_, index) => index),
        );
      }),
    );
  });

  t.test('entries of an application are freed together, and all at once', async (t) => {
    for (const chip of sampleChips(subject)) {
      await controller.freeRoutingEntriesOfApp(chip, APP);
      t.same(await controller.readRoutingTable(chip), []);
      await loadTable(subject, chip, [usable(entry(5))], APP);
      await controller.clearRoutingTable(chip);
      t.same(await controller.readRoutingTable(chip), []);
      t.equal((await controller.chipInformation(chip)).freeRoutingEntries, 1023);
    }
  });

  t.test('a fixed route is set and read back', async (t) => {
    for (const chip of sampleChips(subject)) {
      const route = 0x000041 | (1 << (7 + chip.x));
      await controller.scp.send(chip, setFixedRoute(route));
      t.equal(await controller.scp.send(chip, getFixedRoute()), route);
    }
  });
}
