/** A board that knows memory and nothing else: SCP reads, writes and versions, on UDP. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';

/** A board that answers. */
export interface FakeBoard {
  readonly port: number;
  /** Datagrams that came in. */
  readonly received: Buffer[];
  close(): void;
}

/** Codes of SCP: commands, and the return code of a success. Source: SC&MP. */
const READ = 2;
const WRITE = 3;
const OK = 0x80;

/** Padding, SDP header and SCP head of an SDP message on UDP; arguments follow. */
const HEAD_BYTES = 14;
const ARGUMENTS_BYTES = 12;

/** Starts a board on an address of loopback. */
export async function fakeBoard(host: string, port = 0): Promise<FakeBoard> {
  const socket = createSocket('udp4');
  socket.bind(port, host);
  await once(socket, 'listening');
  const memory = Buffer.alloc(1 << 20);
  const received: Buffer[] = [];
  socket.on('message', (message, from) => {
    received.push(message);
    if (message.length < HEAD_BYTES) return;
    const command = message.readUInt16LE(10);
    const [address, length] = [message.readUInt32LE(14) & 0xfffff, message.readUInt32LE(18)];
    if (command === WRITE) message.copy(memory, address, HEAD_BYTES + ARGUMENTS_BYTES);
    const data = command === READ ? memory.subarray(address, address + length) : Buffer.alloc(0);
    const head = Buffer.from(message.subarray(0, HEAD_BYTES));
    head[2] = 7;
    [head[4], head[5]] = [head[5]!, head[4]!];
    [head[6], head[7], head[8], head[9]] = [head[8]!, head[9]!, head[6]!, head[7]!];
    head.writeUInt16LE(OK, 10);
    socket.send(Buffer.concat([head, data]), from.port, from.address);
  });
  return { port: socket.address().port, received, close: () => socket.close() };
}
