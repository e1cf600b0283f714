/** What a command shows: lines and progress for a human, or one JSON object for a program. */
import cliProgress from 'cli-progress';
import picocolors from 'picocolors';
import { hasColours } from './colours.js';

/** Where text goes. `isTTY` tells whether a human is looking. */
export type Output = NodeJS.WritableStream & { readonly isTTY?: boolean };

/** A bar that a long step fills. */
export interface Progress {
  /** `detail` is shown behind the bar. */
  update(done: number, detail?: string): void;
  stop(): void;
}

/** How to show things. */
export interface TerminalOptions {
  /** One JSON object instead of text. */
  readonly json?: boolean;
  /** Only what was asked for: neither progress, nor remarks, nor that it is done. */
  readonly quiet?: boolean;
}

/** Ways of painting a piece of text; they leave it as it is where colours are not wanted. */
export type Colours = ReturnType<typeof picocolors.createColors>;

/** The two ways of showing things. */
export class Terminal {
  readonly colours: Colours;
  private readonly json: boolean;
  private readonly quiet: boolean;

  constructor(
    private readonly stdout: Output,
    private readonly stderr: Output,
    { json = false, quiet = false }: TerminalOptions = {},
  ) {
    this.json = json;
    this.quiet = quiet;
    this.colours = picocolors.createColors(hasColours(stdout));
  }

  /** A line that was asked for; nothing under `--json`. */
  say(line = ''): void {
    if (!this.json) this.stdout.write(`${line}\n`);
  }

  /** Lines that were asked for; nothing under `--json`. */
  sayAll(lines: Iterable<string>): void {
    for (const line of lines) this.say(line);
  }

  /** A line that says what goes on or is done; nothing under `--json` or `--quiet`. */
  report(line: string): void {
    if (!this.quiet) this.say(line);
  }

  /** A line on standard error, for what is worth knowing but is not what was asked for. */
  note(line: string): void {
    if (!this.quiet) this.stderr.write(`spin-tools: ${line}\n`);
  }

  /** The command's result: one JSON object under `--json`, else nothing, since it has been said. */
  result(value: object): void {
    if (this.json) this.stdout.write(`${JSON.stringify(value)}\n`);
  }

  /** Bytes as they are, for files and programs behind a pipe. */
  bytes(value: Uint8Array): void {
    this.stdout.write(value);
  }

  /** A line on standard error that is written anew with each update, if a human is looking. */
  status(): Progress {
    return this.bar('{detail}', 1);
  }

  /** A progress bar on standard error, if a human is looking. */
  progress(label: string, total: number): Progress {
    return this.bar(`${label} [{bar}] {value}/{total} {detail}`, total);
  }

  private bar(format: string, total: number): Progress {
    if (!this.stderr.isTTY || this.quiet) return { update: () => {}, stop: () => {} };
    const bar = new cliProgress.SingleBar({
      stream: this.stderr,
      format,
      barsize: 30,
      hideCursor: true,
      clearOnComplete: true,
    });
    bar.start(total, 0, { detail: '' });
    return {
      update: (done, detail = '') => bar.update(done, { detail }),
      stop: () => bar.stop(),
    };
  }
}
