/** A virtual machine on UDP ports, as boards have them. Node.js only: `@spin-tools/sim/udp`. */
import { BOOT_PORT, type ChipAddress, SCP_PORT, sameChip } from '@spin-tools/scp';
import type { Pace } from '../machine/pump.js';
import type { VirtualMachine } from '../machine/virtual-machine.js';
import { addressAfter } from './address.js';
import { closeAll } from './close-all.js';
import { Opening, ReverseSockets } from './reverse-sockets.js';
import { openFrames } from './serve-frames.js';
import { openSocket } from './socket.js';

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
  const boards = await openBoards(machine, host, { scpPort, bootPort });
  const [first = { scpPort, bootPort }] = boards;
  const frames = await openFrames(machine, bmpHost, bmpPort).catch(async (error: unknown) => {
    await closeAll(boards);
    throw error;
  });
  machine.setPace(pace);
  return {
    hosts: boards.map((board) => board.host),
    ...{ scpPort: first.scpPort, bootPort: first.bootPort },
    bmpHosts: frames.map((frame) => frame.host),
    bmpPort: frames[0]?.port ?? bmpPort,
    close: () => closeAll([...boards, ...frames]),
  };
}

/** How often the system is asked for ports that are free on the addresses of all boards. */
const MOST_PORT_DRAWS = 10;

interface Ports {
  readonly scpPort: number;
  readonly bootPort: number;
}

async function openBoards(
  machine: VirtualMachine,
  host: string,
  ports: Ports,
  drawsLeft = MOST_PORT_DRAWS,
): Promise<Board[]> {
  const boards: Board[] = [];
  const opening = new Opening();
  try {
    for (const [number, chip] of machine.ethernetChips.entries()) {
      const address = addressAfter(host, number);
      boards.push(await openBoard(machine, chip, address, boards[0] ?? ports, opening));
    }
    return boards;
  } catch (error) {
    await closeAll(boards);
    // What the system gave the first board may be taken on the address of another.
    const mayDrawAgain = boards.length > 0 && (ports.scpPort === 0 || ports.bootPort === 0);
    if (!mayDrawAgain || drawsLeft <= 1) throw error;
    return openBoards(machine, host, ports, drawsLeft - 1);
  }
}

interface Board extends Ports {
  readonly host: string;
  close(): Promise<void>;
}

async function openBoard(
  machine: VirtualMachine,
  chip: ChipAddress,
  host: string,
  { scpPort, bootPort }: Ports,
  opening: Opening,
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
  const reverse = new ReverseSockets(host, opening, (datagram, port, from) =>
    ethernet.receiver.receiveRaw(datagram, port, from),
  );
  const stopFollowing = machine.onReversePorts((changed) => {
    if (sameChip(changed, chip)) reverse.follow(machine.reversePorts(chip));
  });
  machine.setIpAddress(chip, host);
  scp.onDatagram((datagram, from) => ethernet.receiver.receiveMessage(datagram, from));
  boot.onDatagram((datagram) => ethernet.receiver.receiveBoot(datagram));
  ethernet.connectOutside({
    send: (datagram, to, sourcePort) => {
      // Tags run out without a word.
      reverse.follow(machine.reversePorts(chip));
      // The answer to whoever set a tag, of whichever board, leaves when the tag's port is open.
      opening.whenOpen(() => (reverse.socketOf(sourcePort) ?? scp).send(datagram, to));
    },
    broadcast: (frame) => boot.send(frame, { ip: LOOPBACK_BROADCAST, port: boot.port }),
  });
  return {
    host,
    scpPort: scp.port,
    bootPort: boot.port,
    async close() {
      stopFollowing();
      ethernet.connectOutside(undefined);
      await Promise.all([scp.close(), boot.close(), reverse.close()]);
    },
  };
}
