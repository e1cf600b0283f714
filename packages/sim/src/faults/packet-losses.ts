/** Which multicast packets routers lose, as a fault plan says. Each board draws by itself, so that boards may run in any order. */
import { randomFrom } from './random.js';

/** Keeps the chance of packets apart from that of datagrams. */
const PACKET_SEED = 0x9e3779b9;

/** Draws for each packet. */
export class PacketLosses {
  private readonly byBoard = new Map<number, () => number>();

  /**
   * @param lose chance that a packet is lost, 0 to 1
   * @param seed of the fault plan
   */
  constructor(
    private readonly lose: number,
    private readonly seed: number,
  ) {}

  /** Whether the next packet on a board is lost. */
  next(board: number): boolean {
    const random = this.byBoard.get(board) ?? this.add(board);
    return random() < this.lose;
  }

  private add(board: number): () => number {
    const random = randomFrom((this.seed ^ PACKET_SEED) + board);
    this.byBoard.set(board, random);
    return random;
  }
}
