/** Conformance: memory of chips. */
import { systemVariables } from '@spin-tools/scp';
import fc from 'fast-check';
import type { Test } from 'tap';
import { bytesOf, farChip, pattern, type Subject, sampleChips, wordsOf } from './subject.js';

/** Free SDRAM that no other test uses. */
const FREE = 0x61000000;
const SYSTEM_RAM_USERS = 0xe5000100;
const SLOT = 0x1000;

export function testMemory(t: Test, subject: Subject): void {
  const { controller } = subject;

  t.test('reads across any start and end return exactly the bytes written', async (t) => {
    const chip = farChip(subject);
    let slot = FREE;
    const property = fc.asyncProperty(
      fc.nat(300),
      fc.uint8Array({ minLength: 1, maxLength: 1500 }),
      async (offset, bytes) => {
        slot += SLOT;
        const at = slot + offset;
        await controller.write(chip, at, bytes);
        const around = await controller.read(chip, at - 5, bytes.length + 10);
        const expected = new Uint8Array(bytes.length + 10);
        expected.set(bytes, 5);
        return Buffer.compare(around, expected) === 0;
      },
    );
    await t.resolves(fc.assert(property, { numRuns: 12, seed: 5 }));
  });

  t.test('a long range survives the way there and back on many chips at once', async (t) => {
    const chips = sampleChips(subject);
    const at = 0x63000001;
    const data = chips.map((_, index) => pattern(20_003, index));
    await Promise.all(chips.map((chip, index) => controller.write(chip, at, data[index]!)));
    const found = await Promise.all(chips.map((chip) => controller.read(chip, at, 20_003)));
    t.ok(found.every((bytes, index) => Buffer.compare(bytes, data[index]!) === 0));
  });

  t.test('a fill sets what it names and nothing else', async (t) => {
    const chip = farChip(subject);
    const at = 0x64000000;
    await controller.fill(chip, at + 3, 70_002, 0xa5);
    const found = await controller.read(chip, at, 70_008);
    t.same([...found.subarray(0, 4)], [0, 0, 0, 0xa5]);
    t.ok(found.subarray(3, 70_005).every((byte) => byte === 0xa5));
    t.same([...found.subarray(70_004)], [0xa5, 0, 0, 0]);
  });

  t.test('System RAM holds words, and the system variables are where they should be', async (t) => {
    for (const chip of sampleChips(subject)) {
      await controller.write(chip, SYSTEM_RAM_USERS, bytesOf(chip.x, chip.y, 0xdeadbeef));
      t.same(wordsOf(await controller.read(chip, SYSTEM_RAM_USERS, 12)), [
        ...[chip.x, chip.y, 0xdeadbeef],
      ]);
      const place = await controller.read(chip, systemVariables.p2pAddress.address, 2);
      t.same([...place], [chip.y, chip.x]);
    }
  });

  t.test('nothing is read where there is nothing to read', async (t) => {
    t.equal((await controller.read({ x: 0, y: 0 }, FREE, 0)).length, 0);
    await t.rejects(controller.read({ x: 0, y: 0 }, 0xffffffff, 2), RangeError);
  });
}
