/**
 * Parts of descriptors: what a field of an operation is on the host, and which 32-bit words it takes in memory.
 * `kernels/layers/operations.h` is generated from the same tables.
 */

/** How the numbers of a tensor are stored. */
export const ElementType = { Int16: 0, Int32: 1, Float32: 2 } as const;
/** A value of {@link ElementType}. */
export type ElementTypeValue = (typeof ElementType)[keyof typeof ElementType];

/** Sizes of one element, bytes, by {@link ElementType}. */
export const ELEMENT_BYTES: readonly number[] = [2, 4, 4];

/**
 * A tensor `[sample][row][column][channel]` of a batch, or a region of one: concatenation gives regions of the
 * channels of a tensor, with its strides.
 */
export interface Tensor {
  /** Of row 0, column 0, channel 0 of the batch's first sample; bytes from the start of the replica's memory; 0 = there is none. */
  readonly address: number;
  /** 1 for sequences and vectors. */
  readonly rows: number;
  /** Steps of a sequence; 1 for vectors. */
  readonly columns: number;
  readonly channels: number;
  /** Elements from one column to the next: even for int16, see {@link pixelStrideOf}. */
  readonly pixelStride: number;
  /** Elements from one row to the next. */
  readonly rowStride: number;
  /** Bytes from one sample to the next; a multiple of 4. */
  readonly sampleStride: number;
  readonly type: ElementTypeValue;
  /** Numbers are `element * 2^-fraction`; 0 for float32. */
  readonly fraction: number;
}

/**
 * Which places of an input a place `p` of the output takes: kernel place `i` lies at `p * stride + i * dilation - before`,
 * and when `spread` is above 1 only multiples of it exist, at `place / spread` (the way back through strides).
 * What lies outside is 0, or does not count.
 */
export interface Window {
  readonly kernelRows: number;
  readonly kernelColumns: number;
  readonly strideRows: number;
  readonly strideColumns: number;
  readonly dilationRows: number;
  readonly dilationColumns: number;
  /** Rows of padding above; may be negative on the way back. */
  readonly top: number;
  /** Columns of padding at the left; may be negative on the way back. */
  readonly left: number;
  readonly spreadRows: number;
  readonly spreadColumns: number;
}

/** How a field is stored: one word, or the words of a part. */
export type FieldKind = 'u32' | 'i32' | 'f32' | 'tensor' | 'window';

/** One field of an operation: its kind, and what it means, with its unit. */
export type OperationField = readonly [kind: FieldKind, about: string];

/** Fields of an operation by name, in order. */
export type OperationFields = Readonly<Record<string, OperationField>>;

/** What a field takes on the host. */
export type FieldValue<Kind extends FieldKind> = Kind extends 'tensor'
  ? Tensor
  : Kind extends 'window'
    ? Window
    : number;

/** Values of all fields of an operation. */
export type FieldValues<Fields extends OperationFields> = {
  readonly [Name in keyof Fields]: FieldValue<Fields[Name][0]>;
};

/** Words of a part, in order, with what they mean. */
export const PARTS = {
  tensor: {
    address: ['u32', 'Byte address of the first element; 0: no tensor.'],
    rows: ['u32', 'Rows.'],
    columns: ['u32', 'Columns.'],
    channels: ['u32', 'Channels.'],
    pixelStride: ['u32', 'Elements from one column to the next.'],
    rowStride: ['u32', 'Elements from one row to the next.'],
    sampleStride: ['u32', 'Bytes from one sample to the next.'],
    type: ['u32', 'ElementType.'],
    fraction: ['i32', 'Fraction bits.'],
  },
  window: {
    kernelRows: ['u32', 'Rows of the kernel.'],
    kernelColumns: ['u32', 'Columns of the kernel.'],
    strideRows: ['u32', 'Input rows from one output row to the next.'],
    strideColumns: ['u32', 'Input columns from one output column to the next.'],
    dilationRows: ['u32', 'Input rows from one kernel row to the next.'],
    dilationColumns: ['u32', 'Input columns from one kernel column to the next.'],
    top: ['i32', 'Rows of padding above.'],
    left: ['i32', 'Columns of padding at the left.'],
    spreadRows: ['u32', 'Only multiples of it are rows.'],
    spreadColumns: ['u32', 'Only multiples of it are columns.'],
  },
} as const satisfies Readonly<Record<string, OperationFields>>;

/** Elements that a pixel of a tensor takes when an operation writes it. */
export function pixelStrideOf(channels: number, type: ElementTypeValue): number {
  return type === ElementType.Int16 ? channels + (channels % 2) : channels;
}

/** Sizes and place of a tensor that lies alone, without gaps between rows. */
export function denseTensor(
  address: number,
  [rows, columns, channels]: readonly [number, number, number],
  type: ElementTypeValue,
  fraction: number,
): Tensor {
  const pixelStride = pixelStrideOf(channels, type);
  const rowStride = columns * pixelStride;
  const sampleStride = Math.ceil((rows * rowStride * (ELEMENT_BYTES[type] as number)) / 4) * 4;
  return { address, rows, columns, channels, pixelStride, rowStride, sampleStride, type, fraction };
}

/** A tensor that is not there. */
export const NO_TENSOR: Tensor = {
  address: 0,
  rows: 0,
  columns: 0,
  channels: 0,
  pixelStride: 0,
  rowStride: 0,
  sampleStride: 0,
  type: ElementType.Int16,
  fraction: 0,
};

/** The window of a Dense layer. */
export const POINT_WINDOW: Window = {
  kernelRows: 1,
  kernelColumns: 1,
  strideRows: 1,
  strideColumns: 1,
  dilationRows: 1,
  dilationColumns: 1,
  top: 0,
  left: 0,
  spreadRows: 1,
  spreadColumns: 1,
};

/** The window through which the gradient of a window's output goes back to its input; its kernel is turned around. */
export function windowBack(window: Window): Window {
  return {
    ...window,
    strideRows: 1,
    strideColumns: 1,
    top: (window.kernelRows - 1) * window.dilationRows - window.top,
    left: (window.kernelColumns - 1) * window.dilationColumns - window.left,
    spreadRows: window.strideRows,
    spreadColumns: window.strideColumns,
  };
}
