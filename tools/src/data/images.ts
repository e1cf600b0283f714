/** Samples from a folder of images: one folder a class, in the order of their names, PNG or JPEG. */
import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import jpeg from 'jpeg-js';
import { PNG } from 'pngjs';
import { FileError } from './file-error.js';
import type { Samples } from './samples.js';

/** An image: rows of red, green, blue and alpha, 0 to 255. */
interface Image {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** So that a damaged file cannot have all memory. */
const MOST_MEGAPIXELS = 50;
const MOST_MEGABYTES = 512;

const DECODERS: Readonly<Record<string, (bytes: Buffer) => Image>> = {
  '.png': decodePng,
  '.jpg': decodeJpeg,
  '.jpeg': decodeJpeg,
};

/** Where a PNG file has width and height, 32 bits each, big endian; PNG specification, sections 5.2 and 11.2.1. */
const PNG_SIZES = 16;
const MEGAPIXEL = 1_000_000;

function decodePng(bytes: Buffer): Image {
  if (bytes.length >= PNG_SIZES + 8) {
    const pixels = bytes.readUInt32BE(PNG_SIZES) * bytes.readUInt32BE(PNG_SIZES + 4);
    if (pixels > MOST_MEGAPIXELS * MEGAPIXEL) {
      throw new Error(
        `it says that it has ${pixels} pixels, but at most ${MOST_MEGAPIXELS} million are read`,
      );
    }
  }
  return PNG.sync.read(bytes);
}

function decodeJpeg(bytes: Buffer): Image {
  return jpeg.decode(bytes, {
    useTArray: true,
    maxResolutionInMP: MOST_MEGAPIXELS,
    maxMemoryUsageInMB: MOST_MEGABYTES,
  });
}

/** Shares of red, green and blue in grey; ITU-R BT.601, as Keras and Pillow. */
const GREY = [0.299, 0.587, 0.114] as const;

/**
 * Images as values of 0 to 1, rows first and channels last.
 *
 * @param shape of one sample: `[rows, columns]` or `[rows, columns, 1]` for grey, `[rows, columns, 3]` for colour
 * @throws FileError when there are none, or one has another size or cannot be read
 */
export async function readImages(folder: string, shape: readonly number[]): Promise<Samples> {
  const [rows = 0, columns = 0, channels = 1] = shape;
  if (shape.length < 2 || shape.length > 3 || (channels !== 1 && channels !== 3)) {
    throw new FileError(folder, `has images, but the model takes samples of shape [${shape}]`);
  }
  const entries = await readdir(folder, { withFileTypes: true });
  const classes = entries
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
  const files = (
    await Promise.all(
      classes.map(async (name, label) => {
        const images = (await readdir(join(folder, name))).filter(isImage).sort();
        return images.map((image) => ({ path: join(folder, name, image), label }));
      }),
    )
  ).flat();
  if (files.length === 0) {
    throw new FileError(folder, 'has no folders of .png or .jpg images, one for each class');
  }
  const features = rows * columns * channels;
  const inputs = new Float32Array(files.length * features);
  for (const [index, { path }] of files.entries()) {
    const image = await decode(path);
    if (image.height !== rows || image.width !== columns) {
      const size = `${image.height} x ${image.width}`;
      throw new FileError(path, `has ${size} pixels, but the model takes ${rows} x ${columns}`);
    }
    inputs.set(valuesOf(image, channels), index * features);
  }
  return {
    count: files.length,
    features,
    inputs,
    labels: Uint32Array.from(files, ({ label }) => label),
  };
}

function isImage(name: string): boolean {
  return Object.hasOwn(DECODERS, extname(name).toLowerCase());
}

async function decode(path: string): Promise<Image> {
  const bytes = await readFile(path);
  try {
    return (DECODERS[extname(path).toLowerCase()] as (bytes: Buffer) => Image)(bytes);
  } catch (cause) {
    // Where a decoder trips over what it read, its words mean nothing to anyone.
    const stumbled = cause instanceof TypeError || cause instanceof RangeError;
    const reason = stumbled ? 'it is damaged' : (cause as Error).message;
    throw new FileError(path, `is no image that can be read: ${reason}`, { cause });
  }
}

function valuesOf({ data, width, height }: Image, channels: number): Float32Array {
  const values = new Float32Array(width * height * channels);
  for (let pixel = 0; pixel < width * height; pixel++) {
    const at = 4 * pixel;
    if (channels === 1) {
      const grey = GREY.reduce((sum, share, c) => sum + share * (data[at + c] as number), 0);
      values[pixel] = grey / 255;
    } else {
      for (let c = 0; c < 3; c++) values[3 * pixel + c] = (data[at + c] as number) / 255;
    }
  }
  return values;
}
