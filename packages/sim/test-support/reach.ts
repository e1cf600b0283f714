/** Ways to a virtual machine, in this process or over UDP, behind one interface. */
import {
  type ChipAddress,
  type ConnectionOptions,
  MachineController,
  type Transport,
  transportPair,
} from '@spin-tools/scp';
import { udpTransport } from '@spin-tools/scp/udp';
import type { Pace } from '../src/machine/pump.js';
import { type MachineOptions, VirtualMachine } from '../src/machine/virtual-machine.js';
import { type ServedMachine, serveUdp } from '../src/udp/serve.js';

/** A machine and ways to it. */
export interface Reached {
  readonly virtual: VirtualMachine;
  /** A controller of the board that is booted, by default the first. */
  readonly controller: MachineController;
  /** Further transports to the SCP port of an ethernet chip. */
  openScp(ethernet?: ChipAddress): Promise<Transport>;
  /** The same by the IPv4 address that the chip says it has. */
  openIp(ip: string): Promise<Transport>;
  /** To another UDP port of an ethernet chip; gives what is sent from that port. */
  openPort(ethernet: ChipAddress, port: number): Promise<Transport>;
  close(): Promise<void>;
}

/** How a machine is reached. */
export interface ReachOptions {
  readonly by: 'process' | 'udp';
  /** Only over UDP. Default `fast`. */
  readonly pace?: Pace;
  /** Ethernet chip that is booted. Default: the first. */
  readonly root?: ChipAddress;
  readonly connection?: ConnectionOptions;
}

/** Makes a machine and opens the ways to it. */
export async function reach(machine: MachineOptions, options: ReachOptions): Promise<Reached> {
  const virtual = new VirtualMachine(machine);
  return options.by === 'process' ? inProcess(virtual, options) : overUdp(virtual, options);
}

function inProcess(virtual: VirtualMachine, { root, connection }: ReachOptions): Reached {
  const controller = new MachineController({
    scp: virtual.scpTransport(root),
    boot: virtual.bootTransport(root),
    ...connection,
  });
  const openScp = (chip?: ChipAddress) => Promise.resolve(virtual.scpTransport(chip));
  let nextHostPort = 40000;
  return {
    virtual,
    controller,
    openScp,
    // Boards are 192.168.240.1 and so on, in the order of their ethernet chips.
    openIp: (ip) => openScp(virtual.ethernetChips[Number(ip.split('.')[3]) - 1]),
    openPort: (chip, port) => Promise.resolve(plainPort(virtual, chip, port, nextHostPort++)),
    async close() {
      await controller.close();
      await virtual.close();
    },
  };
}

/** A host's socket that sends to one port of a board. */
function plainPort(
  virtual: VirtualMachine,
  chip: ChipAddress,
  port: number,
  hostPort: number,
): Transport {
  const ethernet = virtual.ethernet(chip);
  const host = { ip: '10.255.255.2', port: hostPort };
  const [near, far] = transportPair();
  far.onDatagram((datagram) => ethernet.receiver.receiveRaw(datagram, port, host));
  ethernet.addHost(host, (datagram) => far.send(datagram));
  return near;
}

async function overUdp(
  virtual: VirtualMachine,
  { pace = 'fast', root, connection }: ReachOptions,
): Promise<Reached> {
  const served = await serveUdp(virtual, { scpPort: 0, bootPort: 0, pace });
  const openIp = (host: string) => udpTransport({ host, port: served.scpPort });
  const hostOf = (chip?: ChipAddress) => hostOfChip(virtual, served, chip);
  const controller = new MachineController({
    scp: await openIp(hostOf(root)),
    boot: await udpTransport({ host: hostOf(root), port: served.bootPort }),
    ...connection,
  });
  return {
    virtual,
    controller,
    openScp: (chip) => openIp(hostOf(chip)),
    openIp,
    openPort: (chip, port) => udpTransport({ host: hostOf(chip), port }),
    async close() {
      await controller.close();
      await served.close();
      await virtual.close();
    },
  };
}

function hostOfChip(
  { ethernetChips }: VirtualMachine,
  { hosts }: ServedMachine,
  chip = ethernetChips[0],
): string {
  const number = ethernetChips.findIndex(({ x, y }) => x === chip?.x && y === chip.y);
  const host = hosts[number];
  if (host === undefined)
    throw new RangeError(`no board has its ethernet at ${chip?.x}, ${chip?.y}`);
  return host;
}
