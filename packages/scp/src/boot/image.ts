/**
 * Boot images: what the boot ROM is sent, and the block of system variables inside that hosts set.
 * Layout of `scamp.boot`, source: spinnaker_tools 4.0 `scamp/`.
 *
 * | offset | content |
 * | --- | --- |
 * | 0x000 | loader, run first |
 * | 0x080 | its APLX table |
 * | 0x100 | second copy of the loader |
 * | 0x180 | first 128 bytes of the system variables |
 * | 0x200 | idle program of application cores |
 * | 0x1000 | the monitor |
 */
import { MalformedMessageError } from '../errors.js';
import { type SystemVariables, systemVariablesLayout } from '../memory/system-variables.js';
import { BOOT_IMAGE_MOST_BYTES } from './frames.js';

/** Where the system variables lie in an image. */
export const BOOT_VARIABLES_OFFSET = 0x180;
/** How many bytes of them an image has. */
export const BOOT_VARIABLES_BYTES = 128;
/** Where the monitor's code starts. */
const MONITOR_OFFSET = 0x1000;

/** What monitors call themselves; their version follows after a zero. */
const MONITOR_NAME = 'SC&MP/SpiNNaker';
/** Marks images of {@link builtInBootImage}. */
const BUILT_IN_MARK = 'spin-tools built-in monitor';
const WORD_BYTES = 4;
/** ARM instruction that branches to itself: a real chip sent the built-in image just stands still. */
const BRANCH_TO_SELF = 0xeafffffe;

/**
 * Values that monitors expect unless the host says otherwise; defaults of `sark.struct`, but for the software
 * watchdog, which is off, as SpiNNMan boots boards.
 */
const DEFAULT_VARIABLES: Partial<SystemVariables> = {
  p2pBroadcastRepeats: 4,
  p2pSequenceLength: 4,
  clockDividers: 0x33,
  coreClockMHz: 200,
  sdramClockMHz: 130,
  forward: 0x3f,
  peekTimeMicroseconds: 200,
  ledPeriod: 1,
  networkWait: 50,
  led0: 1,
  sdpBuffers: 7,
  bootDelayMicroseconds: 20,
  systemRamHeap: 1024,
  sdramHeap: 0x100000,
  iobufBytes: 16384,
  sdramBuffers: 0x800000,
  sdramBufferWords: 32768,
  linksEnabled: 0x3f,
};

/** What an image says of itself. */
export interface BootImageDescription {
  /** For example `4.0.0`. */
  readonly version: string;
  /** Whether it stands for the monitor that is built into virtual machines. */
  readonly builtIn: boolean;
  /** When the monitor, and the idle program of application cores, were built: seconds since 1970, 0 if unknown. */
  readonly buildTimes: { readonly monitor: number; readonly idleProgram: number };
  /** The system variables in it; those that an image does not hold are 0. */
  readonly variables: SystemVariables;
}

/**
 * An image that makes a virtual machine start the monitor that is built into it. It has a real
 * image's layout and no program: a real chip must be sent the `scamp.boot` of spinnaker_tools.
 */
export function builtInBootImage(version = '4.0.0'): Uint8Array {
  const texts = new TextEncoder().encode(`${MONITOR_NAME}\0${version}\0${BUILT_IN_MARK}\0`);
  const image = new Uint8Array(MONITOR_OFFSET + Math.ceil(texts.length / 4) * 4);
  new DataView(image.buffer).setUint32(0, BRANCH_TO_SELF, true);
  image.set(texts, MONITOR_OFFSET);
  return withVariables(image, DEFAULT_VARIABLES);
}

/** A copy of an image with some of its system variables (the first 128 bytes of them) set. */
export function withVariables(image: Uint8Array, values: Partial<SystemVariables>): Uint8Array {
  for (const name of Object.keys(values) as (keyof SystemVariables)[]) {
    const place = systemVariablesLayout.places[name];
    if (place.offset + place.size > BOOT_VARIABLES_BYTES) {
      throw new RangeError(`a boot image has no place for the system variable "${name}"`);
    }
  }
  const variables = { ...readVariables(image), ...values };
  const copy = Uint8Array.from(image);
  const encoded = systemVariablesLayout.encode(variables);
  copy.set(encoded.subarray(0, BOOT_VARIABLES_BYTES), BOOT_VARIABLES_OFFSET);
  return copy;
}

/**
 * What an image says of itself. Throws {@link MalformedMessageError} for bytes that cannot be the
 * boot image of a monitor.
 */
export function describeBootImage(image: Uint8Array): BootImageDescription {
  if (image.length < MONITOR_OFFSET || image.length > BOOT_IMAGE_MOST_BYTES) {
    throw new MalformedMessageError(
      'boot image',
      `${image.length} bytes; an image has ${MONITOR_OFFSET} to ${BOOT_IMAGE_MOST_BYTES}`,
    );
  }
  const content = Array.from(image.subarray(MONITOR_OFFSET), (code) => String.fromCharCode(code));
  const texts = content.join('').split('\0');
  const name = texts.findIndex((text) => text.endsWith(MONITOR_NAME));
  if (name < 0) {
    throw new MalformedMessageError('boot image', `it does not name itself ${MONITOR_NAME}`);
  }
  return {
    version: /^\d+\.\d+\.\d+/.exec(texts[name + 1] ?? '')?.[0] ?? 'unknown',
    builtIn: texts.includes(BUILT_IN_MARK),
    buildTimes: {
      monitor: buildTime(image, 'scamp-3\0'),
      idleProgram: buildTime(image, 'sark\0'),
    },
    variables: readVariables(image),
  };
}

/** The word before a program's own name. Source: `sark_build.c` of spinnaker_tools. */
function buildTime(image: Uint8Array, name: string): number {
  const bytes = new TextEncoder().encode(name);
  const view = new DataView(image.buffer, image.byteOffset, image.byteLength);
  for (let at = WORD_BYTES; at + bytes.length <= image.length; at += WORD_BYTES) {
    if (bytes.every((byte, offset) => image[at + offset] === byte)) {
      return view.getUint32(at - WORD_BYTES, true);
    }
  }
  return 0;
}

function readVariables(image: Uint8Array): SystemVariables {
  const block = new Uint8Array(systemVariablesLayout.size);
  block.set(image.subarray(BOOT_VARIABLES_OFFSET, BOOT_VARIABLES_OFFSET + BOOT_VARIABLES_BYTES));
  return systemVariablesLayout.decode(block);
}
