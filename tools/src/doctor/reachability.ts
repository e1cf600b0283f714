/** Whether there is a machine at an address, and if not, why. */
import { createSocket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { SCP_PORT } from '@spin-tools/scp';
import { isLocal } from '../network/addresses.js';
import { HELLO_MS, listenForHello } from '../network/hello.js';
import { type Answer, askAll, isBmp } from '../network/search.js';
import { plain } from '../terminal/plain.js';
import { type Finding, fault, note, ok } from './finding.js';

/** Where a machine should be. */
export interface Place {
  readonly host: string;
  readonly scpPort: number;
  readonly bootPort: number;
  /** How long the first answer is waited for, ms. */
  readonly waitMs: number;
}

/** What was found, and whether it makes sense to ask the machine for more. */
export interface Reachability {
  readonly findings: readonly Finding[];
  readonly isUp: boolean;
}

const CHECK = 'address';

/** Looks for a machine at an address. */
export async function checkReachability(place: Place): Promise<Reachability> {
  const address = await addressOf(place.host);
  if (address === undefined) return down(noSuchHost(place.host));
  const [answer] = await askAll([address], place.scpPort, place.waitMs);
  if (answer === undefined) return down(await whySilent(address, place));
  if (isBmp(answer)) return down(managementProcessor(answer));
  const { version } = answer;
  const isStarting = version.chip.x === 255 && version.chip.y === 255;
  if (isStarting) return down(stillStarting(address));
  return { isUp: true, findings: [ok(CHECK, `${address} answers on port ${place.scpPort}`)] };
}

const down = (finding: Finding): Reachability => ({ isUp: false, findings: [finding] });

async function addressOf(host: string): Promise<string | undefined> {
  try {
    return (await lookup(host, { family: 4 })).address;
  } catch {
    return undefined;
  }
}

function noSuchHost(host: string): Finding {
  const advice = 'give its IPv4 address, or look for it with "spin-tools discover"';
  return fault(CHECK, `there is no host called ${host}`, advice);
}

function managementProcessor({ address, version }: Answer): Finding {
  return fault(
    CHECK,
    `${address} is a management processor (${plain(`${version.name} ${version.version}`)}), not a board`,
    'chips usually have the address behind it; give this one as --bmp-host',
  );
}

function stillStarting(address: string): Finding {
  const advice = 'wait some seconds; if that does not help, boot it again with --force';
  return note(CHECK, `${address} is booted, and its network does not work yet`, advice);
}

/** Tells a board that waits for a boot, a wrong port and nobody apart. */
async function whySilent(address: string, place: Place): Promise<Finding> {
  const { scpPort, bootPort } = place;
  if (await isRefused(address, scpPort)) return wrongPort(address, place);
  if (await saysHello(address, bootPort)) {
    return fault(
      CHECK,
      `${address} is not booted: it waits for an image`,
      `boot it with "spin-tools boot --host ${address}", a board needs --image scamp.boot`,
    );
  }
  const isNear = isLocal(address);
  return fault(
    CHECK,
    `nobody answers at ${address}, port ${scpPort}`,
    isNear
      ? 'is the board powered, are its network lights on, and does no firewall keep UDP from coming back? ' +
          'A board that was booted and is silent needs a reset: "spin-tools reset"'
      : 'this computer is in no network with that address: give an interface one, such as ' +
          '192.168.240.254/24 for a board as it is delivered, or check the route to it',
  );
}

/** Boards have their ports always; where one is refused there is a computer without it. */
async function wrongPort(address: string, { scpPort, waitMs }: Place): Promise<Finding> {
  const [usual] = scpPort === SCP_PORT ? [] : await askAll([address], SCP_PORT, waitMs);
  return fault(
    CHECK,
    `${address} is there, but nothing listens on its UDP port ${scpPort}`,
    usual === undefined
      ? `boards listen on port ${SCP_PORT}: is this their address, and does "spin-tools sim" run on another port?`
      : `port ${SCP_PORT} answers: leave --scp-port away`,
  );
}

/** Whether the system at an address says that it has no such port. */
async function isRefused(address: string, port: number): Promise<boolean> {
  const socket = createSocket('udp4');
  const refused = new Promise<boolean>((resolve) => {
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'ECONNREFUSED'));
  });
  try {
    socket.connect(port, address);
    await once(socket, 'connect');
    socket.send(new Uint8Array(2));
    return await Promise.race([refused, setTimeout(REFUSAL_MS, false)]);
  } catch {
    return false;
  } finally {
    socket.close();
  }
}

/** Time in which a refusal comes back, ms. */
const REFUSAL_MS = 250;

async function saysHello(address: string, bootPort: number): Promise<boolean> {
  const silence = new AbortController();
  try {
    const listener = await listenForHello(bootPort, (from) => {
      if (from === address) silence.abort();
    });
    await setTimeout(HELLO_MS, undefined, { signal: silence.signal }).catch(() => undefined);
    listener.close();
  } catch {
    // Another program has the port for itself, so that nothing can be heard.
    return false;
  }
  return silence.signal.aborted;
}
