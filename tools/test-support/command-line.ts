/** Runs commands in tests, and virtual machines for them to talk to. */
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import type { Test } from 'tap';
import { runCommandLine } from '../src/command-line.js';
import { type ServedMachine, serve } from '../src/machine/serve.js';

type MachineOptions = Parameters<typeof serve>[0];
type ServeOptions = Parameters<typeof serve>[1];

/** What a command came to. */
export interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

// A settings file of whoever runs the tests must not change what they see.
process.env.SPIN_TOOLS_CONFIG = '';

/** Runs a command to its end. */
export async function run(...args: string[]): Promise<Finished> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const code = await runCommandLine(args, { stdout, stderr, untilStopped: async () => {} });
  return { code, stdout: String(stdout.read() ?? ''), stderr: String(stderr.read() ?? '') };
}

/** Runs a command with --json and gives its object, after checking that there is nothing else. */
export async function runJson(t: Test, ...args: string[]) {
  const { code, stdout, stderr } = await run(...args, '--json');
  t.strictSame([code, stderr], [0, ''], args.join(' '));
  t.match(stdout, /^\{.*\}\n$/, 'one line with one object');
  const result = JSON.parse(stdout);
  const told = await fieldsInHelp(args);
  if (args.includes('--explain')) return result;
  t.strictSame(
    Object.keys(result).filter((key) => !told.has(key)),
    [],
    'help tells all fields',
  );
  return result;
}

const fields = new Map<string, ReadonlySet<string>>();

/** Words behind "With --json:" in the help of a command. */
async function fieldsInHelp([name = '', below = '']: string[]): Promise<ReadonlySet<string>> {
  const words = name === 'alloc' && /^[a-z]/.test(below) ? [name, below] : [name];
  const command = words.join(' ');
  const known = fields.get(command);
  if (known !== undefined) return known;
  const { stdout } = await run(...words, '--help');
  const [, json = ''] = /\nWith --json: (.*)\n\nExit codes/s.exec(stdout) ?? [];
  const found = new Set(json.split(/\W+/));
  fields.set(command, found);
  return found;
}

/** Starts `spin-tools sim` and gives what it prints; stops it at the end of the test. */
export async function startSim(t: Test, ...args: string[]) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  let stop = () => {};
  const stopped = new Promise<void>((resolve) => {
    stop = resolve;
  });
  const ports = ['--scp-port', '0', '--boot-port', '0', '--pace', 'fast'];
  const finished = runCommandLine(['sim', ...args, ...ports, '--json'], {
    stdout,
    stderr,
    untilStopped: () => stopped,
  });
  const [line] = await Promise.race([
    once(stdout, 'data'),
    finished.then(() => Promise.reject(new Error(String(stderr.read())))),
  ]);
  t.teardown(async () => {
    stop();
    if ((await finished) !== 0) throw new Error(`sim failed: ${stderr.read()}`);
  });
  const ready = JSON.parse(String(line));
  const address = ['--host', ready.hosts[0], '--scp-port', `${ready.scpPort}`];
  return { ...ready, address: [...address, '--boot-port', `${ready.bootPort}`] };
}

/** A machine that a test has its hands on, and the options by which commands reach it. */
export interface TestMachine extends ServedMachine {
  readonly options: readonly string[];
  /** Of its management processors, if they are served. */
  readonly bmpOptions: readonly string[];
}

/** Starts a virtual machine and closes it at the end of the test. */
export async function startMachine(
  t: Test,
  machine: MachineOptions,
  how: ServeOptions = {},
): Promise<TestMachine> {
  const served = await serve(machine, how);
  t.teardown(() => served[Symbol.asyncDispose]());
  const { host, scpPort, bootPort } = served.address;
  const options = ['--host', host, '--scp-port', `${scpPort}`, '--boot-port', `${bootPort}`];
  const bmpOptions = ['--bmp-host', `${served.bmpHosts[0]}`, '--bmp-port', `${served.bmpPort}`];
  return { ...served, options, bmpOptions };
}

/** The same, booted. */
export async function startBooted(
  t: Test,
  machine: MachineOptions,
  how: ServeOptions = {},
): Promise<TestMachine> {
  const started = await startMachine(t, machine, how);
  const { code, stderr } = await run('boot', ...started.options);
  if (code !== 0) throw new Error(stderr);
  return started;
}
