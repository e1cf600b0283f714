/** Connections to the ethernet chips of a machine, and which of them leads to a chip. */
import { type ChipAddress, CONNECTED_CHIP, sameChip } from '../addresses.js';
import { isOnBoard } from '../board-shape.js';
import type { Command } from '../commands/command.js';
import type { Connection } from '../connection/connection.js';
import type { Patience } from '../connection/exchange.js';
import { type Request, type Scp, sendAll, type Target } from '../connection/scp.js';

/** Requests at once for each board; each connection keeps to its own window besides. */
const AT_ONCE_PER_BOARD = 32;

/** A connection and the ethernet chip that it leads to. */
export interface BoardConnection {
  readonly chip: ChipAddress;
  readonly connection: Connection;
}

/** Sends each command through the board of the chip that it is for, or else through the root. */
export class Boards implements Scp {
  private readonly others: BoardConnection[] = [];
  private readonly choices = new Map<number, Connection>();
  private width = 256;
  private height = 256;

  /** @param root the connection that (255, 255) stands for, to the chip that is booted */
  constructor(readonly root: Connection) {}

  /** Adds a way into the machine. */
  add(board: BoardConnection): void {
    this.others.push(board);
    this.choices.clear();
  }

  /** Says how large the machine is, so that boards across its edges are found. */
  resize(width: number, height: number): void {
    this.width = width;
    this.height = height;
    this.choices.clear();
  }

  /** The connection through which a chip is reached. */
  leadingTo(chip: ChipAddress): Connection {
    if (this.others.length === 0 || sameChip(chip, CONNECTED_CHIP)) return this.root;
    const key = (chip.x << 8) | chip.y;
    const known = this.choices.get(key) ?? this.search(chip);
    this.choices.set(key, known);
    return known;
  }

  send<T>(to: Target, command: Command<T>, patience?: Partial<Patience>): Promise<T> {
    return this.leadingTo(to).send(to, command, patience);
  }

  all<T>(requests: Iterable<Request<T>>): Promise<void> {
    if (this.others.length === 0) return this.root.all(requests);
    return sendAll(this, requests, AT_ONCE_PER_BOARD * (1 + this.others.length));
  }

  /** All connections, the root's first. */
  connections(): Connection[] {
    return [this.root, ...this.others.map(({ connection }) => connection)];
  }

  private search(chip: ChipAddress): Connection {
    const board = this.others.find(({ chip: ethernet }) =>
      isOnBoard(
        (chip.x - ethernet.x + this.width) % this.width,
        (chip.y - ethernet.y + this.height) % this.height,
      ),
    );
    return board?.connection ?? this.root;
  }
}
