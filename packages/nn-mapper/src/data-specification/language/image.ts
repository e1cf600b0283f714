/** The SDRAM image of an executed specification: what an existing binary finds when it starts. */
import { type RegionContent, reserved } from '../contents.js';
import type { RegionTableFormat, SdramImage } from '../image.js';
import type { ExecutedSpecification } from './execute.js';

/**
 * The image of a specification, to be laid out, checked and built like any other.
 * @param name of the image in references and errors
 * @param format of its region table; `plain` for binaries made before March 2022. Default `checked`
 */
export function imageOfSpecification(
  name: string,
  { regions }: ExecutedSpecification,
  format: RegionTableFormat = 'checked',
): SdramImage {
  return {
    name,
    format,
    regions: [...regions].map(([number, { bytes, size }]) => ({
      number,
      contents: [written(bytes), reserved(size - 4 * Math.ceil(bytes.length / 4))],
    })),
  };
}

/** Whole words, the last filled up with zeros. */
const written = (bytes: Uint8Array): RegionContent => ({
  alignment: 4,
  bytes: 4 * Math.ceil(bytes.length / 4),
  write(view) {
    new Uint8Array(view.buffer, view.byteOffset, view.byteLength).set(bytes);
  },
});
