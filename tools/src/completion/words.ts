/** What there is to complete: commands, options, and words for both. */
import type { Command, Option } from 'commander';

/** An option as it is completed. */
export interface CompletedOption {
  /** Its names: `-q`, `--quiet`. */
  readonly flags: readonly string[];
  readonly description: string;
  /** Whether a word follows that is its value. */
  readonly takesValue: boolean;
  /** Words that may follow; none where any may. */
  readonly values: readonly string[];
}

/** A command as it is completed. */
export interface CompletedCommand {
  /** With the commands above it: `alloc ps`. */
  readonly name: string;
  readonly summary: string;
  readonly options: readonly CompletedOption[];
  /** Words that its arguments may be: choices, and commands below it. */
  readonly words: readonly string[];
}

/** All commands of a program, those below others behind them. */
export function completionsOf(program: Command): CompletedCommand[] {
  return program.commands.flatMap((command) => completionOf(command, ''));
}

function completionOf(command: Command, above: string): CompletedCommand[] {
  const name = `${above}${command.name()}`;
  const choices = command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []);
  const below = command.commands.map((each) => each.name());
  const own: CompletedCommand = {
    name,
    summary: firstSentence(command.summary() || command.description()),
    options: command.createHelp().visibleOptions(command).map(completedOption),
    words: [...below, ...choices],
  };
  return [own, ...command.commands.flatMap((each) => completionOf(each, `${name} `))];
}

function completedOption(option: Option): CompletedOption {
  return {
    flags: [option.short, option.long].filter((flag) => flag !== undefined),
    description: firstSentence(option.description),
    takesValue: option.required || option.optional,
    values: option.argChoices ?? [],
  };
}

/** Shells show one line. */
function firstSentence(text: string): string {
  return (text.split('\n')[0] ?? '').replace(/\.$/, '');
}
