/** Options that mean the same wherever they are, and so have a variable and a place in the settings file. */
import { Option } from 'commander';

/** Their names as the settings file has them; those of named machines are among them. */
export const SHARED_SETTINGS = [
  ...['host', 'scpPort', 'bootPort', 'bmpHost', 'bmpPort', 'machine', 'timeout'],
  ...['spallocHost', 'spallocPort', 'owner', 'json', 'quiet'],
] as const;

/** What the settings file may say of a machine that it names. */
export const MACHINE_SETTINGS = ['host', 'scpPort', 'bootPort', 'bmpHost', 'bmpPort', 'timeout'];

/** Makes an option that a variable sets, too: `--scp-port` is SPIN_TOOLS_SCP_PORT. */
export function sharedOption(flags: string, description: string): Option {
  const option = new Option(flags, description);
  return option.env(`SPIN_TOOLS_${option.name().replaceAll('-', '_').toUpperCase()}`);
}

/** Whether an option is one that is shared, rather than one of the same name that means something else. */
export function isShared(option: Option): boolean {
  return option.envVar !== undefined || ['json', 'quiet'].includes(option.attributeName());
}
