/**
 * Bytes with the few accessors that buffer-layout calls on a Node.js `Buffer`, so that layouts work
 * in a browser too. Values out of a field's range are refused, as `Buffer` does.
 */
export class FieldBytes extends Uint8Array<ArrayBufferLike> {
  /** The same memory as `bytes`, not a copy. */
  static over(bytes: Uint8Array): FieldBytes {
    return new FieldBytes(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  readUIntLE(offset: number, size: number): number {
    let value = 0;
    for (let index = offset + size - 1; index >= offset; index--)
      value = value * 256 + this.byteAt(index);
    return value;
  }

  readUIntBE(offset: number, size: number): number {
    let value = 0;
    for (let index = offset; index < offset + size; index++)
      value = value * 256 + this.byteAt(index);
    return value;
  }

  readIntLE(offset: number, size: number): number {
    const value = this.readUIntLE(offset, size);
    const range = 256 ** size;
    return value >= range / 2 ? value - range : value;
  }

  readUInt32LE(offset: number): number {
    return this.readUIntLE(offset, 4);
  }

  writeUIntLE(value: number, offset: number, size: number): void {
    this.check(value, 0, 256 ** size - 1);
    this.store(value, offset, size, 1);
  }

  writeUIntBE(value: number, offset: number, size: number): void {
    this.check(value, 0, 256 ** size - 1);
    this.store(value, offset + size - 1, size, -1);
  }

  writeIntLE(value: number, offset: number, size: number): void {
    const half = 256 ** size / 2;
    this.check(value, -half, half - 1);
    this.store(value < 0 ? value + 2 * half : value, offset, size, 1);
  }

  writeUInt32LE(value: number, offset: number): void {
    this.writeUIntLE(value, offset, 4);
  }

  private byteAt(index: number): number {
    const value = this[index];
    if (value === undefined) throw new RangeError(`byte ${index} is outside ${this.length} bytes`);
    return value;
  }

  private store(value: number, first: number, size: number, step: 1 | -1): void {
    let rest = value;
    for (let index = 0; index < size; index++) {
      this[first + index * step] = rest % 256;
      rest = Math.floor(rest / 256);
    }
  }

  private check(value: number, least: number, most: number): void {
    if (!Number.isInteger(value) || value < least || value > most) {
      throw new RangeError(`${value} is not an integer from ${least} to ${most}`);
    }
  }
}
