/** Cuts a stream of bytes into lines of JSON. */
import { SpallocProtocolError } from '../errors.js';

/** Bytes. The longest line a server sends lists some thousand jobs, well under a megabyte. */
const LONGEST_LINE = 16 * 1024 * 1024;

const LINE_FEED = 0x0a;

/** Keeps the beginning of a line until the rest of it arrives. */
export class JsonLines {
  #parts: Uint8Array[] = [];
  #length = 0;
  readonly #decoder = new TextDecoder('utf-8', { fatal: true });

  /** @param longest bytes in a line, at most */
  constructor(private readonly longest = LONGEST_LINE) {}

  /**
   * The values of all lines that `bytes` completes, in order. Blank lines have none.
   *
   * @throws SpallocProtocolError when a line is not UTF-8 or not JSON, or never ends.
   */
  *push(bytes: Uint8Array): Generator<unknown> {
    let start = 0;
    for (let end = bytes.indexOf(LINE_FEED); end >= 0; end = bytes.indexOf(LINE_FEED, start)) {
      this.#keep(bytes.subarray(start, end));
      start = end + 1;
      const line = this.#take();
      if (line.trim() !== '') yield parse(line);
    }
    this.#keep(bytes.slice(start));
  }

  #keep(part: Uint8Array): void {
    this.#parts.push(part);
    this.#length += part.length;
    if (this.#length > this.longest) {
      throw new SpallocProtocolError(
        `the allocation server sent a line of more than ${this.longest} bytes`,
      );
    }
  }

  #take(): string {
    const line = Buffer.concat(this.#parts);
    this.#parts = [];
    this.#length = 0;
    try {
      return this.#decoder.decode(line);
    } catch (cause) {
      throw new SpallocProtocolError('the allocation server sent a line that is not UTF-8', {
        cause,
      });
    }
  }
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (cause) {
    throw new SpallocProtocolError(
      `the allocation server sent a line that is not JSON: ${line.slice(0, 80)}`,
      { cause },
    );
  }
}
