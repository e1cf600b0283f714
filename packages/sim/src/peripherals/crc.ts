/**
 * The CRC of DMA transfers: 32 rows of a programmable matrix make the next value from the last one and a word.
 * SpiNN-2 data sheet, chapter on the DMA controller. The boot ROM of every core loads the matrix of the ethernet
 * CRC, polynomial 0x04c11db7 and 32 bits a step; its rows are those of that step for bits 31 to 0. That the first
 * value is all ones is an assumption: it is not published.
 */

const BITS = 32;
const POLYNOMIAL = 0x04c11db7;
const FIRST_VALUE = 0xffffffff;
const BYTE_VALUES = 256;
const WORD_BYTES = 4;

/** The matrix of one DMA controller. */
export class CrcMatrix {
  private readonly rows = ethernetRows();
  /** What each value of each byte of a word adds to the result; made when first needed. */
  private table: Int32Array | undefined;

  /** Row 0 to 31. */
  row(index: number): number {
    return this.rows[index] as number;
  }

  setRow(index: number, value: number): void {
    this.rows[index] = value;
    this.table = undefined;
  }

  /** The CRC of whole words, as an unsigned word. */
  of(bytes: Uint8Array): number {
    this.table ??= tableOf(this.rows);
    const { table } = this;
    let value = FIRST_VALUE;
    for (let at = 0; at < bytes.length; at += WORD_BYTES) {
      let next = 0;
      for (let byte = 0; byte < WORD_BYTES; byte++) {
        const part = ((value >>> (8 * byte)) ^ (bytes[at + byte] as number)) & 0xff;
        next ^= table[byte * BYTE_VALUES + part] as number;
      }
      value = next;
    }
    return value >>> 0;
  }
}

/** Row k makes bit 31 - k of the next value: the parity of those bits that it has. */
function ethernetRows(): Int32Array {
  const rows = new Int32Array(BITS);
  for (let bit = 0; bit < BITS; bit++) {
    const stepped = afterWord(1 << bit);
    for (let row = 0; row < BITS; row++) {
      const isSet = (stepped >>> (BITS - 1 - row)) & 1;
      rows[row] = (rows[row] as number) | (isSet << bit);
    }
  }
  return rows;
}

function afterWord(value: number): number {
  let register = value;
  for (let bit = 0; bit < BITS; bit++) register = (register << 1) ^ (register < 0 ? POLYNOMIAL : 0);
  return register;
}

function tableOf(rows: Int32Array): Int32Array {
  const table = new Int32Array(WORD_BYTES * BYTE_VALUES);
  for (let bit = 0; bit < BITS; bit++) {
    let column = 0;
    rows.forEach((row, index) => {
      column |= ((row >>> bit) & 1) << (BITS - 1 - index);
    });
    const byte = bit >> 3;
    for (let value = 0; value < BYTE_VALUES; value++) {
      const at = byte * BYTE_VALUES + value;
      if (((value >>> (bit & 7)) & 1) === 1) table[at] = (table[at] as number) ^ column;
    }
  }
  return table;
}
