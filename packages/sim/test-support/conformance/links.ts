/** Conformance: neighbours behind links. */
import { LINKS, type Link, neighbour } from '@spin-tools/machine-model';
import {
  type ChipAddress,
  linkRead,
  linkWrite,
  ReturnCode,
  systemVariables,
} from '@spin-tools/scp';
import type { Test } from 'tap';
import {
  bytesOf,
  carefully,
  codeOf,
  refusal,
  type Subject,
  sampleChips,
  wordsOf,
} from './subject.js';

/** The word that starts with a chip's own address. */
const PLACE = systemVariables.p2pAddress.address;
const FREE = 0x65000000;

export function testLinks(t: Test, subject: Subject): void {
  const { machine, controller } = subject;

  t.test('each link that works leads to the neighbour, and the others nowhere', async (t) => {
    for (const chip of sampleChips(subject)) {
      for (let link: Link = 0; link < LINKS; link++) {
        if (chip.links.includes(link)) {
          const beyond = neighbour(machine, chip, link);
          const found = await controller.readNeighbour(chip, link, PLACE, 4);
          const expected = await controller.read(beyond ?? chip, PLACE, 4);
          t.same(wordsOf(found), wordsOf(expected), `link ${link} of (${chip.x}, ${chip.y})`);
        } else if (!isUnused(subject, chip, link)) {
          const code = await codeOf(controller.scp, chip, linkRead(link, PLACE, 4));
          t.equal(
            code,
            refusal(subject, ReturnCode.Timeout),
            `dead link ${link} of (${chip.x}, ${chip.y})`,
          );
        }
      }
    }
  });

  t.test('a neighbour is written to', async (t) => {
    for (const [index, chip] of sampleChips(subject).entries()) {
      const [link] = chip.links;
      const beyond = link === undefined ? undefined : neighbour(machine, chip, link);
      if (link === undefined || beyond === undefined) continue;
      const at = FREE + index * 64;
      await carefully(() => controller.scp.send(chip, linkWrite(link, at, bytesOf(index, 7, 8))));
      t.same(wordsOf(await controller.read(beyond, at, 16)), [index, 7, 8, 0]);
    }
  });
}

function isUnused({ unusedLinks = [] }: Subject, { x, y }: ChipAddress, link: number): boolean {
  return unusedLinks.some((unused) => unused.x === x && unused.y === y && unused.link === link);
}
