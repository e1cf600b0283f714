/**
 * The boot ROM's protocol on UDP port 54321: an image is sent in blocks, then started. Nothing is
 * ever acknowledged. Header words are big-endian. Source: boot ROM of the SpiNNaker chip.
 */
import { MalformedMessageError } from '../errors.js';
import { networkHalf, networkWord, struct } from '../layout/struct.js';

/** Operations of boot frames. */
export const BootOperation = { Start: 1, Block: 3, Control: 5, Hello: 0x41 } as const;

/** The 18 bytes before a frame's data. */
export const bootHeaderLayout = struct('boot frame', {
  version: networkHalf,
  operation: networkWord,
  argument1: networkWord,
  argument2: networkWord,
  argument3: networkWord,
});

/** A boot frame; the data of a block is in the image's own byte order. */
export interface BootFrame {
  readonly operation: number;
  readonly arguments: readonly [number, number, number];
  readonly data: Uint8Array;
}

/** Version of the boot protocol. */
const BOOT_VERSION = 1;
/** Bytes of a block as hosts send them. */
export const BOOT_BLOCK_BYTES = 1024;
/** Largest image: the ROM keeps it in 32 KB of memory. */
export const BOOT_IMAGE_MOST_BYTES = 32768;

/** A frame as bytes. */
export function encodeBootFrame(frame: BootFrame): Uint8Array {
  const datagram = new Uint8Array(bootHeaderLayout.size + frame.data.length);
  const [argument1, argument2, argument3] = frame.arguments;
  bootHeaderLayout.encode(
    { version: BOOT_VERSION, operation: frame.operation, argument1, argument2, argument3 },
    datagram,
  );
  datagram.set(swapWords(frame.data), bootHeaderLayout.size);
  return datagram;
}

/**
 * A frame from bytes. Throws {@link MalformedMessageError} for a wrong version, a length that is no
 * whole number of words, or more data than a block has.
 */
export function decodeBootFrame(datagram: Uint8Array): BootFrame {
  const header = bootHeaderLayout.decode(datagram);
  const data = datagram.subarray(bootHeaderLayout.size);
  if (header.version !== BOOT_VERSION) {
    throw new MalformedMessageError(
      'boot frame',
      `version ${header.version} is not ${BOOT_VERSION}`,
    );
  }
  if (data.length % 4 !== 0 || data.length > BOOT_BLOCK_BYTES) {
    throw new MalformedMessageError(
      'boot frame',
      `${data.length} bytes of data are no block of words`,
    );
  }
  return {
    operation: header.operation,
    arguments: [header.argument1, header.argument2, header.argument3],
    data: swapWords(data),
  };
}

/**
 * All frames that send and start an image: a start, its blocks, a control frame. Each block says
 * that it has 256 words, the last too, since the ROM places blocks by that number.
 *
 * @throws RangeError for an image that is empty, too long, or no whole number of words
 */
export function bootFrames(image: Uint8Array): BootFrame[] {
  if (image.length === 0 || image.length > BOOT_IMAGE_MOST_BYTES || image.length % 4 !== 0) {
    throw new RangeError(
      `a boot image has a multiple of 4 bytes, at most ${BOOT_IMAGE_MOST_BYTES}: ${image.length}`,
    );
  }
  const blocks = Math.ceil(image.length / BOOT_BLOCK_BYTES);
  const none = new Uint8Array(0);
  return [
    { operation: BootOperation.Start, arguments: [0, 0, blocks - 1], data: none },
    ...Array.from(
      { length: blocks },
      (_, block): BootFrame => ({
        operation: BootOperation.Block,
        arguments: [((BOOT_BLOCK_BYTES / 4 - 1) << 8) | block, 0, 0],
        data: image.subarray(block * BOOT_BLOCK_BYTES, (block + 1) * BOOT_BLOCK_BYTES),
      }),
    ),
    { operation: BootOperation.Control, arguments: [1, 0, 0], data: none },
  ];
}

/** Words travel with their bytes reversed. */
function swapWords(data: Uint8Array): Uint8Array {
  const swapped = new Uint8Array(data.length);
  for (let index = 0; index < data.length; index++) swapped[index] = data[index ^ 3] as number;
  return swapped;
}
