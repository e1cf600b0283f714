/** Asks many addresses at once who is there. */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import {
  type ChipAddress,
  CONNECTED_CHIP,
  decodeScpReply,
  HOST_CORE,
  HOST_PORT,
  MalformedMessageError,
  ReturnCode,
  requestDatagram,
  SDP_HEADER_BYTES,
  SdpFlag,
  Version,
  type VersionInformation,
} from '@spin-tools/scp';

/** Who answered at an address. */
export interface Answer {
  readonly address: string;
  readonly version: VersionInformation;
}

/** What management processors are called. Source: BMP firmware 2.1.2. */
const BMP_NAME = 'BC&MP';

/** Whether the answer came from a management processor rather than from a chip. */
export const isBmp = ({ version }: Answer): boolean => version.name.startsWith(BMP_NAME);

/** Asks the system to deliver the answer to the port that the request came from. */
const REPLY_TAG = 0xff;
/** Datagrams that are sent at a time, and the pause afterwards: systems ask the network for each address. */
const AT_ONCE = 64;
const PAUSE_MS = 10;
/** Chips of boards answer whatever they are called; management processors answer as chip (0, 0). */
const NAMES: readonly ChipAddress[] = [CONNECTED_CHIP, { x: 0, y: 0 }];

/**
 * Sends CMD_VER to addresses, twice to those that do not answer, and collects what comes back.
 *
 * @param waitMs how long answers are waited for; less when all have come
 */
export async function askAll(
  addresses: readonly string[],
  scpPort: number,
  waitMs: number,
): Promise<Answer[]> {
  const socket = createSocket('udp4');
  socket.bind(0);
  await once(socket, 'listening');
  const answers = new Map<string, Answer>();
  const complete = new AbortController();
  socket.on('message', (datagram, { address, port }) => {
    const version = port === scpPort ? versionIn(datagram) : undefined;
    if (version !== undefined) answers.set(address, { address, version });
    if (answers.size === addresses.length) complete.abort();
  });
  // Networks that cannot be reached, and computers without SCP, are no errors here.
  socket.on('error', () => undefined);
  for (const name of NAMES) {
    const silent = addresses.filter((address) => !answers.has(address));
    await sendAll(socket, silent, scpPort, requestTo(name));
    await setTimeout(waitMs / NAMES.length, undefined, complete).catch(() => undefined);
  }
  socket.close();
  return [...answers.values()];
}

async function sendAll(
  socket: Socket,
  addresses: readonly string[],
  port: number,
  datagram: Uint8Array,
): Promise<void> {
  for (let at = 0; at < addresses.length; at += AT_ONCE) {
    for (const address of addresses.slice(at, at + AT_ONCE)) socket.send(datagram, port, address);
    await setTimeout(PAUSE_MS);
  }
}

function requestTo({ x, y }: ChipAddress): Uint8Array {
  return requestDatagram(
    {
      flags: SdpFlag.Reply | SdpFlag.Host,
      tag: REPLY_TAG,
      destination: { x, y, core: 0, port: 0 },
      source: { x: 0, y: 0, core: HOST_CORE, port: HOST_PORT },
    },
    { command: Version.code, sequence: 0, ...Version.encodeRequest(undefined) },
  );
}

function versionIn(datagram: Uint8Array): VersionInformation | undefined {
  try {
    const { code, payload } = decodeScpReply(datagram, SDP_HEADER_BYTES);
    return code === ReturnCode.Ok ? Version.decodeReply(payload, undefined) : undefined;
  } catch (error) {
    if (error instanceof MalformedMessageError) return undefined;
    throw error;
  }
}
