/**
 * One conversation with GDB, independent of what carries it: bytes in, bytes out. All-stop: while GDB
 * looks, the time of the whole machine stands still.
 */
import type { DebuggedCore } from '../core.js';
import type { MachineDebugger, Stop } from '../debugger.js';
import { answer, type CommandContext, failureOf } from './commands.js';
import { STATUS_NUMBER } from './description.js';
import {
  ACKNOWLEDGED,
  framed,
  type Incoming,
  PACKET_BYTES,
  PacketReader,
  REFUSED,
} from './framing.js';
import { hexWord, MalformedPacketError, numberOf } from './hex.js';
import { Threads } from './threads.js';

/** Numbers of signals, as GDB has them. */
const Signal = { Interrupt: 2, Trap: 5 } as const;
const OK = 'OK';

const FEATURES = [
  `PacketSize=${PACKET_BYTES.toString(16)}`,
  ...['qXfer:features:read+', 'qXfer:memory-map:read+', 'qXfer:threads:read+'],
  ...['QStartNoAckMode+', 'vContSupported+', 'swbreak+', 'hwbreak+'],
].join(';');

const WATCH_NAMES = { write: 'watch', read: 'rwatch', access: 'awatch' } as const;

/** A debugger that speaks GDB's remote serial protocol. It holds the machine from the beginning. */
export class GdbSession {
  private readonly reader = new PacketReader();
  private readonly context: CommandContext;
  private readonly forget: () => void;
  private acknowledges = true;
  private lastPacket: Uint8Array | undefined;
  private isRunning = false;
  private isClosed = false;
  /** GDB wants to know whether it was a breakpoint that stopped a core. */
  private namesBreakpoints = false;

  constructor(
    private readonly target: MachineDebugger,
    private readonly send: (bytes: Uint8Array) => void,
  ) {
    this.context = { target, threads: new Threads(target), inserted: new Map() };
    this.forget = target.onStop((stop) => this.stopped(stop));
    target.hold();
  }

  /** Bytes from GDB. */
  receive(bytes: Uint8Array): void {
    for (const incoming of this.reader.read(bytes)) {
      if (this.isClosed) return;
      this.take(incoming);
    }
  }

