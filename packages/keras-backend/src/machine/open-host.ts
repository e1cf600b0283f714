/** Gets a machine: makes or reaches it, boots it, asks what it is. */
import { discoverMachine } from '@spin-tools/machine-model';
import {
  BOOT_PORT,
  MachineController,
  readWord,
  SCP_PORT,
  systemVariables,
  type Transport,
  udpTransport,
} from '@spin-tools/scp';
import { VirtualMachine } from '@spin-tools/sim';
import type { Host } from './host.js';
import type { MachineAddress, MachineEngineOptions } from './options.js';

/** Boot frames need no pause where no boot ROM has to digest them, ms. */
const VIRTUAL_PAUSE_MS = 0;

/** Nothing gets lost inside a process, but thousands of simulated cores may keep it busy, ms. */
const VIRTUAL_TIMEOUT_MS = 300_000;

/** Makes or reaches the machine that the options name, boots it unless it is up, and discovers it. */
export async function openHost(options: MachineEngineOptions): Promise<Host> {
  const { machine = 'virtual', transport, virtualMachine } = options;
  if (transport) {
    const open = typeof transport === 'function' ? await transport() : transport;
    return ready(options, wallClock(new MachineController(open)));
  }
  if (machine !== 'virtual' && !virtualMachine) {
    return ready(options, wallClock(await controllerAt(machine)));
  }
  return ready(options, inProcess(virtualMachine ?? newVirtualMachine(options), !virtualMachine));
}

type Link = Omit<Host, 'machine'> & { readonly pauseMs?: number };

async function ready(options: MachineEngineOptions, link: Link): Promise<Host> {
  const { controller, pauseMs } = link;
  try {
    options.onStage?.('boot');
    const hardwareVersion = options.board === 'spin3' ? 3 : 5;
    await controller.boot({ hardwareVersion, ...(pauseMs !== undefined && { pauseMs }) });
    options.onStage?.('discover');
    return { ...link, machine: await discoverMachine(controller) };
  } catch (error) {
    await link.close();
    throw error;
  }
}

const wallClock = (controller: MachineController): Link => ({
  controller,
  now: () => performance.now(),
  chipMs: (chip) => controller.scp.send(chip, readWord(systemVariables.clockMs.address)),
  close: () => controller.close(),
});

async function controllerAt(address: MachineAddress): Promise<MachineController> {
  const { host, scpPort = SCP_PORT, bootPort = BOOT_PORT } = address;
  const [scp, boot]: Transport[] = await Promise.all([
    udpTransport({ host, port: scpPort }),
    udpTransport({ host, port: bootPort }),
  ]);
  return new MachineController({ scp: scp as Transport, boot: boot as Transport });
}

const newVirtualMachine = ({ board = 'spin5', triads }: MachineEngineOptions): VirtualMachine =>
  new VirtualMachine(triads ? { triads, wrap: true } : { board });

function inProcess(virtual: VirtualMachine, isOurs: boolean): Link {
  const controller = new MachineController({
    scp: virtual.scpTransport(),
    boot: virtual.bootTransport(),
    timeoutMs: VIRTUAL_TIMEOUT_MS,
  });
  return {
    controller,
    pauseMs: VIRTUAL_PAUSE_MS,
    now: () => virtual.time / 1e6,
    linkTraffic: () =>
      virtual.statistics().links.map(({ x, y, link, packets }) => ({ x, y, link, packets })),
    async close() {
      await controller.close();
      if (isOurs) await virtual.close();
    },
  };
}
