/** A machine, or a training run, shown to whoever opens the page. */
import { Journal } from './journal.js';
import type { Message, Question } from './messages.js';
import { serveViewer } from './server.js';
import { MachineWatch, type WatchOptions } from './watch.js';

/** A machine to watch, told to a journal. */
export type Watched = Omit<WatchOptions, 'tell'>;

/** A page that is served, as long as it is not disposed of. */
export interface Viewing extends AsyncDisposable {
  readonly url: string;
  /** Shows something that did not come from a machine. */
  tell(message: Message): void;
  /** Shows a machine until the result is disposed of, in place of one before. */
  watch(machine: Watched): AsyncDisposable;
}

/**
 * Serves the page.
 *
 * @param where address and TCP port, see `serveViewer`
 * @throws the system's error for a port that is taken
 */
export async function startViewing(where: {
  readonly host?: string;
  readonly port?: number;
}): Promise<Viewing> {
  const journal = new Journal();
  let watching: Watching | undefined;
  const ask = async (question: Question) => watching?.ask(question);
  const server = await serveViewer({ journal, ask, ...where });
  return {
    url: server.url,
    tell: journal.add,
    watch(machine) {
      watching = new Watching(machine, journal);
      return watching;
    },
    async [Symbol.asyncDispose]() {
      await watching?.[Symbol.asyncDispose]();
      journal.add({ type: 'status', status: 'ended', text: 'spin-tools was stopped' });
      await server[Symbol.asyncDispose]();
    },
  };
}

/** Watches a machine in the background. */
export class Watching implements AsyncDisposable {
  private readonly stopping = new AbortController();
  private readonly watch: MachineWatch;
  private readonly running: Promise<void>;

  constructor(machine: Watched, journal: Journal) {
    this.watch = new MachineWatch({ ...machine, tell: journal.add });
    this.running = this.watch.run(this.stopping.signal).catch((error: unknown) => {
      const text = `watching ended: ${error instanceof Error ? error.message : String(error)}`;
      journal.add({ type: 'status', status: 'lost', text });
    });
  }

  /** See `MachineWatch.ask`. */
  ask(question: Question): Promise<void> {
    return this.watch.ask(question);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stopping.abort();
    await this.running;
  }
}