  /** Takes back what GDB has set, and lets the machine run on. */
  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.forget();
    for (const takeBack of this.context.inserted.values()) takeBack();
    this.target.resume();
  }

  private take(incoming: Incoming): void {
    switch (incoming.kind) {
      case 'interrupt':
        if (this.isRunning) this.target.interrupt(this.context.threads.current);
        return;
      case 'again':
        if (this.acknowledges && this.lastPacket !== undefined) this.send(this.lastPacket);
        return;
      case 'damaged':
        if (this.acknowledges) this.send(REFUSED);
        return;
      default:
        if (this.acknowledges) this.send(ACKNOWLEDGED);
        this.handle(characters(incoming.body));
    }
  }

  private handle(packet: string): void {
    try {
      this.control(packet);
    } catch (error) {
      const failure = failureOf(error);
      if (failure === undefined) throw error;
      this.reply(failure);
    }
  }

  /** Packets that have to do with the conversation, or let the machine run; all others look only. */
  private control(packet: string): void {
    const { threads } = this.context;
    if (packet === '?') this.reply(this.stopReply(Signal.Trap, threads.current));
    else if (packet.startsWith('qSupported')) this.reply(this.features(packet));
    else if (packet === 'QStartNoAckMode') {
      this.reply(OK);
      this.acknowledges = false;
    } else if (packet === 'vCont?') this.reply('vCont;c;C;s;S');
    else if (packet.startsWith('vCont;')) this.resumeThreads(packet.slice('vCont;'.length));
    else if (packet === 'D' || packet.startsWith('D;') || packet.startsWith('vKill')) {
      this.reply(OK);
      this.close();
    } else if (packet === 'k') this.close();
    else if (/^[cs]/.test(packet)) this.resumeAt(packet);
    else if (/^[CS]/.test(packet)) this.resumeWithSignal(packet);
    else this.reply(answer(packet, this.context));
  }

  private features(packet: string): string {
    this.namesBreakpoints = packet.split(/[:;]/).includes('swbreak+');
    return FEATURES;
  }

  /** `c` and `s` with an address to go on at, if any. */
  private resumeAt(packet: string): void {
    const address = packet.slice(1);
    const { current } = this.context.threads;
    if (address !== '') current.setRegister('pc', numberOf(address));
    this.resume(packet.startsWith('s') ? current : undefined, false);
  }

  /** `C` and `S`: there are no signals here to deliver. */
  private resumeWithSignal(packet: string): void {
    const [, address = ''] = packet.split(';');
    this.resumeAt(`${packet.charAt(0).toLowerCase()}${address}`);
  }

  /** Actions for threads: the first that applies to a thread counts. Cores without an action go on as well. */
  private resumeThreads(actions: string): void {
    const { threads } = this.context;
    let stepped: DebuggedCore | undefined;
    let continues = false;
    for (const action of actions.split(';')) {
      const [verb = '', thread = ''] = action.split(':');
      if (!/^([cs]|[CS][\da-f]{2})$/i.test(verb)) {
        throw new MalformedPacketError(`"${verb.slice(0, 20)}" is no action`);
      }
      if (verb.toLowerCase().startsWith('c')) {
        continues = true;
        continue;
      }
      const core = threads.find(thread);
      stepped ??= core === 'any' ? threads.current : core;
    }
    this.resume(stepped, stepped !== undefined && !continues);
  }

  /**
   * @param stepped the core that is to execute one instruction, if any
   * @param isAlone whether the others are to stand still, if that can be
   */
  private resume(stepped: DebuggedCore | undefined, isAlone: boolean): void {
    if (this.isRunning) return;
    if (stepped !== undefined) this.context.threads.choose(stepped);
    if (
      stepped !== undefined &&
      (!stepped.hasProgram || (isAlone && this.target.stepAlone(stepped)))
    ) {
      this.reply(this.stopReply(Signal.Trap, stepped));
      return;
    }
    this.isRunning = true;
    this.target.resume(stepped);
  }

  private stopped(stop: Stop): void {
    if (!this.isRunning) return;
    this.isRunning = false;
    const { core } = stop;
    this.context.threads.choose(core);
    const signal = stop.kind === 'interrupt' ? Signal.Interrupt : Signal.Trap;
    this.reply(this.stopReply(signal, core, this.reasonOf(stop)));
  }

  private reasonOf(stop: Stop): string {
    if (stop.kind === 'watchpoint') {
      return `${WATCH_NAMES[stop.watchpoint.kind]}:${stop.address.toString(16)};`;
    }
    return stop.kind === 'breakpoint' && this.namesBreakpoints ? 'swbreak:;' : '';
  }

  /** Signal, thread, reason, and the registers that GDB wants at once. */
  private stopReply(signal: number, core: DebuggedCore, reason = ''): string {
    const registers = core.arm === undefined ? '' : expedited(core);
    const number = signal.toString(16).padStart(2, '0');
    return `T${number}${reason}thread:${core.id.toString(16)};${registers}`;
  }

  private reply(body: string): void {
    const packet = framed(body);
    this.lastPacket = packet;
    this.send(packet);
  }
}

function expedited(core: DebuggedCore): string {
  const numbers = [13, 14, 15, STATUS_NUMBER];
  return core
    .registers(['sp', 'lr', 'pc', 'cpsr'])
    .map((value, index) => {
      const number = (numbers[index] as number).toString(16).padStart(2, '0');
      return `${number}:${hexWord(value)};`;
    })
    .join('');
}

/** Bytes as characters up to 255. */
function characters(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
}
