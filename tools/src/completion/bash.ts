/** Completion for bash: a function with the words of each command, which needs no other program. */
import { quote } from './quote.js';
import type { CompletedCommand } from './words.js';

/** The script. Words that are neither options nor known are completed as names of files. */
export function bashScript(commands: readonly CompletedCommand[]): string {
  const top = commands.filter(({ name }) => !name.includes(' ')).map(({ name }) => name);
  return `# bash completion for spin-tools
_spin_tools() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} name="" words="" values=""
  local index
  for ((index = 1; index < COMP_CWORD; index++)); do
    case "\${name:+$name }\${COMP_WORDS[index]}" in
      ${namePattern(commands)}) name="\${name:+$name }\${COMP_WORDS[index]}" ;;
    esac
  done
  case "$name" in
    '') words=${quote([...top, '--help', '--version'].join(' '))} ;;
${commands.map(commandCase).join('\n')}
  esac
  case "$name $before" in
${commands.flatMap(valueCases).join('\n')}
  esac
  if [[ -n $values ]]; then
    [[ $values == : ]] && return
    mapfile -t COMPREPLY < <(compgen -W "$values" -- "$word")
  else
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
  fi
}
complete -o default -F _spin_tools spin-tools`;
}

function namePattern(commands: readonly CompletedCommand[]): string {
  return commands.map(({ name }) => quote(name)).join('|');
}

function commandCase({ name, options, words }: CompletedCommand): string {
  const all = [...words, ...options.flatMap(({ flags }) => flags)];
  return `    ${quote(name)}) words=${quote(all.join(' '))} ;;`;
}

/** Choices of options; other values may be names of files, which the shell knows. */
function valueCases({ name, options }: CompletedCommand): string[] {
  return options
    .filter(({ takesValue }) => takesValue)
    .map(({ flags, values }) => {
      const patterns = flags.map((flag) => quote(`${name} ${flag}`)).join('|');
      return values.length > 0
        ? `    ${patterns}) values=${quote(values.join(' '))} ;;`
        : `    ${patterns}) values=: ;;`;
    });
}
