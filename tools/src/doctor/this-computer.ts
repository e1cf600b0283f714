/** Checks of the computer that this program runs on. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { VERSION } from '../version.js';
import { type Finding, fault, note, ok } from './finding.js';

/** Least Node.js that this program is made for, as major and minor. Source: `engines` of the packages. */
const LEAST_NODE = [20, 19] as const;

/** Whether this program runs on a Node.js that it is made for. */
export function checkVersions(node = process.versions.node): Finding {
  const [major = 0, minor = 0] = node.split('.').map(Number);
  const [leastMajor, leastMinor] = LEAST_NODE;
  const what = `spin-tools ${VERSION} on Node.js ${node}`;
  if (major > leastMajor || (major === leastMajor && minor >= leastMinor)) {
    return ok('this computer', what);
  }
  return fault('this computer', what, `install Node.js ${LEAST_NODE.join('.')} or later`);
}

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
