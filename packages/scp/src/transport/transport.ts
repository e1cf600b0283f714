/** The one thing that touches the wire: unreliable datagrams to and from one end. */

/** Port of SCP and SDP on boards. */
export const SCP_PORT = 17893;
/** Port of the boot protocol on boards. */
export const BOOT_PORT = 54321;

/**
 * Sends and receives datagrams, which may be lost, doubled or reordered on the way. Whether they go
 * through UDP, a proxy or a virtual machine in this process is nobody else's business.
 */
export interface Transport {
  /** Sends a datagram; the caller must not change it afterwards. Never throws for the other end's sake. */
  send(datagram: Uint8Array): void;
  /** Adds a listener for datagrams that arrive from now on. */
  onDatagram(listener: (datagram: Uint8Array) => void): void;
  /** Stops sending and receiving. May be called more than once. */
  close(): Promise<void>;
}
