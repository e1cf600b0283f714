/** The ethernet of one chip: datagrams between the machine and its hosts. */
import type { FaultyLine } from '../faults/line.js';
import type { DatagramKind } from '../faults/plan.js';

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

/** Hosts outside this process. */
export interface OutsideWorld {
  /** Sends a datagram to a host. */
  readonly send: Send;
  /** Sends a hello frame of a chip in its boot ROM to all hosts. */
  readonly broadcast: (frame: Uint8Array) => void;
}

/** Joins hosts to one ethernet chip. Hosts in this process are known by address; all others are outside. */
export class Ethernet {
  private readonly hosts = new Map<string, (datagram: Uint8Array) => void>();
  private readonly helloListeners = new Set<(frame: Uint8Array) => void>();
  private outside: OutsideWorld | undefined;
  /** Takes what hosts send. */
  readonly receiver: EthernetReceiver;

  /** @param line what befalls datagrams on their way, if anything */
  constructor(
    receiver: EthernetReceiver,
    private readonly line?: FaultyLine,
  ) {
    this.receiver = line === undefined ? receiver : behind(line, receiver);
  }

  /** Adds a host in this process. */
  addHost(host: HostAddress, receive: (datagram: Uint8Array) => void): void {
    this.hosts.set(keyOf(host), receive);
  }

  /** Datagrams for a host are lost from now on. */
  removeHost(host: HostAddress): void {
    this.hosts.delete(keyOf(host));
  }

  /** Listens to hello frames; the result stops that. */
  onHello(listener: (frame: Uint8Array) => void): () => void {
    this.helloListeners.add(listener);
    return () => this.helloListeners.delete(listener);
  }

  /** Where datagrams for hosts elsewhere go; undefined drops them. */
  connectOutside(outside: OutsideWorld | undefined): void {
    this.outside = outside;
  }

  /** Sends a datagram to a host, as one of SCP or of an IPTag. */
  send(datagram: Uint8Array, to: HostAddress, sourcePort: number, kind: DatagramKind): void {
    this.carry(kind, () => {
      const receive = this.hosts.get(keyOf(to));
      if (receive !== undefined) receive(datagram);
      else this.outside?.send(datagram, to, sourcePort);
    });
  }

  /** Sends a hello frame to all hosts. */
  broadcast(frame: Uint8Array): void {
    this.carry('boot', () => {
      for (const listener of this.helloListeners) listener(frame);
      this.outside?.broadcast(frame);
    });
  }

  private carry(kind: DatagramKind, deliver: () => void): void {
    if (this.line === undefined) deliver();
    else this.line.carry(kind, deliver);
  }
}

function behind(line: FaultyLine, receiver: EthernetReceiver): EthernetReceiver {
  return {
    receiveMessage: (datagram, from) =>
      line.carry('scp', () => receiver.receiveMessage(datagram, from)),
    receiveBoot: (datagram) => line.carry('boot', () => receiver.receiveBoot(datagram)),
    receiveRaw: (datagram, port, from) =>
      line.carry('tags', () => receiver.receiveRaw(datagram, port, from)),
  };
}

function keyOf({ ip, port }: HostAddress): string {
  return `${ip}:${port}`;
}
