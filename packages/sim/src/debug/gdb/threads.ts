/** The cores of a machine as the threads of one process. */
import { CORES } from '../../chip/chip.js';
import type { DebuggedCore } from '../core.js';
import type { MachineDebugger } from '../debugger.js';
import { MalformedPacketError, numberOf } from './hex.js';

/** Threads per reply to a request for the list. */
const MOST_LISTED = 500;

/** Which threads there are, and which one GDB talks about. */
export class Threads {
  /** Identifier of the thread that registers and memory are asked of. */
  private currentId: number | undefined;
  private unlisted: DebuggedCore[] = [];

  constructor(private readonly target: MachineDebugger) {}

  /** Cores with programs; while there are none the first application core, so that GDB has something to look at. */
  all(): DebuggedCore[] {
    const cores = this.target.cores();
    return cores.length > 0 ? cores : [this.firstApplicationCore()];
  }

  /** The core that is asked about. */
  get current(): DebuggedCore {
    const chosen = this.currentId === undefined ? undefined : this.target.coreById(this.currentId);
    return chosen ?? (this.all()[0] as DebuggedCore);
  }

  choose({ id }: DebuggedCore): void {
    this.currentId = id;
  }

  /** `H` with an identifier, 0 or -1: those two leave the choice. Says whether there is such a thread. */
  select(text: string): boolean {
    const found = this.find(text);
    if (found === undefined) return false;
    if (found !== 'any') this.choose(found);
    return true;
  }

  /** The thread that an identifier in a packet means; undefined for none. Throws MalformedPacketError. */
  find(text: string): DebuggedCore | 'any' | undefined {
    if (text === '-1' || text === '0' || text === '') return 'any';
    const id = numberOf(text);
    return id < 1 ? undefined : this.target.coreById(id);
  }

  /** The list of identifiers, in parts. */
  list(isFirst: boolean): string {
    if (isFirst) this.unlisted = this.all();
    const part = this.unlisted.splice(0, MOST_LISTED);
    return part.length === 0 ? 'l' : `m${part.map(({ id }) => id.toString(16)).join(',')}`;
  }

  /** What is to be said of a thread beyond its name. Throws MalformedPacketError. */
  describe(text: string): string {
    const core = this.find(text);
    if (core === undefined || core === 'any') throw new MalformedPacketError('no such thread');
    return `${core.name}, ${stateOf(core)}`;
  }

  private firstApplicationCore(): DebuggedCore {
    for (let id = 2; id <= CORES; id++) {
      const core = this.target.coreById(id);
      if (core !== undefined) return core;
    }
    return this.target.coreById(1) as DebuggedCore;
  }
}

/** What a core does, in a word or two. */
export function stateOf(core: DebuggedCore): string {
  if (!core.hasProgram) return 'no program';
  return core.isAsleep ? 'asleep' : 'awake';
}
