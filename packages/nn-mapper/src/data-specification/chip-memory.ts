/** Whether all images fit their chips: asked before anything is sent. */
import { SdramOverflowError } from './errors.js';
import { layoutImage, type SdramImage } from './image.js';

/** An image and its chip. */
export interface ImageOnChip {
  readonly x: number;
  readonly y: number;
  readonly image: SdramImage;
}

/** SDRAM of a chip that applications may use. */
export interface ChipMemory {
  readonly x: number;
  readonly y: number;
  readonly sdramBytes: number;
}

/** SC&MP keeps two words before each block of its heap. SARK `sark_alloc.c`, `block_t`. */
const BLOCK_OVERHEAD_BYTES = 8;

/**
 * Adds up the images of each chip, allocation overhead included.
 * @throws SdramOverflowError naming every chip with too little SDRAM
 */
export function checkChipMemory(images: Iterable<ImageOnChip>, chips: Iterable<ChipMemory>): void {
  const needed = new Map<string, number>();
  const place = ({ x, y }: { readonly x: number; readonly y: number }) => `${x},${y}`;
  for (const { x, y, image } of images) {
    const bytes = layoutImage(image).bytes + BLOCK_OVERHEAD_BYTES;
    needed.set(place({ x, y }), (needed.get(place({ x, y })) ?? 0) + bytes);
  }
  const available = new Map([...chips].map((chip) => [place(chip), chip.sdramBytes]));
  const shortages = [...needed]
    .map(([at, bytesNeeded]) => {
      const [x, y] = at.split(',').map(Number) as [number, number];
      return { x, y, bytesNeeded, bytesAvailable: available.get(at) ?? 0 };
    })
    .filter(({ bytesNeeded, bytesAvailable }) => bytesNeeded > bytesAvailable)
    .sort((a, b) => b.bytesNeeded - b.bytesAvailable - (a.bytesNeeded - a.bytesAvailable));
  if (shortages.length > 0) throw new SdramOverflowError(shortages);
}
