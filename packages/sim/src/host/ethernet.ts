/** The ethernet of one chip: datagrams between the machine and its hosts. */

/** One end of a UDP connection outside the machine. */
export interface HostAddress {
  /** IPv4 address such as `192.168.240.254`. */
  readonly ip: string;
  /** UDP port. */
  readonly port: number;
}

/** A datagram leaves the machine. */
export type Send = (datagram: Uint8Array, to: HostAddress, sourcePort: number) => void;

/** What takes datagrams that come in. */
export interface EthernetReceiver {
  /** A datagram on the port of SDP. */
  receiveMessage(datagram: Uint8Array, from: HostAddress): void;
  /** A datagram on the boot ROM's port. */
  receiveBoot(datagram: Uint8Array): void;
  /** A datagram on another port, for a reverse IPTag. */
  receiveRaw(datagram: Uint8Array, port: number, from: HostAddress): void;
}

/** Joins hosts to one ethernet chip. Hosts in this process are known by address; all others are outside. */
export class Ethernet {
  private readonly hosts = new Map<string, (datagram: Uint8Array) => void>();
  private outside: Send | undefined;

  constructor(readonly receiver: EthernetReceiver) {}

  /** Adds a host in this process. */
  addHost(host: HostAddress, receive: (datagram: Uint8Array) => void): void {
    this.hosts.set(keyOf(host), receive);
  }

  removeHost(host: HostAddress): void {
    this.hosts.delete(keyOf(host));
  }

  /** Where datagrams for hosts elsewhere go; undefined drops them. */
  connectOutside(send: Send | undefined): void {
    this.outside = send;
  }

  /** Sends a datagram to a host. */
  send(datagram: Uint8Array, to: HostAddress, sourcePort: number): void {
    const receive = this.hosts.get(keyOf(to));
    if (receive !== undefined) receive(datagram);
    else this.outside?.(datagram, to, sourcePort);
  }
}

function keyOf({ ip, port }: HostAddress): string {
  return `${ip}:${port}`;
}
