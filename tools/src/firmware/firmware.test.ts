import { readFile } from 'node:fs/promises';
import { PassThrough } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { MachineController, udpTransport } from '@spin-tools/scp';
import { aplxOfElf, readElf } from '@spin-tools/sim/debug';
import t, { type Test } from 'tap';
import { runCommandLine } from '../command-line.js';

const ELF = fileURLToPath(
  new URL('../../../packages/sim/src/debug/fixtures/counter.elf', import.meta.url),
);

async function run(...args: string[]) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const code = await runCommandLine(args, { stdout, stderr, untilStopped: async () => {} });
  return { code, stdout: String(stdout.read() ?? ''), stderr: String(stderr.read() ?? '') };
}

async function runJson(t: Test, ...args: string[]) {
  const { code, stdout, stderr } = await run(...args, '--json');
  t.strictSame([code, stderr], [0, '']);
  return JSON.parse(stdout);
}

t.test('debug stops at a breakpoint and shows registers, code, memory and trace', async (t) => {
  const { code, stdout, stderr } = await run(
    ...['debug', ELF, '--break', 'scaled+4', '--memory', 'total,16', '--trace', '2', '--profile'],
  );
  t.strictSame([code, stderr], [0, '']);
  t.match(stdout, /^core 1 of chip \(0, 0\) reached a breakpoint after \d+\.\d{3} us$/m);
  t.match(stdout, /^at 0x[\da-f]{8} <scaled\+0x4>$/m);
  t.match(stdout, /^cpsr {5}[\da-f]{8} {2}r8_usr/m);
  t.match(stdout, /^> [\da-f]{8} {2}d003 {6}beq\.n 0x26 <scaled\+0xe>$/m);
  t.match(stdout, /^00400000 {2}00000000 00000000 00000000 00000000 {2}\.{16}$/m);
  t.match(stdout, /^ *\d+ {2}0,0,1 {4}[\da-f]{8} {2}scaled\+0x2 +2900 {6}cmp r1, #0/m);
  t.match(stdout, /^symbol +share +cycles +instructions$/m);
});

t.test('debug without conditions stops after its time, the same each time', async (t) => {
  const first = await runJson(t, 'debug', ELF, '--for', '0.1', '--core', '1,1,5');
  t.equal(first.reason, 'time');
  // A core that is alone with its memory runs up to 2 us at once.
  t.ok(Math.abs(first.microseconds - 100) < 3);
  t.same(await runJson(t, 'debug', ELF, '--for', '0.1', '--core', '1,1,5'), first);
});

t.test('debug stops in front of a write', async (t) => {
  const { reason, registers, memory } = await runJson(
    t,
    ...['debug', ELF, '--watch', 'rounds', '--memory', 'rounds,4'],
  );
  t.equal(reason, 'watchpoint');
  t.equal(registers.r2, 1, 'what is about to be written');
  t.equal(memory[0].bytes, '00000000');
});

t.test('what makes no sense is said in a line', async (t) => {
  const folder = t.testdir({ 'noise.bin': 'noise', 'broken.elf': '\x7fELF' });
  for (const [args, message] of [
    [
      ['debug', ELF, '--break', 'nowhere'],
      /"nowhere" is no address: the ELF file has no such name/,
    ],
    [['debug', ELF, '--core', '0,0,0'], /Give X,Y,CORE such as 0,0,1/],
    [['debug', ELF, '--memory', 'total'], /Give WHERE,BYTES such as 0x400000,64/],
    [['debug', `${folder}/noise.bin`], /noise\.bin: .*nothing to execute|noise\.bin: /],
    [['debug', `${folder}/broken.elf`], /broken\.elf: ELF file: magic number/],
    [['disassemble', `${folder}/none`], /there is no file/],
    [
      ['sim', '--elf', `${folder}/noise.bin`, '--scp-port', '0', '--boot-port', '0'],
      /noise\.bin: ELF/,
    ],
  ] as const) {
    const { code, stderr } = await run(...args);
    t.not(code, 0);
    t.match(stderr, message);
    t.notMatch(stderr, /a bug in/);
  }
});

t.test('disassemble shows functions with their names, and images without', async (t) => {
  const { stdout } = await run('disassemble', ELF);
  t.match(stdout, /^add:\n[\da-f]{8} {2}e92d4010 {2}push \{r4, lr\}$/m);
  t.match(stdout, /^00000000 {2}e59fd00c {2}ldr sp, \[pc, #12\] {2}@ 0x14$/m);
  const folder = t.testdir({
    'counter.aplx': Buffer.from(aplxOfElf(readElf(await readFile(ELF)))),
  });
  const { instructions } = await runJson(t, 'disassemble', `${folder}/counter.aplx`);
  t.match(instructions[0], { address: 0, size: 4, text: 'ldr sp, [pc, #12]', reference: '0x14' });
});

t.test('sim writes traces and profiles of what others run on it, and waits for GDB', async (t) => {
  const folder = t.testdir({});
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  let stop = () => {};
  const stopped = new Promise<void>((resolve) => {
    stop = resolve;
  });
  const finished = runCommandLine(
    [
      ...['sim', '--board', 'spin3', '--scp-port', '0', '--boot-port', '0', '--pace', 'fast'],
      ...['--gdb', '0', '--elf', ELF, '--trace', `${folder}/trace.txt`],
      ...['--profile', `${folder}/out/profile.json`, '--follow', '0,0:2', '--json'],
    ],
    { stdout, stderr, untilStopped: () => stopped },
  );
  const [line] = await Promise.race([
    new Promise<[Buffer]>((resolve) => stdout.once('data', (data) => resolve([data]))),
    finished.then(() => Promise.reject(new Error(String(stderr.read())))),
  ]);
  const { hosts, scpPort, bootPort, gdbPort } = JSON.parse(String(line));
  t.ok(gdbPort > 0);
  const controller = new MachineController({
    scp: await udpTransport({ host: hosts[0], port: scpPort }),
    boot: await udpTransport({ host: hosts[0], port: bootPort }),
  });
  await controller.boot();
  const image = aplxOfElf(readElf(await readFile(ELF)));
  await controller.loadApplication(image, [{ chip: { x: 0, y: 0 }, cores: [1, 2] }], 30);
  await controller.close();
  stop();
  t.equal(await finished, 0);
  const trace = await readFile(`${folder}/trace.txt`, 'utf8');
  t.match(trace, / 0,0,2 .* (scaled|add|round_of_four)/);
  t.notMatch(trace, / 0,0,1 /);
  const { total, symbols, addresses } = JSON.parse(
    await readFile(`${folder}/out/profile.json`, 'utf8'),
  );
  t.ok(total.instructions > 0);
  t.ok(symbols.some(({ name }: { name: string }) => name === 'main'));
  t.equal(addresses[0].address, 0);
});
