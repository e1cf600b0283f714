/** A virtual machine on UDP ports, as boards have them. Node.js only: `@spin-tools/sim/udp`. */
import { BOOT_PORT, type ChipAddress, SCP_PORT } from '@spin-tools/scp';
import type { Pace } from '../machine/pump.js';
import type { VirtualMachine } from '../machine/virtual-machine.js';
import { openSocket, type Socket } from './socket.js';

/** Where hello frames go: hosts on this computer that listen on any address. */
const LOOPBACK_BROADCAST = '127.255.255.255';

/** Where a machine is to be reached. */
export interface ServeOptions {
  /** How simulated time passes. Default `paced`, like the wall clock. */
  readonly pace?: Pace;
  /** IPv4 address of the first board; the others follow. Default 127.0.0.1, which needs no set-up. */
  readonly host?: string;
  /** UDP port of SCP on every board; 0 lets the system choose. Default 17893. */
  readonly scpPort?: number;
  /** UDP port of the boot protocol on every board; 0 lets the system choose. Default 54321. */
  readonly bootPort?: number;
  /** IPv4 address of the management processor of the first frame of 24 boards; default: none is served. */
  readonly bmpHost?: string;
  /** UDP port of management processors; 0 lets the system choose. Default 17893. */
  readonly bmpPort?: number;
}

/** A machine that is being served. */
export interface ServedMachine {
  /** Addresses of the boards, in the order of `machine.ethernetChips`. */
  readonly hosts: readonly string[];
  readonly scpPort: number;
  readonly bootPort: number;
  /** Addresses of the management processors, one for each frame; empty when they are not served. */
  readonly bmpHosts: readonly string[];
  readonly bmpPort: number;
  /** Closes the sockets; the machine lives on. */
  close(): Promise<void>;
}

/**
 * Opens the ports of every board of a machine. Each board has an address of its own and the same ports.
 *
 * @throws RangeError for a host that is no IPv4 address; the system's error for a port that is taken
 */
export async function serveUdp(
  machine: VirtualMachine,
  {
    host = '127.0.0.1',
    scpPort = SCP_PORT,
    bootPort = BOOT_PORT,
    bmpHost,
    bmpPort = SCP_PORT,
    pace = 'paced',
  }: ServeOptions = {},
): Promise<ServedMachine> {
  const opened: Closeable[] = [];
  const keep = <T extends Closeable>(each: T): T => {
    opened.push(each);
    return each;
  };
  let ports = { scpPort, bootPort, bmpPort };
  const hosts: string[] = [];
  const bmpHosts: string[] = [];
  try {
    for (const [number, chip] of machine.ethernetChips.entries()) {
      const board = keep(await openBoard(machine, chip, addressAfter(host, number), ports));
      hosts.push(board.host);
      ports = { ...ports, scpPort: board.scpPort, bootPort: board.bootPort };
    }
    for (let frame = 0; bmpHost !== undefined && frame < machine.frameCount; frame++) {
      const address = addressAfter(bmpHost, frame);
      const { port } = keep(await openFrame(machine, frame, address, ports.bmpPort));
      bmpHosts.push(address);
      ports = { ...ports, bmpPort: port };
    }
  } catch (error) {
    await closeAll(opened);
    throw error;
  }
  machine.setPace(pace);
  return { hosts, bmpHosts, ...ports, close: () => closeAll(opened) };
}

interface Closeable {
  close(): Promise<void>;
}

async function openFrame(
  machine: VirtualMachine,
  frame: number,
  host: string,
  port: number,
): Promise<Closeable & { readonly port: number }> {
  const ethernet = machine.bmpEthernet(frame);
  const socket = await openSocket(host, port);
  machine.setBmpAddress(frame, host);
  socket.onDatagram((datagram, from) => ethernet.receiver.receiveMessage(datagram, from));
  ethernet.connectOutside({
    send: (datagram, to) => socket.send(datagram, to),
    broadcast: () => undefined,
  });
  return {
    port: socket.port,
    async close() {
      ethernet.connectOutside(undefined);
      await socket.close();
    },
  };
}

