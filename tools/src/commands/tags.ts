/** `spin-tools tags`: IPTags, by which messages leave a machine, and come in from plain UDP. */
import {
  bytesToIp,
  type ChipAddress,
  formatChip,
  IP_TAGS,
  type IpTag,
  IpTagFlag,
  type IpTagSettings,
  type MachineController,
  sameChip,
} from '@spin-tools/scp';
import { Argument, Command } from 'commander';
import { type AddressOptions, chip, withAddress } from '../machine/options.js';
import { withMachine } from '../machine/reach.js';
import {
  type Delivery,
  deliveryOf,
  describeDelivery,
  endpoint,
  tagDelivery,
} from '../machine/tag-places.js';
import { some } from '../terminal/some.js';
import { columns } from '../terminal/table.js';
import type { Terminal } from '../terminal/terminal.js';
import { type Io, port, runs, wholeNumber, withExamples } from './command.js';
import { usageError } from './end.js';

type Action = 'list' | 'set' | 'clear';

interface TagsOptions extends AddressOptions {
  readonly chip?: ChipAddress;
  readonly to?: { readonly ip: string; readonly port: number };
  readonly strip?: boolean;
  readonly listen?: number;
  readonly deliver?: Delivery;
}

/** Where tags are set unless told otherwise. */
const ROOT = { x: 0, y: 0 };

/** Makes the command. */
export function tagsCommand(io: Io): Command {
  const command = new Command('tags')
    .description(
      'A message that leaves the machine by a tag goes to the address of that tag, on the ethernet chip that has it. A reverse tag listens to a UDP port, and hands what comes there to a core. Tags from 8 on are given out by the monitor.',
    )
    .addArgument(
      new Argument('[action]', 'what to do').choices(['list', 'set', 'clear']).default('list'),
    )
    .addArgument(new Argument('[tag]', 'which').argParser(wholeNumber(0, IP_TAGS - 1)))
    .option('--chip <x,y>', 'ethernet chip (default: all are listed, 0,0 is changed)', chip)
    .option('--to <address:port>', 'where messages go; "here:PORT" is this computer', endpoint)
    .option('--strip', 'leave the SDP header away')
    .option('--listen <port>', 'a reverse tag: UDP port of the ethernet chip', port)
    .option('--deliver <x,y:core:port>', 'a reverse tag: core and its SDP port', tagDelivery);
  withExamples(
    command,
    [
      ['tags', 'lists the tags of all ethernet chips.'],
      ['tags set 1 --to here:17894 --strip', 'sends what leaves by tag 1 to this computer.'],
      [
        'tags set 2 --listen 5000 --deliver 1,0:3:1',
        'hands UDP on port 5000 to core 3 of chip (1, 0).',
      ],
      ['tags clear 1', 'clears tag 1 of chip (0, 0).'],
    ],
    '{ tags: [{ x, y, tag, kind, to, listen, deliver, messages }] }, or { x, y, tag, action } when one is changed',
  );
  return runs<TagsOptions, [Action, number?]>(
    withAddress(command, true),
    io,
    (options, terminal, action, tag) => runTags(command, options, terminal, action, tag),
  );
}

async function runTags(
  command: Command,
  options: TagsOptions,
  terminal: Terminal,
  action: Action,
  tag: number | undefined,
): Promise<void> {
  if (action === 'list') {
    await withMachine(options, terminal, (controller) => list(controller, options.chip, terminal));
    return;
  }
  if (tag === undefined) usageError(command, `"tags ${action}" needs the number of a tag.`);
  const at = options.chip ?? ROOT;
  const settings = action === 'set' ? settingsOf(command, options) : undefined;
  await withMachine(options, terminal, async (controller) => {
    await checkEthernet(controller, at);
    if (settings) await controller.setIpTag(at, tag, settings);
    else await controller.clearIpTag(at, tag);
  });
  const done = settings ? 'set' : 'cleared';
  terminal.report(`tag ${tag} of chip (${at.x}, ${at.y}) ${done}`);
  terminal.result({ ...at, tag, action });
}

function settingsOf(command: Command, options: TagsOptions): Partial<IpTagSettings> {
  const { to, strip = false, listen, deliver } = options;
  const isReverse = listen !== undefined && deliver !== undefined;
  const isPlain = listen === undefined && deliver === undefined && to !== undefined;
  if (isReverse && to === undefined) {
    return { reverse: true, udpPort: listen, destination: deliver };
  }
  if (isPlain) return { strip, ip: to.ip, udpPort: to.port };
  return usageError(command, "give either '--to', or both '--listen' and '--deliver'.");
}

/** Chips that have no ethernet keep tags too, which do nothing. */
async function checkEthernet(controller: MachineController, at: ChipAddress): Promise<void> {
  const chips = (await controller.ethernetChips()).map(({ chip: each }) => each);
  if (!chips.some((each) => sameChip(each, at))) throw new NoEthernetError(at, chips);
}

/** Tags are for chips with an ethernet. */
export class NoEthernetError extends Error {
  override readonly name = 'NoEthernetError';

  constructor(
    readonly chip: ChipAddress,
    readonly ethernets: readonly ChipAddress[],
  ) {
    super(`${formatChip(chip)} has no ethernet: give ${some(ethernets.map(formatChip))}`);
  }
}

async function list(
  controller: MachineController,
  only: ChipAddress | undefined,
  terminal: Terminal,
): Promise<void> {
  const chips = only ? [only] : (await controller.ethernetChips()).map((each) => each.chip);
  const found = await Promise.all(chips.map((each) => tagsOf(controller, each)));
  const tags = found.flat();
  const rows = tags.map(({ x, y, tag, kind, to, listen, deliver, messages }) => [
    ...[`${x},${y}`, String(tag), kind, to ?? `port ${listen} to ${deliver}`],
    messages,
  ]);
  const heads = ['chip', 'tag', 'kind', 'where', 'messages'];
  if (rows.length === 0) terminal.say('no tag is set');
  else terminal.sayAll(columns([heads, ...rows]));
  terminal.result({ tags });
}

/** The tags of a chip that are set. */
async function tagsOf(controller: MachineController, at: ChipAddress) {
  const numbers = Array.from({ length: IP_TAGS }, (_, tag) => tag);
  const tags = await Promise.all(numbers.map((tag) => controller.getIpTag(at, tag)));
  return tags.flatMap((tag, number) =>
    (tag.flags & IpTagFlag.Valid) === 0 ? [] : [{ ...at, tag: number, ...describeTag(tag) }],
  );
}

function describeTag(tag: IpTag) {
  const { flags, ip, transmitPort, receivePort, count: messages } = tag;
  if ((flags & IpTagFlag.Reverse) !== 0) {
    const deliver = describeDelivery(deliveryOf(tag));
    return { kind: 'reverse', to: null, listen: receivePort, deliver, messages };
  }
  const kind = (flags & IpTagFlag.Transient) !== 0 ? 'reply' : 'plain';
  const stripped = (flags & IpTagFlag.Strip) !== 0 ? ', stripped' : '';
  const to = `${bytesToIp(ip)}:${transmitPort}${stripped}`;
  return { kind, to, listen: null, deliver: null, messages };
}
