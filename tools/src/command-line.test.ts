import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { PassThrough } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { CoreState, encodeAplx, vcpuField } from '@spin-tools/scp';
import t, { type Test } from 'tap';
import { run, runJson, startSim } from '../test-support/command-line.js';
import { runCommandLine } from './command-line.js';
import { COMMAND_GROUPS } from './commands/all.js';

/** A folder with a small model and samples that it can learn. */
function xorFolder(t: Test) {
  const folder = t.testdir({
    'xor.json': JSON.stringify({
      name: 'xor',
      layers: [
        { className: 'InputLayer', shape: [2] },
        { className: 'Dense', units: 8, activation: 'tanh' },
        { className: 'Dense', units: 1, activation: 'sigmoid' },
      ],
    }),
    'data.json': JSON.stringify({
      inputs: [
        [0, 0],
        [0, 1],
        [1, 0],
        [1, 1],
      ],
      labels: [0, 1, 1, 0],
    }),
    'wide.csv': '0,0,0,0\n1,1,1,1\n',
    'three.csv': '0,0,2\n',
  });
  const file = (name: string) => `${folder}/${name}`;
  const outputs = ['--output', file('out/trained.json'), '--report', file('out/report.html')];
  return { file, outputs };
}

t.test('a served machine lacks what the options say, and a plan makes it fail', async (t) => {
  const folder = t.testdir({
    'plan.json': '{"deaths": [{"x": 7, "y": 7, "afterMessages": 300}]}',
    'bad.json': '{"datagrams": {"lose": 2}}',
    'broken.json': '{',
  });
  const dead = ['--dead-chip', '3,3', '--dead-link', '0,0,0', '--dead-core', '1,1,5'];
  const sim = await startSim(t, ...dead, '--faults', `${folder}/plan.json`);
  t.match(sim, { chips: 47, cores: 845 });
  await runJson(t, 'boot', ...sim.address);
  const { code, stdout } = await run('info', ...sim.address);
  t.equal(code, 0);
  t.match(stdout, /47 chips/);
  for (let turn = 0; turn < 4; turn++) await run('info', ...sim.address);
  t.match((await run('info', ...sim.address)).stdout, /46 chips/, 'chip (7, 7) has died');
  for (const [args, message] of [
    [['--faults', `${folder}/bad.json`], 'bad.json: fault plan: "datagrams.lose" must be'],
    [['--faults', `${folder}/broken.json`], 'broken.json: is not JSON'],
    [['--dead-chip', '9,9'], 'this machine has no chip (9, 9)'],
    [['--dead-link', '1,1'], "'--dead-link <x,y,link...>' argument '1,1' is invalid"],
    [['--dead-core', '1,1,18'], "argument '1,1,18' is invalid"],
    [['--pace', 'slow'], "'--pace <pace>' argument 'slow' is invalid"],
  ] as const) {
    const refused = await run('sim', ...args);
    t.ok(refused.code === 1 || refused.code === 2);
    t.ok(refused.stderr.includes(message), refused.stderr);
    t.equal(refused.stderr.trim().split('\n').length, 1, 'one line');
  }
});

t.test('a virtual SpiNN-5 is served, booted, looked at and loaded over UDP', async (t) => {
  const sim = await startSim(t, '--board', 'spin5');
  t.match(sim, { hosts: ['127.0.0.1'], chips: 48, cores: 864 });
  const booted = await runJson(t, 'boot', ...sim.address);
  t.match(booted, { name: 'SC&MP/SpiNNaker', width: 8, height: 8 });
  const info = await runJson(t, 'info', ...sim.address);
  t.match(info, { chips: 48, cores: 864, width: 8, height: 8, wrapX: false });
  t.strictSame(info.dead, { chips: [], links: [], cores: [] });
  t.match((await run('info', ...sim.address)).stdout, 'all chips, links and cores work');
  t.strictSame(await runJson(t, 'ps', ...sim.address), { cores: [] });
});

