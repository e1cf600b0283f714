/** Checks of the computer that this program runs on. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type Finding, note, ok } from './finding.js';

/** What the transport asks for, bytes. Source: `RECEIVE_BUFFER_BYTES` of the package for SCP. */
const WANTED_BYTES = 1 << 21;
/** Room for less than this loses replies of many boards, bytes: 256 replies of 300 bytes, as the kernel counts them. */
const LEAST_BYTES = 1 << 18;

/** Room for datagrams that wait to be read: systems give less than they are asked for. */
export async function checkReceiveBuffer(): Promise<Finding> {
  const socket = createSocket('udp4');
  socket.bind(0);
  await once(socket, 'listening');
  socket.setRecvBufferSize(WANTED_BYTES);
  const bytes = socket.getRecvBufferSize();
  socket.close();
  return judgeReceiveBuffer(bytes);
}

/** Whether so much room will do. */
export function judgeReceiveBuffer(bytes: number): Finding {
  const what = `${Math.round(bytes / 1024)} KiB for replies that wait to be read`;
  if (bytes >= LEAST_BYTES) return ok('this computer', what);
  return note(
    'this computer',
    `only ${what}`,
    `allow more, on Linux with "sysctl -w net.core.rmem_max=${WANTED_BYTES}"`,
  );
}