interface Board {
  readonly host: string;
  readonly scpPort: number;
  readonly bootPort: number;
  close(): Promise<void>;
}

async function openBoard(
  machine: VirtualMachine,
  chip: ChipAddress,
  host: string,
  { scpPort, bootPort }: { readonly scpPort: number; readonly bootPort: number },
): Promise<Board> {
  const ethernet = machine.ethernet(chip);
  const scp = await openSocket(host, scpPort);
  // Tools that wait for hello frames listen on this port of any address.
  const boot = await openSocket(host, bootPort, { broadcasts: true, sharesPort: true }).catch(
    async (error: unknown) => {
      await scp.close();
      throw error;
    },
  );
  const reverse = new ReverseSockets(host, (datagram, port, from) =>
    ethernet.receiver.receiveRaw(datagram, port, from),
  );
  machine.setIpAddress(chip, host);
  scp.onDatagram((datagram, from) => {
    ethernet.receiver.receiveMessage(datagram, from);
    reverse.follow(machine.reversePorts(chip));
  });
  boot.onDatagram((datagram) => ethernet.receiver.receiveBoot(datagram));
  ethernet.connectOutside({
    send: (datagram, to, sourcePort) => {
      (reverse.socketOf(sourcePort) ?? scp).send(datagram, to);
    },
    broadcast: (frame) => boot.send(frame, { ip: LOOPBACK_BROADCAST, port: boot.port }),
  });
  return {
    host,
    scpPort: scp.port,
    bootPort: boot.port,
    async close() {
      ethernet.connectOutside(undefined);
      await Promise.all([scp.close(), boot.close(), reverse.close()]);
    },
  };
}

/** Sockets of reverse IPTags, opened when a tag asks for one. */
class ReverseSockets {
  private readonly sockets = new Map<number, Promise<Socket>>();
  private readonly ready = new Map<number, Socket>();

  constructor(
    private readonly host: string,
    private readonly receive: (
      datagram: Uint8Array,
      port: number,
      from: { readonly ip: string; readonly port: number },
    ) => void,
  ) {}

  /** The socket bound to a port, if there is one. */
  socketOf(port: number): Socket | undefined {
    return this.ready.get(port);
  }

  /** Opens sockets for ports that have none and closes the others; a port that is taken stays without. */
  follow(ports: readonly number[]): void {
    for (const [port, opening] of this.sockets) {
      if (!ports.includes(port)) void this.drop(port, opening);
    }
    for (const port of ports) if (port !== 0 && !this.sockets.has(port)) this.open(port);
  }

  private open(port: number): void {
    const opening = openSocket(this.host, port);
    this.sockets.set(port, opening);
    opening.then(
      (socket) => {
        if (this.sockets.get(port) !== opening) return;
        this.ready.set(port, socket);
        socket.onDatagram((datagram, from) => this.receive(datagram, port, from));
      },
      () => this.sockets.delete(port),
    );
  }

  private async drop(port: number, opening: Promise<Socket>): Promise<void> {
    this.sockets.delete(port);
    this.ready.delete(port);
    await opening.then(
      (socket) => socket.close(),
      () => undefined,
    );
  }

  async close(): Promise<void> {
    const opened = await Promise.allSettled(this.sockets.values());
    await Promise.all(
      opened.map((each) => (each.status === 'fulfilled' ? each.value.close() : undefined)),
    );
  }
}

async function closeAll(opened: readonly Closeable[]): Promise<void> {
  await Promise.all(opened.map((each) => each.close()));
}

/** The IPv4 address `steps` after another. */
function addressAfter(host: string, steps: number): string {
  const octets = host.split('.').map(Number);
  const isAddress = octets.length === 4 && octets.every((octet) => octet >= 0 && octet <= 255);
  if (!isAddress) throw new RangeError(`"host" must be an IPv4 address such as 127.0.0.1: ${host}`);
  const number = octets.reduce((value, octet) => value * 256 + octet, 0) + steps;
  return [24, 16, 8, 0].map((shift) => (number >>> shift) & 0xff).join('.');
}