/** A program for core 1 that says it runs, and does nothing more. */
function idleProgram(): Uint8Array {
  const words = Uint32Array.of(
    0xe59f0008, // ldr r0, [pc, #8]: the last word
    0xe3a01000 | CoreState.Run, // mov r1, #7
    0xe5c01000, // strb r1, [r0]
    0xeafffffe, // b .
    vcpuField(1, 'state').address,
  );
  return encodeAplx([
    { operation: 'place', destination: 0, data: new Uint8Array(words.buffer) },
    { operation: 'execute', address: 0 },
  ]);
}

t.test('a program is loaded, started and listed', async (t) => {
  const sim = await startSim(t, '--board', 'spin3');
  await runJson(t, 'boot', ...sim.address);
  const file = `${t.testdir({})}/idle.aplx`;
  await writeFile(file, idleProgram());
  const load = ['load', ...sim.address, '--app-id', '20', file, '--cores'];
  t.match(await runJson(t, ...load, '0,0:1', '1,1:1'), { appId: 20, chips: 2, cores: 2 });
  const { cores } = await runJson(t, 'ps', ...sim.address);
  t.match(cores, [
    { x: 0, y: 0, core: 1, appId: 20, state: 'Run' },
    { x: 1, y: 1, core: 1, appId: 20, state: 'Run' },
  ]);
  t.match((await run('ps', ...sim.address)).stdout, / 20 .* Run +2 +0,0:1 1,1:1\n$/);
  const nowhere = await run(...load, '7,7:1');
  t.match(nowhere, { code: 1, stderr: /^spin-tools: chip \(7, 7\).*\n$/ });
});

t.test('an unbooted machine, a missing file and a wrong file are told apart', async (t) => {
  const sim = await startSim(t, '--board', 'spin3');
  const info = await run('info', ...sim.address);
  t.strictSame([info.code, info.stdout], [3, '']);
  t.match(info.stderr, /^spin-tools: .*did not answer.*\n$/);
  await run('boot', ...sim.address);
  const folder = t.testdir({ 'text.aplx': 'this is no program at all' });
  const load = ['load', ...sim.address, '--cores', '0,0:1'];
  const missing = await run(...load, '--', `${folder}/nothing.aplx`);
  t.match(missing, { code: 1, stderr: /^spin-tools: there is no file .*nothing\.aplx\n$/ });
  const wrong = await run(...load, '--', `${folder}/text.aplx`);
  t.match(wrong, { code: 1, stderr: /^spin-tools: .*text\.aplx: is no APLX program.*\n$/ });
});

t.test('arguments that make no sense exit with 2 and name the option', async (t) => {
  const bad: [string[], RegExp][] = [
    [['sim', '--board', 'spin4'], /--board <board>.*spin4.*spin3, spin5/],
    [['sim', '--board', 'spin5', '--triads', '1x1'], /'--board' and '--triads' exclude each other/],
    [['sim', '--triads', '0x1'], /--triads <WxH>.*0x1.*1x1 to 21x21/],
    [['sim', '--wrap'], /'--wrap' needs '--triads'/],
    [['sim', '--scp-port', '65536'], /--scp-port <port>.*65536.*0 to 65535/],
    [['sim', '--host', 'banana'], /--host <address>.*banana.*IPv4/],
    [['info', '--host', 'x', '--scp-port', '0'], /--scp-port <port>.*1 to 65535/],
    [['boot'], /required option '--host <address>'/],
    [['load', '--host', 'x', '--cores', '0,0:18', '--', 'a'], /18.*1 to 17/],
    [['load', '--host', 'x', '--cores', 'all', '--app-id', '3', '--', 'a'], /--app-id.*16 to 255/],
    [['train', '--data', 'mnist'], /required option '--model <file>'/],
    [['train', '--model', 'a', '--data', 'mnist', '--epochs', '0'], /--epochs.*0.*from 1/],
    [['train', '--model', 'a', '--data', 'b', '--learning-rate', '-1'], /--learning-rate.*above 0/],
    [['train', '--model', 'a', '--data', 'b', '--validation-split', '1'], /0 to below 1/],
    [['map'], /missing required argument 'graph'/],
    [['map', 'a.json', '--machine', '2x'], /--machine.*2x.*spin3, spin5, or triads/],
    [['fly'], /unknown command 'fly'/],
    [[], /Usage: spin-tools/],
  ];
  for (const [args, message] of bad) {
    const { code, stdout, stderr } = await run(...args);
    t.strictSame([code, stdout], [2, ''], args.join(' '));
    t.match(stderr, message);
    t.notMatch(stderr, /\n\s+at /, 'no stack trace');
  }
});

