/**
 * Blocks of a page that are to be run. What stands behind the language of a block says how:
 *
 * - `run`: each line that begins with `$ ` is a command, in JavaScript the block is a program;
 * - `run stay`: the last command keeps running, as in another terminal, until the page ends;
 * - `run fails`: the last command ends with an error;
 * - `large` besides: only where SPIN_TOOLS_LARGE is 1;
 * - `output`: what the program of the block before printed.
 */

/** The beginning or end of a block, with its indentation and what stands behind it. */
const FENCE = /^( *)```(.*)$/;

/**
 * @typedef {object} Block
 * @property {string} language
 * @property {ReadonlySet<string>} marks words behind the language
 * @property {string[]} lines what is inside
 */

/**
 * Cuts a page into blocks and what stands between them; joined, these are the page again.
 *
 * @param {string} page Markdown
 * @returns {({ text: string } | { block: Block })[]}
 */
export function cutPage(page) {
  const parts = [];
  let text = [];
  let block;
  for (const line of page.split('\n')) {
    const fence = FENCE.exec(line);
    if (block !== undefined && fence === null) block.lines.push(line);
    else if (block !== undefined) {
      parts.push({ block });
      block = undefined;
      text = [line];
    } else {
      text.push(line);
      if (fence === null) continue;
      parts.push({ text: text.join('\n') });
      const [language = '', ...marks] = fence[2].trim().split(/\s+/);
      block = { language, marks: new Set(marks), lines: [] };
    }
  }
  if (block !== undefined) throw new Error('a block of the page has no end');
  return [...parts, { text: text.join('\n') }];
}

/**
 * Puts a page together again.
 *
 * @param {ReturnType<typeof cutPage>} parts
 */
export function joinPage(parts) {
  return parts.flatMap((part) => ('text' in part ? [part.text] : part.block.lines)).join('\n');
}

/**
 * Commands of a block and what the page says that they print.
 *
 * @param {readonly string[]} lines
 * @returns {{ lines: string[], command: string, output: string[] }[]} `lines` are those of the command
 */
export function commandsOf(lines) {
  const commands = [];
  for (const line of lines) {
    const last = commands.at(-1);
    if (line.startsWith('$ ')) commands.push({ lines: [line], command: line.slice(2), output: [] });
    else if (last?.command.endsWith('\\') && last.output.length === 0) {
      last.lines.push(line);
      last.command = `${last.command.slice(0, -1)}${line.trimStart()}`;
    } else if (last !== undefined) last.output.push(line);
    else throw new Error(`"${line}" stands before the first command, a line that begins with "$ "`);
  }
  return commands;
}
