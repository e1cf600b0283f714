/** What one connection wants to be told about. */

/** Everything of a kind, or some by name. */
interface Watched<T> {
  all: boolean;
  readonly some: Set<T>;
  /** Changed since they were last told. */
  readonly changed: Set<T>;
}

/** Collects changes for one connection and tells them together, after the reply that caused them. */
export class Watcher {
  readonly #jobs: Watched<number> = { all: false, some: new Set(), changed: new Set() };
  readonly #machines: Watched<string> = { all: false, some: new Set(), changed: new Set() };
  #isTelling = false;

  /** @param tell writes a notification */
  constructor(private readonly tell: (notification: object) => void) {}

  /** Undefined stands for all, here and below. */
  watchJob(id: number | undefined): null {
    return watch(this.#jobs, id);
  }

  ignoreJob(id: number | undefined): null {
    return ignore(this.#jobs, id);
  }

  watchMachine(name: string | undefined): null {
    return watch(this.#machines, name);
  }

  ignoreMachine(name: string | undefined): null {
    return ignore(this.#machines, name);
  }

  /** Something changed. */
  changed(what: { readonly job: number } | { readonly machine: string }): void {
    if ('job' in what) this.#note(this.#jobs, what.job);
    else this.#note(this.#machines, what.machine);
  }

  #note<T>(watched: Watched<T>, name: T): void {
    if (!watched.all && !watched.some.has(name)) return;
    watched.changed.add(name);
    if (this.#isTelling) return;
    this.#isTelling = true;
    setImmediate(() => {
      this.#isTelling = false;
      this.#tellOf('jobs_changed', this.#jobs.changed);
      this.#tellOf('machines_changed', this.#machines.changed);
    });
  }

  #tellOf(name: string, changed: Set<unknown>): void {
    if (changed.size === 0) return;
    this.tell({ [name]: [...changed] });
    changed.clear();
  }
}

function watch<T>(watched: Watched<T>, name: T | undefined): null {
  if (name === undefined) watched.all = true;
  else watched.some.add(name);
  return null;
}

/** One by name stays watched while all are. */
function ignore<T>(watched: Watched<T>, name: T | undefined): null {
  if (name === undefined) {
    watched.all = false;
    watched.some.clear();
  } else watched.some.delete(name);
  return null;
}
