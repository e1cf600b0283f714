/** Received frames as a chip's ethernet keeps them: 3 KB of bytes in a ring, and a length for each frame. */

/** Bytes for received frames. Source: SpiNN-2 data sheet, chapter on the ethernet. */
export const RING_BYTES = 0xc00;
/** Frames of which the length is kept. Source: as {@link RING_BYTES}. */
export const RING_FRAMES = 48;
/** Pointers have a bit that changes each time around. */
const BYTE_ROLLOVER = 1 << 12;
const FRAME_ROLLOVER = 1 << 6;
const WORD = 4;

/** A ring; frames begin at words. */
export class FrameRing {
  readonly bytes = new Uint8Array(RING_BYTES);
  readonly lengths = new Uint32Array(RING_FRAMES);
  private read = 0;
  private write = 0;
  private readFrame = 0;
  private writeFrame = 0;
  private count = 0;
  private used = 0;

  /** Frames that wait. */
  get unread(): number {
    return this.count;
  }

  /** Forgets all frames. */
  clear(): void {
    this.read = 0;
    this.write = 0;
    this.readFrame = 0;
    this.writeFrame = 0;
    this.count = 0;
    this.used = 0;
  }

  /** Adds a frame; false when there is no room for it. */
  push(frame: Uint8Array): boolean {
    const room = aligned(frame.length);
    if (this.count === RING_FRAMES || this.used + room > RING_BYTES) return false;
    const start = this.write % BYTE_ROLLOVER;
    frame.forEach((byte, index) => {
      this.bytes[(start + index) % RING_BYTES] = byte;
    });
    this.lengths[this.writeFrame % FRAME_ROLLOVER] = frame.length;
    this.write = advanced(this.write, room, RING_BYTES, BYTE_ROLLOVER);
    this.writeFrame = advanced(this.writeFrame, 1, RING_FRAMES, FRAME_ROLLOVER);
    this.count++;
    this.used += room;
    return true;
  }

  /** Drops the first frame, if there is one. */
  retire(): void {
    if (this.count === 0) return;
    const room = aligned(this.lengths[this.readFrame % FRAME_ROLLOVER] as number);
    this.read = advanced(this.read, room, RING_BYTES, BYTE_ROLLOVER);
    this.readFrame = advanced(this.readFrame, 1, RING_FRAMES, FRAME_ROLLOVER);
    this.count--;
    this.used -= room;
  }

  /** Where the first frame begins, and the next will; with the rollover bit. */
  get readPointer(): number {
    return this.read;
  }

  get writePointer(): number {
    return this.write;
  }

  /** Numbers of the first frame's length and of the next's; with the rollover bit. */
  get readIndex(): number {
    return this.readFrame;
  }

  get writeIndex(): number {
    return this.writeFrame;
  }
}

function aligned(length: number): number {
  return (length + WORD - 1) & -WORD;
}

/** A pointer farther along a ring; its rollover bit changes at the end. */
function advanced(pointer: number, by: number, size: number, rollover: number): number {
  const next = (pointer % rollover) + by;
  const around = pointer & rollover;
  return next < size ? around | next : (around ^ rollover) | (next - size);
}
