/** `spin-tools completion`: a script by which a shell completes what is typed. */
import { Argument, Command } from 'commander';
import { program } from '../command-line.js';
import { bashScript } from '../completion/bash.js';
import { fishScript } from '../completion/fish.js';
import { completionsOf } from '../completion/words.js';
import { zshScript } from '../completion/zsh.js';
import type { Terminal } from '../terminal/terminal.js';
import { type Io, runs, withExamples } from './command.js';

const SCRIPTS = { bash: bashScript, zsh: zshScript, fish: fishScript };
type Shell = keyof typeof SCRIPTS;

/** Makes the command. */
export function completionCommand(io: Io): Command {
  const command = new Command('completion').addArgument(
    new Argument('<shell>', 'which shell').choices(Object.keys(SCRIPTS)),
  );
  withExamples(
    command,
    [
      ['completion bash > ~/.local/share/bash-completion/completions/spin-tools', 'for bash.'],
      ['completion zsh > ~/.zfunc/_spin-tools', 'for zsh, where ~/.zfunc is in fpath.'],
      ['completion fish > ~/.config/fish/completions/spin-tools.fish', 'for fish.'],
    ],
    '{ shell, commands }',
  );
  return runs<object, [Shell]>(command, io, (_, terminal, shell) =>
    runCompletion(io, terminal, shell),
  );
}

async function runCompletion(io: Io, terminal: Terminal, shell: Shell): Promise<void> {
  const commands = completionsOf(await program(io, () => true));
  terminal.say(SCRIPTS[shell](commands));
  terminal.result({ shell, commands });
}
