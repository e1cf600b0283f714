/** A file that cannot be used; the message names the file and what in it is wrong. */
export class FileError extends Error {
  override readonly name = 'FileError';

  constructor(
    readonly source: string,
    problem: string,
    options?: ErrorOptions,
  ) {
    super(`${source}: ${problem}`, options);
  }
}

/**
 * The JSON object that `text` holds.
 *
 * @param needs what it should have, for the message: `"inputs" and "labels"`
 * @throws FileError when it is not JSON, or not an object
 */
export function parseObject(source: string, text: string, needs: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new FileError(source, `is not JSON: ${(cause as Error).message}`, { cause });
  }
  if (isObject(value)) return value;
  throw new FileError(source, `must hold an object with ${needs}`);
}

/** Whether `value` is a JSON object rather than an array, a scalar or null. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