t.test('help and version go to standard output and are no failure', async (t) => {
  const file = fileURLToPath(new URL('../package.json', import.meta.url));
  const { version } = JSON.parse(await readFile(file, 'utf8'));
  t.match(await run('--version'), { code: 0, stdout: `${version}\n` });
  const { code, stdout } = await run('--help');
  t.equal(code, 0);
  for (const { name } of COMMAND_GROUPS.flatMap(({ commands }) => commands)) {
    t.match(stdout, new RegExp(`^  ${name} `, 'm'));
    t.match(await run(name, '--help'), { code: 0, stdout: '--json' });
  }
});

t.test('map places and routes a graph, and shows it all if asked to', async (t) => {
  const folder = t.testdir({
    'ring.json': JSON.stringify({
      vertices: [{ name: 'a' }, { name: 'b', chip: { x: 1, y: 1 } }],
      nets: [{ name: 'there', source: 0, sinks: [1] }],
    }),
    'loose.json':
      '{"vertices": [{"name": "a"}], "nets": [{"name": "n", "source": 0, "sinks": [7]}]}',
    'typed.json': '{"vertices": [{"name": 3}], "nets": []}',
  });
  const statistics = await runJson(t, 'map', `${folder}/ring.json`, '--machine', 'spin3');
  t.match(statistics, { vertices: 2, nets: 1, chipsUsed: 2, hops: 1 });
  const explained = await runJson(t, 'map', `${folder}/ring.json`, '--explain');
  t.match(explained.vertices, [{ name: 'a' }, { name: 'b', x: 1, y: 1 }]);
  const { stdout } = await run('map', `${folder}/ring.json`, '--machine', '1x1+wrap', '--explain');
  t.match(stdout, /^2 vertices on 2 cores of 2 chips$/m);
  t.match(stdout, /^b +1,1 +1$/m);
  const report = `${folder}/pages/ring.html`;
  const shown = await run(
    'map',
    `${folder}/ring.json`,
    '--placer',
    'bisection',
    '--report',
    report,
  );
  t.match(shown.stdout, `report ${report}`);
  t.match(await readFile(report, 'utf8'), /<h1>ring\.json<\/h1>/);
  t.match(await run('map', `${folder}/loose.json`), { code: 1, stderr: /"n".*7/ });
  t.match(await run('map', `${folder}/typed.json`), {
    code: 1,
    stderr: /typed\.json: vertices\[0\]\.name is 3\n$/,
  });
});

t.test('on a terminal every progress bar that is drawn is taken away again', async (t) => {
  const { file, outputs } = xorFolder(t);
  const stderr = Object.assign(new PassThrough(), { isTTY: true, columns: 80 });
  const args = ['train', '--model', file('xor.json'), '--data', file('data.json'), ...outputs];
  const code = await runCommandLine([...args, '--engine', 'functional', '--epochs', '3'], {
    stdout: new PassThrough(),
    stderr,
    untilStopped: async () => {},
  });
  const drawn = String(stderr.read());
  const times = (text: string) => drawn.split(text).length - 1;
  t.equal(code, 0);
  t.match(drawn, 'epoch 3/3');
  t.strictSame([times('\u001b[?25l'), times('\u001b[?25h')], [3, 3], 'cursor hidden and shown');
});

t.test('the installed command stops on SIGINT and SIGTERM with exit code 0', async (t) => {
  const cli = fileURLToPath(new URL('../dist/cli.js', import.meta.url));
  const ports = ['--scp-port', '0', '--boot-port', '0', '--pace', 'fast'];
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    const sim = spawn(process.execPath, [cli, 'sim', '--board', 'spin3', ...ports, '--json']);
    const [line] = await once(sim.stdout, 'data');
    t.match(JSON.parse(String(line)), { chips: 4, cores: 72 });
    sim.kill(signal);
    t.strictSame(await once(sim, 'exit'), [0, null]);
  }
});

