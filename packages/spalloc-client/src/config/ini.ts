/**
 * The part of INI files that configuration files of spalloc use: sections, `key = value` or `key: value`,
 * comments on lines of their own. Libraries for INI accept any line; the official client, Python's
 * `configparser`, refuses bad ones, which catches slips of the pen.
 */
import { SpallocConfigError } from '../errors.js';

/** The values of one section, keys in small letters. @throws SpallocConfigError naming a bad line */
export function iniSection(file: string, text: string, wanted: string): Map<string, string> {
  const values = new Map<string, string>();
  let section: string | undefined;
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const content = line.trim();
    if (content === '' || /^[#;]/.test(content)) continue;
    const header = /^\[([^\]]+)\]$/.exec(content)?.[1];
    const [, key, value = ''] = /^([^=:]+?)\s*[=:]\s*(.*)$/.exec(content) ?? [];
    if (header !== undefined) section = header;
    else if (key === undefined || section === undefined) {
      throw new SpallocConfigError(
        file,
        `line ${index + 1} is neither "[section]" nor "key = value"`,
      );
    } else if (section === wanted) values.set(key.toLowerCase(), value);
  }
  return values;
}
