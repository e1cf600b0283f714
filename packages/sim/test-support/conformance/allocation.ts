/** Conformance: allocating memory and routing entries. */
import { AllocationError, ScpTimeoutError, sdramOfTag } from '@spin-tools/scp';
import type { Test } from 'tap';
import { carefully, farChip, pattern, type Subject } from './subject.js';

const APP = 41;

export function testAllocation(t: Test, subject: Subject): void {
  const { controller } = subject;
  const chip = farChip(subject);

  t.test('blocks with a tag are given once, found again, and do not overlap', async (t) => {
    const before = await controller.sdramSpace(chip);
    const sizes = [1, 4, 1000, 40_000];
    const allocate = (size: number, tag: number) =>
      controller.allocateSdram(chip, size, { appId: APP, tag: tag + 1 });
    const blocks = await Promise.all(sizes.map(allocate));
    if (subject.isRetryKnown) t.same(await Promise.all(sizes.map(allocate)), blocks);
    else await t.rejects(allocate(1, 0), AllocationError);
    await Promise.all(
      blocks.map((at, index) => controller.write(chip, at, pattern(sizes[index]!, index))),
    );
    for (const [index, at] of blocks.entries()) {
      const found = await controller.read(chip, at, sizes[index]!);
      t.equal(Buffer.compare(found, pattern(sizes[index]!, index)), 0);
      t.equal(await controller.scp.send(chip, sdramOfTag(APP, index + 1)), at);
    }
    await controller.freeSdramOfApp(chip, APP);
    t.same(await controller.sdramSpace(chip), before);
    t.equal(await controller.scp.send(chip, sdramOfTag(APP, 1)), 0);
  });

  t.test('a block is freed by its address', async (t) => {
    const before = await controller.sdramSpace(chip);
    const at = await controller.allocateSdram(chip, 5000, { appId: APP, tag: 9 });
    const isFree = async () => (await controller.sdramSpace(chip)).free === before.free;
    t.notOk(await isFree());
    await carefully(() => controller.freeSdram(chip, at), isFree);
    t.ok(await isFree());
  });

  t.test('without a tag a block is given, or the loss of the answer is an error', async (t) => {
    const before = await controller.sdramSpace(chip);
    try {
      t.ok((await controller.allocateSdram(chip, 100, { appId: APP })) >= 0x60000000);
    } catch (error) {
      t.notOk(subject.isReliable);
      t.ok(error instanceof ScpTimeoutError);
      t.match(error, { tries: 1, command: 'CMD_ALLOC' }, 'it was sent once');
    }
    await controller.freeSdramOfApp(chip, APP);
    t.same(await controller.sdramSpace(chip), before);
  });

  t.test('what does not fit is refused, and says so', async (t) => {
    const tooLarge = controller.allocateSdram(chip, 0x8000000, { appId: APP, tag: 1 });
    await t.rejects(tooLarge, AllocationError);
    let full: unknown;
    await carefully(() =>
      controller.allocateRoutingEntries(chip, 1024, { appId: APP }).catch((error: unknown) => {
        if (error instanceof ScpTimeoutError) throw error;
        full = error;
      }),
    );
    t.ok(full instanceof AllocationError);
  });

  t.test('routing entries are given in a block, and come back', async (t) => {
    const free = async () => (await controller.chipInformation(chip)).freeRoutingEntries;
    const before = await free();
    let first = 0;
    await carefully(async () => {
      first = await controller.allocateRoutingEntries(chip, 100, { appId: APP });
    });
    t.ok(first > 0 && first + 100 <= 1024);
    t.ok((await free()) <= before - 100);
    await controller.freeRoutingEntriesOfApp(chip, APP);
    t.equal(await free(), before);
  });
}
