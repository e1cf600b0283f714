/** The management processors of a machine on UDP ports. */
import type { VirtualMachine } from '../machine/virtual-machine.js';
import { addressAfter } from './address.js';
import { closeAll } from './close-all.js';
import { openSocket } from './socket.js';

/** The ethernet of one frame's management processor. */
export interface ServedFrame {
  readonly host: string;
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Opens a port for every frame of a machine, each on an address of its own.
 *
 * @param host IPv4 address of the first; undefined opens none
 * @throws RangeError for a host that is no IPv4 address; the system's error for a port that is taken
 */
export async function openFrames(
  machine: VirtualMachine,
  host: string | undefined,
  port: number,
): Promise<ServedFrame[]> {
  const frames: ServedFrame[] = [];
  if (host === undefined) return frames;
  try {
    for (let frame = 0; frame < machine.frameCount; frame++) {
      const address = addressAfter(host, frame);
      frames.push(await openFrame(machine, frame, address, frames[0]?.port ?? port));
    }
    return frames;
  } catch (error) {
    await closeAll(frames);
    throw error;
  }
}

async function openFrame(
  machine: VirtualMachine,
  frame: number,
  host: string,
  port: number,
): Promise<ServedFrame> {
  const socket = await openSocket(host, port);
  machine.setBmpAddress(frame, host);
  const ethernet = machine.bmpEthernet(frame);
  socket.onDatagram((datagram, from) => ethernet.receiver.receiveMessage(datagram, from));
  ethernet.connectOutside({
    send: (datagram, to) => socket.send(datagram, to),
    broadcast: () => undefined,
  });
  return {
    host,
    port: socket.port,
    async close() {
      ethernet.connectOutside(undefined);
      await socket.close();
    },
  };
}
