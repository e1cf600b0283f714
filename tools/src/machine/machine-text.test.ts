import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { Command } from 'commander';
import fc from 'fast-check';
import t from 'tap';
import { run } from '../../test-support/command-line.js';
import { plain } from '../terminal/plain.js';
import { formatRanges } from './core-selection.js';
import { byteCount, memoryPlace } from './memory-place.js';
import { encodeValues, numbersIn, textIn } from './memory-values.js';
import { numberRanges } from './number-ranges.js';
import { OutputFollower } from './output.js';
import { endpoint, tagDelivery } from './tag-places.js';

const command = new Command();

/** Parsers of arguments, and an argument that each takes. */
const PARSERS: readonly (readonly [string, (value: string) => unknown])[] = [
  ['sv.clockMs+0x10', memoryPlace],
  ['0x60000000', memoryPlace],
  ['4k', byteCount],
  ['0-3,7', numberRanges('LED', 0, 15)],
  ['192.168.240.2:17894', endpoint],
  ['1,0:3:1', tagDelivery],
];

t.test('numbers that are written as ranges are read again', async (t) => {
  const read = numberRanges('core', 1, 17);
  fc.assert(
    fc.property(fc.uniqueArray(fc.integer({ min: 1, max: 17 }), { minLength: 1 }), (numbers) => {
      const sorted = numbers.toSorted((a, b) => a - b);
      t.strictSame(read(formatRanges(numbers)), sorted);
    }),
    { numRuns: 50 },
  );
});

t.test('numbers that are written into memory are read again', async (t) => {
  for (const [kind, most] of [
    ['word', 0xffffffff],
    ['half', 0xffff],
    ['byte', 0xff],
  ] as const) {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: most })), (values) => {
        const words = values.map((value, index) =>
          index % 2 === 0 ? String(value) : `0x${value.toString(16)}`,
        );
        t.strictSame(numbersIn(encodeValues(command, words, kind), kind), values);
      }),
      { numRuns: 50 },
    );
  }
  t.equal(textIn(encodeValues(command, ['a', 'b'], 'text')), 'a b');
  t.equal(textIn(Uint8Array.of(97, 0, 98)), 'a');
});

t.test('arguments are read, or refused with what to give', async (t) => {
  for (const [good, parse] of PARSERS) {
    t.doesNotThrow(() => parse(good), good);
    fc.assert(
      fc.property(fc.oneof(fc.string(), mutationOf(good)), (value) => {
        try {
          parse(value);
        } catch (error) {
          t.equal((error as { code: string }).code, 'commander.invalidArgument');
        }
      }),
      { numRuns: 100 },
    );
  }
});

/** A text that differs from another in one place. */
function mutationOf(text: string): fc.Arbitrary<string> {
  return fc
    .tuple(fc.nat(text.length), fc.string({ maxLength: 2 }))
    .map(([at, inserted]) => `${text.slice(0, at)}${inserted}${text.slice(at + 1)}`);
}

t.test('each line of a core is given once, when it is whole or the text is over', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.stringMatching(/^[ab\n]{0,6}$/), { maxLength: 6 }),
      async (parts) => {
        let text = '';
        const output = new OutputFollower({ iobuf: async () => text });
        const core = { x: 0, y: 0, core: 1 };
        const given: string[] = [];
        for (const part of parts) {
          text += part;
          await output.read([core]);
          given.push(...output.newLines([core], false));
        }
        given.push(...output.newLines([core], true));
        const lines = text.replace(/\n$/, '').split('\n');
        const wanted = text === '' ? [] : lines.map((line) => `0,0:1 | ${line}`);
        t.strictSame(given, wanted);
      },
    ),
    { numRuns: 100 },
  );
});

t.test('text that begins anew is shown from its beginning', async (t) => {
  let text = 'one\n';
  const output = new OutputFollower({ iobuf: async () => text });
  const core = { x: 2, y: 3, core: 17 };
  await output.read([core]);
  t.strictSame(output.newLines([core], false), ['2,3:17 | one']);
  text = 'two\n';
  await output.read([core]);
  t.strictSame(output.newLines([core], false), ['2,3:17 | two']);
  t.equal(output.textOf(core), 'two\n');
});

t.test('programs cannot write control characters to a terminal', async (t) => {
  t.equal(plain('\u001b[31mred\u0007\u009b2J\ttab é'), '·[31mred··2J\ttab é');
  const output = new OutputFollower({ iobuf: async () => 'a\r\nb\u001b[2J\n' });
  const core = { x: 0, y: 0, core: 1 };
  await output.read([core]);
  t.strictSame(output.newLines([core], true), ['0,0:1 | a', '0,0:1 | b·[2J']);
});

t.test('whoever answers nonsense is not taken for a board', async (t) => {
  const nonsense = createSocket('udp4').bind(0, '127.0.0.1');
  t.teardown(() => nonsense.close());
  await once(nonsense, 'listening');
  const answers = fc.sample(fc.uint8Array({ maxLength: 60 }), { numRuns: 20, seed: 9 });
  nonsense.on('message', (_, { port }) => {
    for (const answer of answers) nonsense.send(answer, port, '127.0.0.1');
  });
  const { port } = nonsense.address();
  const found = await run('discover', '127.0.0.1', '--scp-port', `${port}`, '--wait', '0.2');
  t.match(found, { code: 0, stdout: 'no board was found\n' });
});
