/** Reading what others wrote: whatever goes wrong is the file's fault, and said so. */
import {
  DataError,
  ModelDefinitionError,
  ModelFileError,
  OptionError,
  UnsupportedError,
} from '../errors.js';

const OURS = [DataError, ModelDefinitionError, ModelFileError, OptionError, UnsupportedError];

/**
 * Runs `read`.
 *
 * @throws ModelFileError for every error that is none of ours, with that as its cause
 */
export async function guarded<T>(what: string, read: () => Promise<T> | T): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    if (OURS.some((kind) => cause instanceof kind)) throw cause;
    throw new ModelFileError(what, `is damaged: ${reasonOf(cause)}`, { cause });
  }
}

function reasonOf(cause: unknown): string {
  const [line = ''] = (cause instanceof Error ? cause.message : String(cause)).split('\n');
  return line.startsWith('HDF5-DIAG') ? 'the HDF5 library cannot read it' : line;
}
