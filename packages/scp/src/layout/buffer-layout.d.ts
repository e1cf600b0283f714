/** The part of buffer-layout 1.2 that this package uses; the library itself has no types. */
declare module 'buffer-layout' {
  /** A way to store one value in bytes. `property` names it inside a structure. */
  export class Layout<T> {
    constructor(span: number, property?: string);
    readonly span: number;
    readonly property: string | undefined;
    decode(bytes: Uint8Array, offset?: number): T;
    encode(value: T, bytes: Uint8Array, offset?: number): number;
    /** A copy under another name. */
    replicate(property: string): this;
  }
  /** Layouts one after the other; those without a property are skipped. */
  export class Structure extends Layout<Record<string, unknown>> {
    constructor(fields: readonly Layout<unknown>[], property?: string);
    offsetOf(property: string): number | undefined;
  }
  export function u8(property?: string): Layout<number>;
  export function u16(property?: string): Layout<number>;
  export function u32(property?: string): Layout<number>;
  export function s32(property?: string): Layout<number>;
  export function u16be(property?: string): Layout<number>;
  export function u32be(property?: string): Layout<number>;
  export function nu64(property?: string): Layout<number>;
  export function seq<T>(element: Layout<T>, count: number, property?: string): Layout<T[]>;
}
