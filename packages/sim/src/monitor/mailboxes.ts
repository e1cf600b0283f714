/**
 * Mailboxes: what monitor and application cores tell each other through the blocks in System RAM.
 * Source: spinnaker_tools 4.0 `sark.h` `shm_cmd`.
 */
import {
  addressToChip,
  chipToAddress,
  portByte,
  ReturnCode,
  type SdpMessage,
} from '@spin-tools/scp';
import type { CoreMap } from './core-map.js';
import type { MonitorMemory } from './memory.js';
import { SharedBuffers } from './shared-buffers.js';

/** What a mailbox holds. */
const MailboxCommand = { Idle: 0, Message: 1, NoOperation: 2, Signal: 3 } as const;

/** How long the monitor waits for a busy mailbox in all, and between two looks, ns. Source: SC&MP 4.0. */
const PATIENCE_NS = 1_000_000;
const LOOK_AGAIN_NS = 1000;
/** Lock of the free list of buffers. */
const BUFFER_LOCK = 0;
const HEADER_BYTES = 8;
/** The monitor's virtual core. */
const MONITOR = 0;
const MOST_ERRORS = 0xffff;

/** Sends to cores and receives from them. */
export class Mailboxes {
  private readonly buffers: SharedBuffers;

  constructor(
    private readonly memory: MonitorMemory,
    private readonly cores: CoreMap,
    private readonly after: (ns: number, action: () => void) => void,
  ) {
    this.buffers = new SharedBuffers(memory);
  }

  /** Sends a signal as soon as the core's mailbox is free; gives up after a millisecond. */
  signal(core: number, signal: number): void {
    this.whenFree(core, PATIENCE_NS, (isFree) => {
      if (isFree) this.post(core, MailboxCommand.Signal, signal);
    });
  }

  /** Sends a message; `failed` is told a return code when it cannot be delivered. */
  send(core: number, message: SdpMessage, failed: (code: number) => void): void {
    this.whenFree(core, PATIENCE_NS, (isFree) => {
      if (!isFree) {
        failed(ReturnCode.Timeout);
        return;
      }
      const buffer = this.buffers.put(encodeMessage(message));
      if (buffer === 0) failed(ReturnCode.Buffer);
      else this.post(core, MailboxCommand.Message, buffer);
    });
  }

  /** A message to an idle program that answers it at once, in the same buffer; false when there is no buffer. */
  passThrough(core: number, message: SdpMessage): boolean {
    const buffer = this.buffers.put(encodeMessage(message));
    if (buffer === 0) return false;
    this.memory.setVcpu(core, 'mailboxCoreMessage', buffer);
    this.memory.setVcpu(core, 'mailboxMonitorMessage', buffer);
    this.buffers.take(buffer);
    return true;
  }

  /** Puts "no operation" into a core's mailbox, whatever is there. */
  ping(core: number): void {
    this.memory.setVcpu(core, 'mailboxCoreCommand', MailboxCommand.NoOperation);
    this.interrupt(core);
  }

  /** Whether a core has emptied its mailbox. */
  isFree(core: number): boolean {
    return this.memory.vcpu(core, 'mailboxCoreCommand') === MailboxCommand.Idle;
  }

  /** Takes what cores have put into their mailboxes for the monitor; what is no message is an error. */
  collect(take: (message: SdpMessage) => void): void {
    const { memory } = this;
    const flags = memory.variable('mailboxFlags');
    memory.setVariable('mailboxFlags', 0);
    for (let core = 1; core < this.cores.count; core++) {
      const isMessage = memory.vcpu(core, 'mailboxMonitorCommand') === MailboxCommand.Message;
      if (((flags >>> core) & 1) === 0) continue;
      if (!isMessage) {
        this.refuse(core);
        continue;
      }
      const message = this.buffers.take(memory.vcpu(core, 'mailboxMonitorMessage'));
      memory.setVcpu(core, 'mailboxMonitorCommand', MailboxCommand.Idle);
      if (message.length >= HEADER_BYTES) take(decodeMessage(message));
    }
  }

  /** Takes what is no message, and counts a software error of the monitor's. */
  private refuse(core: number): void {
    const { memory } = this;
    memory.setVcpu(core, 'mailboxMonitorCommand', MailboxCommand.Idle);
    const errors = memory.vcpu(MONITOR, 'softwareErrors');
    memory.setVcpu(MONITOR, 'softwareErrors', Math.min(MOST_ERRORS, errors + 1));
  }

  private post(core: number, command: number, value: number): void {
    this.memory.setVcpu(core, 'mailboxCoreMessage', value);
    this.memory.setVcpu(core, 'mailboxCoreCommand', command);
    this.interrupt(core);
  }

  /** Raises the interrupt by which a core looks into its mailbox. */
  interrupt(core: number): void {
    const physical = this.cores.physical(core);
    this.memory.chip.setInterrupts(1 << physical, true);
  }

  private whenFree(core: number, patience: number, then: (isFree: boolean) => void): void {
    const { memory } = this;
    if (this.isFree(core) && !memory.chip.isLocked(BUFFER_LOCK)) then(true);
    else if (patience <= 0) then(false);
    else {
      const left = patience - LOOK_AGAIN_NS;
      this.after(LOOK_AGAIN_NS, () => this.whenFree(core, left, then));
    }
  }
}

/** A message from its flags on. */
function encodeMessage({ flags, tag, destination, source, data }: SdpMessage): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES + data.length);
  const view = new DataView(bytes.buffer);
  bytes.set([flags, tag, portByte(destination), portByte(source)]);
  view.setUint16(4, chipToAddress(destination), true);
  view.setUint16(6, chipToAddress(source), true);
  bytes.set(data, HEADER_BYTES);
  return bytes;
}

function decodeMessage(bytes: Uint8Array): SdpMessage {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const end = (port: number, address: number) => ({
    ...addressToChip(view.getUint16(address, true)),
    port: view.getUint8(port) >>> 5,
    core: view.getUint8(port) & 31,
  });
  return {
    flags: view.getUint8(0),
    tag: view.getUint8(1),
    destination: end(2, 4),
    source: end(3, 6),
    data: bytes.subarray(HEADER_BYTES),
  };
}
