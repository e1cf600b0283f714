/** Completion for zsh, with descriptions. */
import { quote } from './quote.js';
import type { CompletedCommand, CompletedOption } from './words.js';

/** The script, to be saved as `_spin-tools` in a folder of `fpath`. */
export function zshScript(commands: readonly CompletedCommand[]): string {
  const top = commands.filter(({ name }) => !name.includes(' '));
  return `#compdef spin-tools
# zsh completion for spin-tools
_spin-tools() {
  local name=$words[2]
  if (( CURRENT == 2 )); then
    local -a commands=(
${top.map(({ name, summary }) => `      ${quote(`${name}:${summary.replaceAll(':', '')}`)}`).join('\n')}
    )
    _describe command commands
    return
  fi
  case "$name $words[3]" in
${commands
  .filter(({ name }) => name.includes(' '))
  .map((command) => `    ${quote(command.name)}) ${argumentsOf(command)} ;;`)
  .join('\n')}
    *) case "$name" in
${top.map((command) => `      ${quote(command.name)}) ${argumentsOf(command)} ;;`).join('\n')}
    esac ;;
  esac
}
_spin-tools "$@"`;
}

function argumentsOf({ options, words }: CompletedCommand): string {
  const rest = words.length > 0 ? `*:word:(${words.join(' ')})` : '*:file:_files';
  return ['_arguments -s', ...options.flatMap(optionSpecs), quote(rest)].join(' ');
}

function optionSpecs({ flags, description, takesValue, values }: CompletedOption): string[] {
  const text = description.replaceAll(/[[\]:]/g, ' ');
  const value = values.length > 0 ? `:value:(${values.join(' ')})` : ':value:_files';
  return flags.map((flag) => quote(`*${flag}[${text}]${takesValue ? value : ''}`));
}
