/** IPv4 addresses of networks, and those of the networks that this computer is in. */
import { isIPv4 } from 'node:net';
import { networkInterfaces } from 'node:os';
import { InvalidArgumentError } from 'commander';

/** Fewest bits of a network whose addresses are asked one by one: 4,096 addresses. */
const LEAST_BITS = 20;
/** Bits of the part that is looked at of larger networks of this computer: 256 addresses. */
const USUAL_BITS = 24;
const LOOPBACK = '127.0.0.1';

/** One more network, `10.0.0.0/24`, or address for an argument that may be repeated. */
export function addNetwork(value: string, before: readonly string[] = []): readonly string[] {
  const [, address = '', bits = '32'] = /^([\d.]+)(?:\/(\d{1,2}))?$/.exec(value) ?? [];
  if (!isIPv4(address) || Number(bits) < LEAST_BITS || Number(bits) > 32) {
    throw new InvalidArgumentError(
      `Give an IPv4 address, or a network such as 192.168.240.0/24 of ${LEAST_BITS} bits or more.`,
    );
  }
  return [...before, ...addressesOf(address, Number(bits))];
}

/** Addresses of the networks around this computer, and this computer. */
export function localAddresses(): string[] {
  const found = Object.values(networkInterfaces())
    .flatMap((each) => each ?? [])
    .filter(({ family, internal }) => family === 'IPv4' && !internal)
    .flatMap(({ address, cidr }) => {
      const bits = Number(cidr?.split('/')[1] ?? USUAL_BITS);
      return addressesOf(address, Math.max(USUAL_BITS, bits));
    });
  return [...new Set([LOOPBACK, ...found])];
}

/** Whether an address is in a network that this computer is in, by its interfaces. */
export function isLocal(address: string): boolean {
  return Object.values(networkInterfaces())
    .flatMap((each) => each ?? [])
    .some(({ family, cidr }) => {
      if (family !== 'IPv4' || cidr === null) return false;
      const [network = '', bits = '32'] = cidr.split('/');
      const shift = 32 - Number(bits);
      return shift === 32 || numberOf(network) >>> shift === numberOf(address) >>> shift;
    });
}

/** All addresses of a network, those of the network and the broadcast left out where there are more. */
function addressesOf(address: string, bits: number): string[] {
  const size = 2 ** (32 - bits);
  const first = numberOf(address) - (numberOf(address) % size);
  const all = Array.from({ length: size }, (_, index) => textOf(first + index));
  return size > 2 ? all.slice(1, -1) : all;
}

function numberOf(address: string): number {
  return address.split('.').reduce((number, octet) => number * 256 + Number(octet), 0);
}

function textOf(number: number): string {
  return [24, 16, 8, 0].map((shift) => (number >>> shift) & 0xff).join('.');
}
