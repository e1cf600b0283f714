/** Asks for user and password on the terminal, without showing what is typed for the password. */
import process from 'node:process';
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import type { Credentials } from '@spin-tools/spalloc-client';

/** The question; undefined where nobody is there to answer. */
export function credentialsPrompt(): (() => Promise<Credentials>) | undefined {
  return process.stdin.isTTY && process.stderr.isTTY ? ask : undefined;
}

async function ask(): Promise<Credentials> {
  const { Secret } = await import('@spin-tools/spalloc-client');
  let isShown = true;
  const output = new Writable({
    write(text, _encoding, done) {
      if (isShown) process.stderr.write(text);
      done();
    },
  });
  const lines = createInterface({ input: process.stdin, output, terminal: true });
  try {
    const user = await lines.question('user: ');
    const answer = lines.question('password: ');
    isShown = false;
    const password = new Secret(await answer);
    process.stderr.write('\n');
    return { kind: 'form', user, password };
  } finally {
    lines.close();
  }
}
