import { PassThrough } from 'node:stream';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { run, startBooted } from '../../test-support/command-line.js';
import { runCommandLine } from '../command-line.js';

const SPIN3 = { board: 'spin3' } as const;

/** Sets variables until the end of the test. */
function setVariables(t: Test, variables: Readonly<Record<string, string | undefined>>): void {
  for (const [name, value] of Object.entries(variables)) {
    const before = process.env[name];
    const put = (text: string | undefined) => {
      if (text === undefined) delete process.env[name];
      else process.env[name] = text;
    };
    put(value);
    t.teardown(() => put(before));
  }
}

/** Makes a settings file count for the rest of the test, and gives its name. */
function useSettings(t: Test, settings: object | string): string {
  const text = typeof settings === 'string' ? settings : JSON.stringify(settings);
  const file = `${t.testdir({ 'settings.json': text })}/settings.json`;
  setVariables(t, { SPIN_TOOLS_CONFIG: file });
  return file;
}

t.test('variables and the settings file say which machine', async (t) => {
  const { address, options } = await startBooted(t, SPIN3);
  t.match(await run('info'), { code: 2, stderr: /'--host <address>' not specified/ });
  await t.test('in the file', async (t) => {
    useSettings(t, { host: address.host, scpPort: address.scpPort, json: true });
    const { code, stdout } = await run('info');
    t.equal(code, 0);
    t.match(JSON.parse(stdout), { chips: 4 }, '--json, too');
  });
  await t.test('in variables, which count more', async (t) => {
    useSettings(t, { host: '127.0.0.99', scpPort: 9, timeout: 0.05 });
    setVariables(t, {
      SPIN_TOOLS_HOST: address.host,
      SPIN_TOOLS_SCP_PORT: `${address.scpPort}`,
      SPIN_TOOLS_TIMEOUT: '5',
    });
    t.match(await run('info'), { code: 0 });
    const elsewhere = await run('info', '--scp-port', '9', '--timeout', '0.05');
    t.match(elsewhere, { code: 3 }, 'the command line counts most');
  });
  await t.test('by a name', async (t) => {
    const { host, scpPort } = address;
    useSettings(t, {
      machine: 'lab',
      machines: { lab: { host, scpPort }, moon: { host: '1.2.3.4' } },
    });
    t.match(await run('info'), { code: 0 });
    t.match(await run('info', '--machine', 'lab'), { code: 0 });
    t.match(await run('info', ...options), { code: 0 }, '--host counts more');
    setVariables(t, { SPIN_TOOLS_HOST: '127.0.0.99' });
    t.match(await run('info', '--machine', 'lab'), { code: 0 }, 'so does --machine');
    t.match(await run('info', '--machine', 'lab', '--scp-port', '9', '--timeout', '0.05'), {
      code: 3,
    });
    const both = await run('info', '--machine', 'lab', '--host', 'x');
    t.match(both, { code: 2, stderr: /'--host' and '--machine' exclude each other/ });
    t.match(await run('info', '--machine', 'sun'), {
      code: 2,
      stderr: /there is no machine "sun" \(.*\)\. Give one of spalloc, virtual, lab, moon\./,
    });
  });
});

t.test('a machine of its own is had in spite of the settings', async (t) => {
  const folder = t.testdir({
    'settings.json': '{"host": "127.0.0.99"}',
    'xor.json':
      '{"layers":[{"className":"InputLayer","shape":[2]},{"className":"Dense","units":1}]}',
    'data.csv': '0,0,0\n1,1,1\n',
  });
  setVariables(t, { SPIN_TOOLS_CONFIG: `${folder}/settings.json` });
  const train = ['train', '--model', `${folder}/xor.json`, '--data', `${folder}/data.csv`];
  const outputs = ['--output', `${folder}/out.json`, '--report', `${folder}/out.html`];
  const small = ['--machine', 'virtual', '--board', 'spin3', '--epochs', '1', '--quiet'];
  const { code, stdout, stderr } = await run(...train, ...outputs, ...small);
  t.strictSame([code, stderr], [0, '']);
  t.notMatch(stdout, 'listening on', '--quiet tells results only');
  t.match(stdout, /^packets dropped +0$/m);
  t.match(await run('info', '--machine', 'virtual'), { code: 2, stderr: /'--host <address>' not/ });
});

