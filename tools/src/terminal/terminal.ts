/** What a command shows: lines and progress for a human, or one JSON object for a program. */
import cliProgress from 'cli-progress';

/** Where text goes. `isTTY` tells whether a human is looking. */
export type Output = NodeJS.WritableStream & { readonly isTTY?: boolean };

/** A bar that a long step fills. */
export interface Progress {
  /** `detail` is shown behind the bar. */
  update(done: number, detail?: string): void;
  stop(): void;
}

/** The two ways of showing things. */
export class Terminal {
  constructor(
    private readonly stdout: Output,
    private readonly stderr: Output,
    private readonly json: boolean,
  ) {}

  /** A line for a human; nothing under `--json`. */
  say(line = ''): void {
    if (!this.json) this.stdout.write(`${line}\n`);
  }

  /** A line on standard error, for what is worth knowing but is not what was asked for. */
  note(line: string): void {
    this.stderr.write(`spin-tools: ${line}\n`);
  }

  /** The command's result: one JSON object under `--json`, else nothing, since it has been said. */
  result(value: object): void {
    if (this.json) this.stdout.write(`${JSON.stringify(value)}\n`);
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
    if (!this.stderr.isTTY) return { update: () => {}, stop: () => {} };
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

/** Columns under their heads, numbers to the right, two spaces between. */
export function table(heads: readonly string[], rows: readonly Row[]): string[] {
  return columns([heads, ...rows]);
}

/** A line of a table. */
export type Row = readonly (string | number)[];

/** Lines up the cells of rows: columns that end in a number to the right, others to the left. */
export function columns(rows: readonly Row[]): string[] {
  const last = rows.at(-1) ?? [];
  const widths = last.map((_, column) =>
    Math.max(...rows.map((row) => String(row[column]).length)),
  );
  return rows.map((row) =>
    row
      .map((cell, column) => {
        const width = widths[column] as number;
        const toRight = typeof last[column] === 'number';
        return toRight ? String(cell).padStart(width) : String(cell).padEnd(width);
      })
      .join('  ')
      .trimEnd(),
  );
}
