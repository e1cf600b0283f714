import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { adam, layers, sequential, sgd } from '@spin-tools/keras-backend';
import t, { type Test } from 'tap';
import { run, runJson, startSim } from '../../test-support/command-line.js';
import { readModel } from '../model/model-file.js';
import { Terminal } from '../terminal/terminal.js';
import type { Message } from '../view/messages.js';
import type { Viewing } from '../view/viewing.js';
import { type TrainingSession, trainAndSave } from './session.js';

/** Samples of 4 x 4 pixels with a bright row, or a bright column, at some place. */
function bars(): { inputs: number[][]; labels: number[] } {
  const samples = Array.from({ length: 16 }, (_, sample) => {
    const [upright, place] = [sample % 2, (sample >> 1) % 4];
    return Array.from({ length: 16 }, (_, pixel) =>
      (upright ? pixel % 4 : pixel >> 2) === place ? 1 : (sample >> 3) / 8,
    );
  });
  return { inputs: samples, labels: samples.map((_, sample) => sample % 2) };
}

/** A folder with a convolutional model and its samples, and how to train it into files of a name. */
function barsFolder(t: Test) {
  const folder = t.testdir({
    'bars.json': JSON.stringify({
      name: 'bars',
      layers: [
        { className: 'InputLayer', shape: [4, 4, 1] },
        { className: 'Conv2D', filters: 4, kernelSize: 3, padding: 'same', activation: 'relu' },
        { className: 'MaxPooling2D', poolSize: 2 },
        { className: 'Flatten' },
        { className: 'Dense', units: 2, activation: 'softmax' },
      ],
    }),
    'data.json': JSON.stringify(bars()),
  });
  const file = (name: string) => `${folder}/${name}`;
  const data = ['--data', file('data.json')];
  const train = (name: string, ...more: string[]) => {
    const outputs = ['--output', file(`${name}.json`), '--report', file(`${name}.html`)];
    const how = ['--epochs', '1', '--batch-size', '8', '--optimizer', 'adam'];
    return runJson(t, 'train', '--model', file('bars.json'), ...data, ...how, ...outputs, ...more);
  };
  return { file, data, train };
}

const HERE = ['--engine', 'functional'];

t.test('a convolutional model trains on a machine that listens, to the same bits', async (t) => {
  const { file, data, train } = barsFolder(t);
  const sim = await startSim(t, '--board', 'spin3');
  const there = [...sim.address, '--board', 'spin3'];
  const [here, onMachine] = [await train('here', ...HERE), await train('there', ...there)];
  t.strictSame([onMachine.accuracy, onMachine.loss], [here.accuracy, here.loss]);
  t.match(onMachine, { packetsDropped: 0, mappingSeconds: null });
  t.ok(onMachine.packetsSent > 0 && onMachine.predictedSeconds > 0);
  t.ok(onMachine.predictedJoules > 0);
  const written = (name: string) => readFile(file(name), 'utf8');
  t.equal(await written('there.json'), await written('here.json'));
  t.match(await written('there.html'), 'compute all layers together');
  for (const command of ['evaluate', 'predict']) {
    const asked = [command, '--model', file('there.json'), ...data];
    t.strictSame(
      await runJson(t, ...asked, ...there),
      await runJson(t, ...asked, ...HERE),
      command,
    );
  }
});

t.test('a convolutional model trains on allocated boards', async (t) => {
  const { train } = barsFolder(t);
  const { spallocPort, scpPort, bootPort } = await startSim(t, '--spalloc', '0');
  const server = ['--spalloc-host', '127.0.0.1', '--spalloc-port', `${spallocPort}`];
  const ports = ['--scp-port', `${scpPort}`, '--boot-port', `${bootPort}`];
  const boards = ['--machine', 'spalloc', ...server, '--owner', 'me', ...ports];
  const allocated = await train('allocated', ...boards);
  const here = await train('here', ...HERE);
  t.strictSame([allocated.accuracy, allocated.loss], [here.accuracy, here.loss]);
  t.ok(allocated.predictedSeconds > 0);
});

/** The first samples of `bars` as commands read them. */
function barsSamples(count = 16) {
  const { inputs, labels } = bars();
  return {
    count,
    features: 16,
    inputs: Float32Array.from(inputs.slice(0, count).flat()),
    labels: Uint32Array.from(labels.slice(0, count)),
  };
}

/** Settings of a session on the samples of `bars`. */
const barsSession = (modelFile: string, reportFile: string, count = 16) =>
  ({
    ...{ training: barsSamples(count), heldOut: barsSamples(count), source: 'bars' },
    ...{ loss: 'categorical_crossentropy', mode: 'fast', batchSize: 1 },
    ...{ modelFile, reportFile },
  }) satisfies Partial<TrainingSession>;

