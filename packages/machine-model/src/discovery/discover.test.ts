import {
  type ChipInformation,
  CONNECTED_CHIP,
  type Command,
  Information,
  Read,
  ScpError,
  type Target,
} from '@spin-tools/scp';
import fc from 'fast-check';
import t from 'tap';
import { spin3, spin5, triads } from '../boards/build.js';
import { machineToJson } from '../machine/json.js';
import type { Machine } from '../machine/machine.js';
import { type DiscoveringController, discoverMachine } from './discover.js';

/** A controller of a machine that answers as monitors do. */
function controllerOf(machine: Machine, silent: readonly string[] = []): DiscoveringController {
  const answer = (to: Target, command: Command<unknown>): Uint8Array => {
    const chip = machine.chipAt(to.x, to.y);
    if (!chip || silent.includes(`${to.x},${to.y}`)) {
      const at = { ...to, core: 0 };
      throw new ScpError({ code: 0x8b, command: command.name, chip: at, tries: 8 });
    }
    if (command.code === Information.code) return Information.encodeReply(informationOf(chip));
    if (command.code === Read.code) return physicalToVirtual(chip.physicalCoreMask);
    throw new Error(`discovery sent ${command.name}`);
  };
  return {
    dimensions: async () => ({ width: machine.width, height: machine.height }),
    read: async (at, address, length) => {
      t.same({ x: at.x, y: at.y }, CONNECTED_CHIP);
      return p2pColumn(machine, (address - 0xe1010000) / 128, length);
    },
    scp: {
      send: async (to, command) => command.parse(answer(to, command)),
      all: () => Promise.reject(new Error('not used')),
    },
  };
}

function informationOf(chip: Machine['chips'][number]): ChipInformation {
  return {
    coreCount: chip.cores,
    links: chip.linkMask,
    freeRoutingEntries: 1023,
    ethernetUp: false,
    freeSdram: chip.sdramBytes,
    freeSystemRam: 20_000,
    coreStates: [],
    ethernetChip: chip.ethernet,
    ip: chip.ip,
    parentLink: 7,
  };
}

function physicalToVirtual(mask: number): Uint8Array {
  let virtual = 0;
  const map = new Uint8Array(20).fill(255);
  for (let core = 0; core < 18; core++) if ((mask >>> core) & 1) map[core] = virtual++;
  return map;
}

function p2pColumn(machine: Machine, x: number, length: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(length));
  for (let y = 0; y < length * 2; y++) {
    const route = machine.chipAt(x, y) ? 1 : 6;
    const at = (y >>> 3) * 4;
    view.setUint32(at, view.getUint32(at, true) | (route << (3 * (y & 7))), true);
  }
  return new Uint8Array(view.buffer);
}

t.test('discovery finds a machine as it is, dead parts and all', async (t) => {
  const machines = [
    spin3(),
    spin5(),
    triads({ width: 1, height: 1 }),
    triads({ width: 1, height: 1, wrap: false }),
    triads({ width: 1, height: 1, wrap: { x: false, y: true } }),
    spin5({
      deadChips: [{ x: 4, y: 4 }],
      deadLinks: [{ x: 0, y: 0, link: 1 }],
      deadCores: [{ x: 0, y: 0, core: 3 }],
    }),
  ];
  for (const machine of machines) {
    const found = await discoverMachine(controllerOf(machine));
    t.same(machineToJson(found), machineToJson(machine));
  }
});

t.test('any dead links and cores are found', async (t) => {
  const part = fc.record({ x: fc.nat(11), y: fc.nat(11), link: fc.nat(5), core: fc.nat(16) });
  const property = fc.asyncProperty(
    fc.array(part),
    fc.array(part),
    async (deadLinks, deadCores) => {
      const machine = triads({ width: 1, height: 1, deadLinks, deadCores });
      const found = await discoverMachine(controllerOf(machine));
      return JSON.stringify(machineToJson(found)) === JSON.stringify(machineToJson(machine));
    },
  );
  await t.resolves(fc.assert(property, { numRuns: 20 }));
});

t.test('a chip that does not answer is left out, with the links to it', async (t) => {
  const found = await discoverMachine(controllerOf(spin5(), ['1,1']));
  t.equal(found.chipAt(1, 1), undefined);
  t.same(found.chipAt(0, 0)?.links, [0, 2]);
});

t.test('a link that works one way only is left out', async (t) => {
  const controller = controllerOf(spin5());
  const oneWay: DiscoveringController = {
    ...controller,
    scp: {
      ...controller.scp,
      send: async (to, command) => {
        const reply = await controller.scp.send(to, command);
        const deaf = to.x === 0 && to.y === 0 && command.code === Information.code;
        return deaf ? { ...reply, links: 0b101 } : reply;
      },
    },
  };
  const found = await discoverMachine(oneWay);
  t.notOk(found.chipAt(1, 1)?.links.includes(4));
});
