/** IPv4 addresses in a row. */

/** The IPv4 address `steps` after another. Throws RangeError for a host that is no IPv4 address. */
export function addressAfter(host: string, steps: number): string {
  const octets = host.split('.').map(Number);
  const isAddress = octets.length === 4 && octets.every((octet) => octet >= 0 && octet <= 255);
  if (!isAddress) throw new RangeError(`"host" must be an IPv4 address such as 127.0.0.1: ${host}`);
  const number = octets.reduce((value, octet) => value * 256 + octet, 0) + steps;
  return [24, 16, 8, 0].map((shift) => (number >>> shift) & 0xff).join('.');
}