t.test(
  'Ctrl-C ends training on a machine behind the batch in progress, and keeps it',
  async (t) => {
    const { file, data } = barsFolder(t);
    const sim = await startSim(t, '--board', 'spin3');
    const cli = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
    const outputs = ['--output', file('stopped.json'), '--report', file('stopped.html')];
    const how = ['--samples', '8', '--epochs', '10', '--batch-size', '1', '--optimizer', 'adam'];
    const args = ['train', '--model', file('bars.json'), ...data, ...how, ...outputs];
    const training = spawn(process.execPath, [cli, ...args, ...sim.address, '--board', 'spin3']);
    const errors = text(training.stderr);
    const exit = once(training, 'exit');
    let said = '';
    let isStopping = false;
    for await (const part of training.stdout) {
      said += part;
      if (isStopping || !/^epoch /m.test(said)) continue;
      isStopping = true;
      training.kill('SIGINT');
    }
    t.strictSame([await exit, await errors], [[0, null], '']);
    t.match(said, /^accuracy, training samples/m, 'it is tested');
    const [, batch, epoch] =
      /^stopped behind batch (\d+) of 8 of epoch (\d+)\/10: .* kept$/m.exec(said) ?? [];
    t.ok(Number(batch) > 0, said);
    const stopping = new AbortController();
    const { model } = await readModel(file('bars.json'));
    const viewing: Viewing = {
      url: '',
      tell: (told) => {
        if (told.type !== 'progress') return;
        if (told.epoch + 1 === Number(epoch) && told.batch === Number(batch)) stopping.abort();
      },
      watch: () => ({ [Symbol.asyncDispose]: async () => {} }),
      [Symbol.asyncDispose]: async () => {},
    };
    await trainAndSave(
      {
        ...barsSession(file('here.json'), file('here.html'), 8),
        ...{ place: { kind: 'functional' }, model, optimizer: adam(), epochs: 10 },
        ...{ viewing, signal: stopping.signal },
      },
      new Terminal(new PassThrough(), new PassThrough()),
    );
    const written = (name: string) => readFile(file(name), 'utf8');
    t.equal(await written('stopped.json'), await written('here.json'), 'the last finished batch');
  },
);

t.test(
  'training that fails saves what the model keeps, says so and ends with the error',
  async (t) => {
    const { file } = barsFolder(t);
    const attempt = async (name: string, trains: boolean) => {
      const { model } = await readModel(file('bars.json'));
      const fit = model.fit.bind(model);
      model.fit = async (...args) => {
        if (trains) await fit(...args);
        throw new Error('a core died');
      };
      const stdout = new PassThrough();
      const session: TrainingSession = {
        ...barsSession(file(`${name}.json`), file(`${name}.html`)),
        place: { kind: 'functional' },
        ...{ model, optimizer: adam(), epochs: 1 },
      };
      await t.rejects(
        trainAndSave(session, new Terminal(stdout, new PassThrough())),
        /a core died/,
      );
      return { said: String(stdout.read() ?? ''), weights: model.getWeights() };
    };
    const { said, weights } = await attempt('kept', true);
    t.match(said, /^training failed: what was trained before that is saved in .*kept\.json$/m);
    const { model, trained } = await readModel(file('kept.json'));
    t.ok(trained);
    t.same(model.getWeights(), weights);
    const nothing = await attempt('nothing', false);
    t.notMatch(nothing.said, /saved/);
    await t.rejects(readFile(file('nothing.json')), { code: 'ENOENT' });
  },
);

t.test('who watches the training of a convolutional model sees its workers', async (t) => {
  const { file } = barsFolder(t);
  const told: Message[] = [];
  const viewing: Viewing = {
    url: '',
    tell: (message) => void told.push(message),
    watch: () => ({ [Symbol.asyncDispose]: async () => {} }),
    [Symbol.asyncDispose]: async () => {},
  };
  const model = sequential({
    layers: [
      layers.input({ shape: [4, 4, 1] }),
      layers.conv2d({ filters: 2, kernelSize: 3 }),
      layers.flatten(),
      layers.dense({ units: 2, activation: 'softmax' }),
    ],
  });
  await trainAndSave(
    {
      place: { kind: 'virtual', shape: { board: 'spin3' } },
      ...barsSession(file('shown.json'), file('shown.html')),
      ...{ model, viewing, optimizer: sgd(), epochs: 2, batchSize: 8 },
    },
    new Terminal(new PassThrough(), new PassThrough()),
  );
  const [training] = told.filter(({ type }) => type === 'training');
  t.match(training, { layers: [{ name: 'workers' }, { name: 'sequencer' }] });
  const epochs = told.filter((message) => message.type === 'epoch');
  t.equal(epochs.length, 2);
  for (const epoch of epochs) {
    const [workers] = epoch.layers ?? [];
    t.ok(epoch.seconds! > 0 && workers!.busySeconds > 0 && workers!.busySeconds <= epoch.seconds!);
    t.equal(workers!.cores, 4, 'of the one chip that is simulated');
  }
});

t.test('a layer that machines do not compute is refused by name, in one line', async (t) => {
  const { data, file } = barsFolder(t);
  const layers = [
    { className: 'Reshape', targetShape: [4, 4], inputShape: [4, 4, 1] },
    { className: 'SimpleRNN', units: 2, activation: 'softmax' },
  ];
  await writeFile(file('recurrent.json'), JSON.stringify({ version: 1, layers }));
  const outputs = ['--output', file('no.json'), '--report', file('no.html')];
  const args = ['--model', file('recurrent.json'), ...data, ...outputs, '--board', 'spin3'];
  const { code, stderr } = await run('train', ...args);
  t.equal(code, 1);
  t.match(stderr, /on the machine engine, layer .*SimpleRNN.* or engine 'float'\n$/);
});