t.test('a model is trained, saved, tested and asked', async (t) => {
  const { file, outputs } = xorFolder(t);
  const train = ['train', '--model', file('xor.json'), '--data', file('data.json'), ...outputs];
  const settings = ['--epochs', '200', '--batch-size', '4', '--learning-rate', '0.8'];
  const result = await runJson(t, ...train, ...settings, '--engine', 'functional');
  t.match(result, { accuracy: 1, packetsSent: null, modelFile: file('out/trained.json') });
  t.match(await readFile(file('out/report.html'), 'utf8'), 'xor on this computer');
  const trained = ['--model', file('out/trained.json'), '--data', file('data.json')];
  const tested = await runJson(t, 'evaluate', ...trained, '--engine', 'functional');
  t.match(tested, { accuracy: 1, samples: 4 });
  t.match(await run('evaluate', ...trained, '--engine', 'functional'), {
    code: 0,
    stdout: /^accuracy 100\.0 % +loss .* of 4 samples$/m,
  });
  t.ok(Math.abs(tested.loss - result.loss) < 1e-3, 'number formats now fit the trained weights');
  const asked = await runJson(t, 'predict', ...trained, '--engine', 'functional');
  t.strictSame(
    asked.predictions.map(({ label }: { label: number }) => label),
    [0, 1, 1, 0],
  );
  t.match(await run('predict', ...trained, '--engine', 'functional', '--samples', '1'), {
    code: 0,
    stdout: /^sample +label +outputs\n +0 +0 +0\.\d{4}\n$/,
  });
});

t.test('a machine that sim serves trains the same bits as this process', async (t) => {
  const { file } = xorFolder(t);
  const sim = await startSim(t, '--board', 'spin3');
  const train = async (name: string, ...engine: string[]) => {
    const outputs = ['--output', file(`${name}.json`), '--report', file(`${name}.html`)];
    const data = ['--model', file('xor.json'), '--data', file('data.json'), '--batch-size', '4'];
    return await runJson(t, 'train', ...data, ...outputs, ...engine);
  };
  const here = await train('here', '--engine', 'functional');
  const there = await train('there', ...sim.address, '--board', 'spin3');
  t.strictSame([there.accuracy, there.loss], [here.accuracy, here.loss]);
  t.equal(there.packetsDropped, 0);
  t.equal(here.mappingSeconds, null);
  t.ok(there.mappingSeconds > 0);
  t.ok(there.packetsSent > 0 && there.predictedSeconds > 0 && there.predictedJoules > 0);
  const models = await Promise.all(
    ['here', 'there'].map((name) => readFile(file(`${name}.json`), 'utf8')),
  );
  t.equal(models[1], models[0]);
  t.match(await readFile(file('there.html'), 'utf8'), 'packets a sample, as mapped');
});

t.test('demo trains on digits and names its model and its report', async (t) => {
  const { outputs, file } = xorFolder(t);
  const some = ['--samples', '640', '--epochs', '2', '--engine', 'functional', ...outputs];
  const { code, stdout } = await run('demo', ...some);
  t.equal(code, 0);
  t.match(stdout, /^accuracy, held out +[78]\d\.\d %$/m);
  t.match(stdout, new RegExp(`^report +${file('out/report.html')}\n$`, 'm'));
  const keys = ['accuracy', 'loss', 'samplesPerSecond', 'predictedSeconds', 'predictedJoules'];
  const packets = ['packetsSent', 'packetsDropped', 'spread'];
  const more = ['layers', 'mappingSeconds', 'modelFile', 'reportFile'];
  t.strictSame(Object.keys(await runJson(t, 'demo', ...some)), [...keys, ...packets, ...more]);
});

