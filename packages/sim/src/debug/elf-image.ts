/** Program images for cores from ELF files. */
import { type AplxStep, encodeAplx } from '@spin-tools/scp';
import { ElfError, type ElfFile } from './elf.js';

/**
 * An APLX image that loads what an ELF file says and executes its entry.
 *
 * @throws ElfError when there is nothing to load
 */
export function aplxOfElf({ segments, entry }: ElfFile): Uint8Array {
  const steps = segments.flatMap(({ address, bytes, size }): AplxStep[] => [
    ...(bytes.length > 0
      ? [{ operation: 'place' as const, destination: address, data: bytes }]
      : []),
    ...(size > bytes.length
      ? [
          {
            operation: 'fill' as const,
            destination: address + bytes.length,
            length: size - bytes.length,
            value: 0,
          },
        ]
      : []),
  ]);
  if (steps.length === 0) throw new ElfError('program headers', 'load nothing: is it linked?');
  return encodeAplx([...steps, { operation: 'execute', address: entry }]);
}
