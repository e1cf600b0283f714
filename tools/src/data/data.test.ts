import t from 'tap';
import { DIGIT_PIXELS, digits } from './digits.js';
import { FileError } from './file-error.js';
import { parseCsv, parseJson, readSamples } from './files.js';
import { sampleRange, targetsFor } from './samples.js';

t.test('digits always come in the same order, which mixes all kinds', async (t) => {
  const samples = await digits();
  t.strictSame([samples.count, samples.features], [10_000, DIGIT_PIXELS]);
  t.ok(samples.inputs.every((pixel) => pixel >= 0 && pixel <= 1));
  const labels = [...(samples.labels ?? [])];
  t.strictSame(labels.slice(0, 12), [4, 9, 7, 7, 9, 3, 9, 4, 6, 8, 8, 6]);
  for (const part of [labels.slice(0, 500), labels.slice(-500)]) {
    const counts = Array.from(
      { length: 10 },
      (_, kind) => part.filter((label) => label === kind).length,
    );
    t.ok(Math.min(...counts) >= 30, `of 500 digits: ${counts}`);
  }
});

t.test('CSV has the class in its last column and may have a line of names', async (t) => {
  const path = t.testdir({ 'iris.CSV': 'length,width,kind\r\n1.5,2,0\r\n\r\n3,-4e-1,2\r\n' });
  const samples = await readSamples(`${path}/iris.CSV`);
  t.strictSame([samples.count, samples.features], [2, 2]);
  t.strictSame([...samples.inputs], [1.5, 2, 3, Math.fround(-0.4)]);
  t.strictSame([...(samples.labels ?? [])], [0, 2]);
});

t.test('a CSV that cannot be used names line and column', async (t) => {
  const bad: [string, string][] = [
    ['', 'a.csv: needs lines of values with the class behind them'],
    ['7\n', 'a.csv: needs lines of values with the class behind them'],
    ['1,2,0\n1,NaN,0\n', 'a.csv: line 2, column 2 is "NaN", not a number'],
    ['1,2,0\n1,,0\n', 'a.csv: line 2, column 2 is "", not a number'],
    ['x,y\n1,2,0\n1,0\n', 'a.csv: line 3 has 2 values, the first has 3'],
    ['1,2,0.5\n', 'a.csv: the label of line 1 is 0.5, not a whole number from 0'],
  ];
  for (const [text, message] of bad) {
    t.throws(() => parseCsv('a.csv', text), new FileError('a.csv', message.slice(7)), message);
  }
});

t.test('JSON has inputs of any nesting and labels, targets or neither', async (t) => {
  const images = parseJson(
    'a.json',
    '{"inputs": [[[1, 2], [3, 4]], [[5, 6], [7, 8]]], "labels": [1, 0]}',
  );
  t.strictSame(
    [images.count, images.features, [...images.inputs]],
    [2, 4, [1, 2, 3, 4, 5, 6, 7, 8]],
  );
  t.strictSame([...(images.labels ?? [])], [1, 0]);
  const xor = parseJson('a.json', '{"inputs": [[0, 1], [1, 1]], "targets": [[1], [0]]}');
  t.strictSame([...targetsFor(xor, 1, 'a.json')], [1, 0]);
  const bare = parseJson('a.json', '{"inputs": [[0, 1]]}');
  t.throws(() => targetsFor(bare, 1, 'a.json'), /a\.json: has no "labels" and no "targets"/);
});

t.test('JSON that cannot be used names field and sample', async (t) => {
  const bad: [string, RegExp][] = [
    ['{', /a\.json: is not JSON/],
    ['[]', /must hold an object/],
    ['{"inputs": 3}', /"inputs" must be an array of samples/],
    ['{"inputs": []}', /"inputs" has no samples/],
    ['{"inputs": [[1], [null]]}', /"inputs" 1 has null as value 0, not a number/],
    ['{"inputs": [[1, 2], [3]]}', /"inputs" 1 has 1 values, the first has 2/],
    ['{"inputs": [[1]], "labels": [1, 2]}', /has 2 "labels" for 1 "inputs"/],
    ['{"inputs": [[1]], "labels": [-1]}', /the label of sample 0 is -1/],
    ['{"inputs": [[1]], "targets": [[1e999]]}', /"targets" 0 has null as value 0/],
  ];
  for (const [text, message] of bad) {
    t.throws(() => parseJson('a.json', text), { name: 'FileError', message });
  }
});

t.test(
  'labels become one in their unit, and one without a unit is refused by sample',
  async (t) => {
    const samples = parseCsv('a.csv', '5,0\n6,2\n');
    t.strictSame([...targetsFor(samples, 3, 'a.csv')], [1, 0, 0, 0, 0, 1]);
    t.throws(() => targetsFor(samples, 2, 'a.csv'), /label 2 of sample 1 has no output/);
    t.throws(() => targetsFor(samples, 1, 'a.csv'), /label 2 of sample 1 is not 0 or 1/);
    t.strictSame([...targetsFor(sampleRange(samples, 0, 1), 1, 'a.csv')], [0]);
  },
);

t.test('a range is cut from inputs, labels and targets alike', async (t) => {
  const three = parseJson('a', '{"inputs": [[1, 2], [3, 4], [5, 6]], "targets": [[7], [8], [9]]}');
  const two = sampleRange(three, 1, 3);
  t.strictSame([two.count, [...two.inputs], [...(two.targets ?? [])]], [2, [3, 4, 5, 6], [8, 9]]);
});