t.test('a data file that does not fit the model is refused by name', async (t) => {
  const { file, outputs } = xorFolder(t);
  const train = ['train', '--model', file('xor.json'), '--engine', 'functional', ...outputs];
  const bad: [string, RegExp][] = [
    ['wide.csv', /wide\.csv: has 3 values a sample, but the model takes 2/],
    ['three.csv', /three\.csv: label 2 of sample 0 is not 0 or 1/],
    ['none.csv', /there is no file .*none\.csv/],
  ];
  for (const [name, message] of bad) {
    const { code, stdout, stderr } = await run(...train, '--data', file(name), '--json');
    t.strictSame([code, stdout], [1, '']);
    t.match(stderr, message);
  }
  const data = ['--data', file('data.json')];
  t.match(await run(...train, ...data, '--loss', 'ctc'), { code: 1, stderr: /loss ctc/ });
  const untrained = ['--model', file('xor.json'), '--engine', 'functional'];
  t.match(await run('evaluate', ...untrained, ...data), { code: 1, stderr: /has no weights/ });
});

t.test(
  'a model is trained in float32, converted to every kind of file, and explained',
  async (t) => {
    const { file, outputs } = xorFolder(t);
    const data = ['--data', file('data.json')];
    const float = ['--engine', 'float', '--optimizer', 'adam', '--learning-rate', '0.05'];
    await runJson(
      t,
      'train',
      '--model',
      file('xor.json'),
      ...data,
      ...outputs,
      ...float,
      '--epochs',
      '200',
    );
    let from = file('out/trained.json');
    for (const name of ['out/model.keras', 'out/model.h5', 'out/web.json']) {
      const extra = name.endsWith('.json') ? ['--tfjs'] : [];
      await runJson(t, 'convert', from, file(name), ...extra);
      from = file(name);
      const tested = await runJson(t, 'evaluate', '--model', from, ...data, '--engine', 'float');
      t.equal(tested.accuracy, 1, name);
    }
    const explained = await runJson(t, 'explain', file('out/model.keras'));
    t.strictSame(explained.engines, ['machine', 'functional', 'float']);
    t.match(await run('explain', file('xor.json')), {
      code: 0,
      stdout: /fraction bits, number mode fast/,
    });
    const adam = ['--optimizer', 'adam', '--engine', 'functional', '--epochs', '2'];
    const kept = ['--output', file('adam.json'), '--report', file('adam.html')];
    t.match(await run('train', '--model', file('xor.json'), ...data, ...adam, ...kept), {
      code: 0,
    });
    const recurrent = { className: 'SimpleRNN', units: 1, inputShape: [2, 1] };
    await writeFile(file('rnn.json'), JSON.stringify({ version: 1, layers: [recurrent] }));
    const refused = await run('explain', file('rnn.json'));
    t.match(refused, { code: 0, stdout: /computed by the engine float only: .*SimpleRNN/ });
  },
);

t.test('a model that is too large for a chip is planned as a pipeline of chips', async (t) => {
  const { file } = xorFolder(t);
  const convolution = { className: 'Conv2D', filters: 64, kernelSize: 3, padding: 'same' };
  const large = [
    { ...convolution, inputShape: [192, 192, 3] },
    ...new Array(9).fill(convolution),
    { className: 'MaxPooling2D', poolSize: 8 },
    { className: 'GlobalAveragePooling2D' },
    { className: 'Dense', units: 10, activation: 'softmax' },
  ];
  await writeFile(file('large.json'), JSON.stringify({ version: 1, layers: large }));
  t.match(await run('explain', file('large.json')), {
    code: 0,
    stdout: /planned as a pipeline on 48 chips.*forwards .* samples\/s.*in training .*entries/s,
  });
  const { pipeline } = await runJson(t, 'explain', file('large.json'), '--machine', '1x1');
  t.ok(pipeline.stages.length > 3);
  t.ok(pipeline.training.secondsPerSample > pipeline.forward.secondsPerSample);
  t.ok(pipeline.training.joulesPerSample > 0);
  const small = await runJson(t, 'explain', file('large.json'), '--machine', 'spin3');
  t.match(small.tooLarge, /machine is 4 chips: give at least/);
});
