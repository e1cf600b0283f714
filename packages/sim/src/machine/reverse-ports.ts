/**
 * UDP ports to which reverse IPTags of image monitors listen. A board hears all ports; a computer that stands for
 * it opens only those that are needed, and finds out which by what hosts ask for.
 */
import {
  chipToAddress,
  decodeScpRequest,
  decodeSdp,
  IpTagCommand,
  MalformedMessageError,
} from '@spin-tools/scp';

/** Stands for the root chip in addresses. */
const ROOT = 0xffff;
/** Tags that listen; the others are for replies. Source: SC&MP 4.0. */
const LISTENING_TAGS = 8;

/** Ports by chip and tag. */
export class ReversePorts {
  private readonly byChip = new Map<number, Map<number, number>>();

  /**
   * @param chipAt number of the ethernet chip whose monitor has an address, x << 8 | y
   * @param changed the ports of a chip have changed
   */
  constructor(
    private readonly chipAt: (address: number) => number | undefined,
    private readonly changed: (chip: number) => void,
  ) {}

  /** Ports of a chip. */
  of(chip: number): readonly number[] {
    return [...(this.byChip.get(chip)?.values() ?? [])];
  }

  /** A chip was reset. */
  forget(chip: number): void {
    this.byChip.delete(chip);
  }

  /** Looks at a message that comes in by the ethernet of a chip. */
  observe(datagram: Uint8Array, through: number): void {
    try {
      this.follow(datagram, through);
    } catch (error) {
      if (!(error instanceof MalformedMessageError)) throw error;
    }
  }

  private follow(datagram: Uint8Array, through: number): void {
    const { destination, data } = decodeSdp(datagram);
    if (destination.core !== 0 || destination.port !== 0) return;
    if (data[0] !== IpTagCommand.code || data[1] !== 0) return;
    const request = IpTagCommand.decodeRequest(decodeScpRequest(data));
    const address = chipToAddress(destination);
    const chip = address === ROOT ? through : this.chipAt(address);
    if (chip === undefined) return;
    const ports = this.byChip.get(chip) ?? new Map<number, number>();
    this.byChip.set(chip, ports);
    if (request.operation !== 'clear' && request.operation !== 'set') return;
    if (request.tag >= LISTENING_TAGS) return;
    if (request.operation === 'set' && request.settings.reverse) {
      ports.set(request.tag, request.settings.udpPort);
    } else ports.delete(request.tag);
    this.changed(chip);
  }
}
