/**
 * Message buffers in System RAM through which monitor and cores exchange SDP messages, as SARK lays
 * them out. Source: spinnaker_tools 4.0 `sark.h` `sdp_msg_t`, `mem_link_t`.
 */
import { Heap } from './heap.js';
import type { MonitorMemory } from './memory.js';

/** Bytes of a buffer: link, length, checksum, SDP header, SCP header, data, private word. */
const BUFFER_BYTES = 292;
const LENGTH = 4;
const MESSAGE = 8;
/** Most bytes of a message from its flags on. */
const MOST_MESSAGE_BYTES = 280;

/** The free list of buffers. */
export class SharedBuffers {
  constructor(private readonly memory: MonitorMemory) {}

  /** Allocates the buffers and links them up. */
  initialise(count: number): void {
    const { memory } = this;
    const heap = new Heap(memory, memory.variable('systemRamHeap'));
    const first = heap.allocate(count * BUFFER_BYTES, 0, 0);
    memory.setVariable('sharedBuffers', first);
    memory.setVariable('sharedBuffersFree', first);
    for (let index = 0; index < count; index++) {
      const buffer = first + index * BUFFER_BYTES;
      memory.setWord(buffer, index + 1 < count ? buffer + BUFFER_BYTES : 0);
    }
  }

  /** Puts a message, from its flags on, into a free buffer; 0 when there is none. */
  put(message: Uint8Array): number {
    const { memory } = this;
    const buffer = memory.variable('sharedBuffersFree');
    if (buffer === 0) return 0;
    memory.setVariable('sharedBuffersFree', memory.word(buffer));
    const used = memory.variable('sharedBuffersUsed') + 1;
    memory.setVariable('sharedBuffersUsed', used);
    memory.setVariable('sharedBuffersMost', Math.max(used, memory.variable('sharedBuffersMost')));
    memory.setWord(buffer, 0);
    memory.setHalf(buffer + LENGTH, message.length);
    memory.setBytes(buffer + MESSAGE, message);
    return buffer;
  }

  /** The message in a buffer, from its flags on; the buffer is free afterwards. */
  take(buffer: number): Uint8Array {
    const { memory } = this;
    const length = Math.min(memory.half(buffer + LENGTH), MOST_MESSAGE_BYTES);
    const message = memory.bytes(buffer + MESSAGE, length);
    memory.setWord(buffer, memory.variable('sharedBuffersFree'));
    memory.setVariable('sharedBuffersFree', buffer);
    const used = memory.variable('sharedBuffersUsed');
    memory.setVariable('sharedBuffersUsed', Math.max(0, used - 1));
    return message;
  }
}
