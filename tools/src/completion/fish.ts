/** Completion for fish, with descriptions. */
import { quote } from './quote.js';
import type { CompletedCommand, CompletedOption } from './words.js';

/** The script: one line for each thing to complete. */
export function fishScript(commands: readonly CompletedCommand[]): string {
  const top = commands.filter(({ name }) => !name.includes(' '));
  return [
    '# fish completion for spin-tools',
    ...top.map(
      ({ name, summary }) =>
        `complete -c spin-tools -n __fish_use_subcommand -f -a ${name} -d ${quote(summary)}`,
    ),
    ...commands.flatMap(commandLines),
  ].join('\n');
}

function commandLines({ name, options, words }: CompletedCommand): string[] {
  const seen = name.split(' ').map((word) => `__fish_seen_subcommand_from ${word}`);
  const start = `complete -c spin-tools -n ${quote(seen.join('; and '))}`;
  return [
    ...(words.length > 0 ? [`${start} -a ${quote(words.join(' '))}`] : []),
    ...options.map((option) => `${start} ${optionWords(option)}`),
  ];
}

function optionWords({ flags, description, takesValue, values }: CompletedOption): string {
  const names = flags.map((flag) =>
    flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`,
  );
  const value = values.length > 0 ? ['-x', `-a ${quote(values.join(' '))}`] : ['-r'];
  return [...names, ...(takesValue ? value : []), `-d ${quote(description)}`].join(' ');
}
