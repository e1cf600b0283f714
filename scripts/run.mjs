/** Running other programs as a shell would. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** Lists of packed files are long. */
const OUTPUT_BYTES = 64 << 20;

/**
 * Runs a program without what a test runner makes every Node.js below it load: no user's program has that,
 * and it costs a second each time.
 *
 * @param {string} program
 * @param {readonly string[]} parameters
 * @param {string} folder that it runs in
 * @returns {Promise<{ stdout: string, stderr: string }>}
 * @throws with `stdout`, `stderr` and `code` when it fails
 */
export function run(program, parameters, folder) {
  return execute('env', ['-u', 'NODE_OPTIONS', program, ...parameters], {
    cwd: folder,
    maxBuffer: OUTPUT_BYTES,
  });
}
