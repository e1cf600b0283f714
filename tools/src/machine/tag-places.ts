/** Where IPTags lead, as users name it. */
import { isIPv4 } from 'node:net';
import { addressToChip, type IpTag, type SdpEndpoint } from '@spin-tools/scp';
import { InvalidArgumentError } from 'commander';

/** A core and the SDP port that a reverse tag delivers to. */
export type Delivery = SdpEndpoint;

/** Stands for the sender of the request that sets a tag. Source: SC&MP `cmd_iptag`. */
const SENDER = '0.0.0.0';
const MOST_PORT = 65_535;

/** Reads `ADDRESS:PORT` or `here:PORT` from an option. */
export function endpoint(value: string): { readonly ip: string; readonly port: number } {
  const [, host = '', digits] = /^(.+):(\d{1,5})$/.exec(value) ?? [];
  const ip = host === 'here' ? SENDER : host;
  const port = Number(digits);
  if (isIPv4(ip) && port >= 1 && port <= MOST_PORT) return { ip, port };
  throw new InvalidArgumentError('Give ADDRESS:PORT such as 192.168.240.2:17894, or here:17894.');
}

/** Reads `X,Y:CORE:PORT` from an option. */
export function tagDelivery(value: string): Delivery {
  const digits = /^(\d{1,3}),(\d{1,3}):(\d{1,2}):(\d)$/.exec(value)?.slice(1) ?? [];
  const [x = 256, y = 256, core = 32, port = 8] = digits.map(Number);
  if (x <= 255 && y <= 255 && core <= 17 && port <= 7) return { x, y, core, port };
  throw new InvalidArgumentError(
    'Give X,Y:CORE:PORT such as 1,0:3:1, with an SDP port from 0 to 7.',
  );
}

/** Where a reverse tag delivers to. */
export function deliveryOf({ destinationAddress, destinationPort }: IpTag): Delivery {
  const core = destinationPort & 31;
  return { ...addressToChip(destinationAddress), core, port: destinationPort >>> 5 };
}

/** The form that {@link tagDelivery} reads. */
export function describeDelivery({ x, y, core, port }: Delivery): string {
  return `${x},${y}:${core}:${port}`;
}
