/** UDP ports of reverse IPTags: opened when a tag asks for one, closed when none does any more. */
import { openSocket, type Socket } from './socket.js';

/** Sockets that are being opened, on all boards of a machine. */
export class Opening {
  private readonly sockets = new Set<Promise<unknown>>();

  add(socket: Promise<unknown>): void {
    const done = (): void => {
      this.sockets.delete(socket);
    };
    this.sockets.add(socket);
    socket.then(done, done);
  }

  /** Does something when all are open: at once, mostly. */
  whenOpen(action: () => void): void {
    if (this.sockets.size === 0) action();
    else void Promise.allSettled(this.sockets).then(action);
  }
}

/** Those of one board. */
export class ReverseSockets {
  private readonly sockets = new Map<number, Promise<Socket>>();
  private readonly ready = new Map<number, Socket>();

  constructor(
    private readonly host: string,
    private readonly opening: Opening,
    private readonly receive: (
      datagram: Uint8Array,
      port: number,
      from: { readonly ip: string; readonly port: number },
    ) => void,
  ) {}

  /** The socket bound to a port, if there is one. */
  socketOf(port: number): Socket | undefined {
    return this.ready.get(port);
  }

  /** Opens sockets for ports that have none and closes the others; a port that is taken stays without. */
  follow(ports: readonly number[]): void {
    for (const [port, opening] of this.sockets) {
      if (!ports.includes(port)) void this.drop(port, opening);
    }
    for (const port of ports) if (port !== 0 && !this.sockets.has(port)) this.open(port);
  }

  private open(port: number): void {
    const opening = openSocket(this.host, port);
    this.sockets.set(port, opening);
    this.opening.add(opening);
    opening.then(
      (socket) => {
        if (this.sockets.get(port) !== opening) return;
        this.ready.set(port, socket);
        socket.onDatagram((datagram, from) => this.receive(datagram, port, from));
      },
      () => this.sockets.delete(port),
    );
  }

  private async drop(port: number, opening: Promise<Socket>): Promise<void> {
    this.sockets.delete(port);
    this.ready.delete(port);
    await opening.then(
      (socket) => socket.close(),
      () => undefined,
    );
  }

  async close(): Promise<void> {
    const opened = await Promise.allSettled(this.sockets.values());
    await Promise.all(
      opened.map((each) => (each.status === 'fulfilled' ? each.value.close() : undefined)),
    );
  }
}