t.test('options of single commands have defaults in the file', async (t) => {
  const commands = {
    map: { machine: 'spin3', placer: 'annealing', seed: 7, explain: true },
    load: { cores: ['0,0:1', '1,1:2-3'], wait: true },
    'alloc ps': { owner: 'me' },
  };
  const file = 'one.json';
  const folder = t.testdir({
    [file]: '{"vertices":[{"name":"a"}],"nets":[]}',
    'settings.json': JSON.stringify({ commands }),
  });
  setVariables(t, { SPIN_TOOLS_CONFIG: `${folder}/settings.json` });
  t.match(await run('map', `${folder}/${file}`), { code: 0, stdout: /^a +0,0 +1$/m });
  const loaded = await run('load', `${folder}/nothing.aplx`, '--host', '127.0.0.1');
  t.match(loaded, { code: 1, stderr: /there is no file/ }, '--cores is given');
  t.match(await run('alloc', 'ps', '--help'), { code: 0 });
});

t.test('the nearest file above counts', async (t) => {
  setVariables(t, { SPIN_TOOLS_CONFIG: undefined });
  const folder = t.testdir({
    'spin-tools.config.json': '{"nonsense": 1}',
    near: { 'spin-tools.config.json': '{"timeout": "soon"}', below: {} },
    other: {},
  });
  const runIn = async (place: string) => {
    const stderr = new PassThrough();
    const io = { stdout: new PassThrough(), stderr, folder: place, untilStopped: async () => {} };
    return { code: await runCommandLine(['ps'], io), stderr: String(stderr.read()) };
  };
  t.match(await runIn(`${folder}/other`), {
    code: 1,
    stderr: `${folder}/spin-tools.config.json: there is no setting "nonsense"; give host, scpPort`,
  });
  t.match(await runIn(`${folder}/near/below`), {
    code: 1,
    stderr: `${folder}/near/spin-tools.config.json: "timeout" is "soon": Give a number above 0.`,
  });
});

t.test('a settings file that makes no sense is refused by file, field and value', async (t) => {
  for (const [settings, message] of [
    ['{', 'is not JSON: '],
    ['[]', 'the whole must be an object: []'],
    [{ machines: [] }, '"machines" must be an object: []'],
    [{ machines: { lab: 3 } }, '"machines.lab" must be an object: 3'],
    [{ machines: { lab: { hots: 'x' } } }, 'there is no setting "machines.lab.hots"; give host'],
    [{ commands: { ps: { al: true } } }, 'there is no setting "commands.ps.al"; give all'],
    [{ commands: { ps: { all: 'yes' } } }, '"all" is "yes": give true or false.'],
    [{ commands: { trian: {} } }, 'there is no setting "commands.trian"; give demo, sim,'],
    [{ scpPort: 70000 }, '"scpPort" is 70000: Give a whole number from 1 to 65535.'],
    [{ host: null }, '"host" is null: give a text or a number.'],
    [{ json: 1 }, '"json" is 1: give true or false.'],
  ] as const) {
    const file = useSettings(t, settings);
    const { code, stdout, stderr } = await run('ps', '--host', '127.0.0.1');
    t.strictSame([code, stdout], [1, '']);
    t.ok(stderr.startsWith(`spin-tools: ${file}: ${message}`), stderr);
  }
  const nowhere = `${t.testdirName}/nothing.json`;
  setVariables(t, { SPIN_TOOLS_CONFIG: nowhere });
  t.match(await run('ps'), { code: 1, stderr: `spin-tools: there is no file ${nowhere}\n` });
  t.match(await run('--help'), { code: 0 }, 'help needs no settings');
});

t.test('whatever a settings file holds, it is used or refused with one line', async (t) => {
  const values = fc.oneof(fc.jsonValue(), fc.constantFrom('host', 3, true, [], {}));
  const names = fc.constantFrom('host', 'timeout', 'machine', 'machines', 'commands', 'quiet', 'x');
  const samples = fc.sample(fc.dictionary(names, values), { numRuns: 60, seed: 11 });
  for (const settings of samples) {
    useSettings(t, settings);
    const { code, stdout, stderr } = await run('read', 'sv.nothing');
    t.equal(stdout, '');
    t.ok(code === 1 || code === 2);
    t.notMatch(stderr, 'this is a bug');
  }
});
