/**
 * Runs the commands of a page as a reader would: from the repository's folder, one after the other, with
 * machines at 127.0.0.1 and on. They are at addresses of their own here, so that sessions do not meet.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** What commands that keep running say when they are ready. */
const READY = /Ctrl-C/;

/** Addresses of machines on pages, by their last number. */
const ON_PAGES = /\b127\.0\.0\.(\d+)\b/g;

/** Opens a session; it has to be closed. */
export async function openSession() {
  const folder = await mkdtemp(join(tmpdir(), 'spin-tools-page-'));
  for (const name of await readdir(ROOT)) await symlink(join(ROOT, name), join(folder, name));
  await rm(join(folder, 'spin-tools-out'), { force: true });
  return new Session(folder);
}

class Session {
  #folder;
  #addresses = new Addresses();
  #staying = [];

  constructor(folder) {
    this.#folder = folder;
  }

  /**
   * Runs a command to its end, or until it says that it waits for Ctrl-C.
   *
   * @param {string} command for the shell
   * @param {boolean} stays whether it keeps running until the session is closed
   * @returns {Promise<{ code: number | null, output: string[] }>} `code` is null while it runs
   */
  async run(command, stays = false) {
    const shell = spawn('bash', ['-c', await this.#script(command)], {
      cwd: this.#folder,
      detached: true,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = new Promise((resolve) => shell.once('close', resolve));
    const output = [];
    const lines = createInterface({ input: shell.stdout });
    const ready = new Promise((resolve) => {
      lines.on('line', (line) => {
        output.push(this.#addresses.forPages(line).replaceAll(this.#folder, '.'));
        if (stays && READY.test(line)) resolve(null);
      });
    });
    const code = await Promise.race([ended, ready]);
    if (code === null) this.#staying.push({ shell, ended });
    return { code, output };
  }

  /** Ends all commands that keep running. */
  async close() {
    for (const { shell, ended } of this.#staying) {
      process.kill(-shell.pid, 'SIGINT');
      await ended;
    }
    await rm(this.#folder, { recursive: true });
  }

  /** The command in the folder where the one before it went, as `cd` does. */
  async #script(command) {
    const place = join(this.#folder, '.place');
    const folder = await readFile(place, 'utf8').catch(() => this.#folder);
    return `
      unset NODE_OPTIONS
      export REPOSITORY=${ROOT}
      spin-tools() { node tools/dist/cli.js "$@"; }
      cd "${folder.trimEnd()}"
      exec 2>&1
      ${this.#addresses.forRuns(command)}
      code=$?
      pwd > ${place}
      exit $code
    `;
  }
}

/** Some of the sixteen million addresses of this computer, in place of those on pages. */
class Addresses {
  #prefix = `127.${100 + ((process.pid >> 14) & 127)}.${(process.pid >> 7) & 127}`;
  #first = process.pid & 127;
  #own = new RegExp(`\\b${this.#prefix.replaceAll('.', '\\.')}\\.(\\d+)\\b`, 'g');

  forRuns(text) {
    return text.replace(ON_PAGES, (_, last) => `${this.#prefix}.${this.#first + Number(last)}`);
  }

  forPages(text) {
    return text.replace(this.#own, (_, last) => `127.0.0.${last - this.#first}`);
  }
}
