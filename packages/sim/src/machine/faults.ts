/** Carries out a fault plan on a machine. */
import { LINKS } from '@spin-tools/machine-model';
import { type ChipAddress, formatChip, sameChip } from '@spin-tools/scp';
import type { Chip } from '../chip/chip.js';
import { DeadCore } from '../faults/dead-core.js';
import { FaultyLine } from '../faults/line.js';
import { PacketLosses } from '../faults/packet-losses.js';
import type { Death, FaultPlan, MonitorLoad } from '../faults/plan.js';
import { FaultPlanError } from '../faults/plan.js';
import { randomFrom } from '../faults/random.js';
import type { HostPortLoad } from '../host/host-port.js';
import type { Boards } from './boards.js';
import type { Monitors } from './monitors.js';
import type { Network } from './network.js';

/** Seed of a plan that names none. */
export const DEFAULT_SEED = 1;
const NS_PER_MS = 1_000_000;

/** What a plan makes happen, and what it has done so far. */
export class Faults {
  private readonly random: () => number;
  private readonly losses: PacketLosses;
  private readonly lines: FaultyLine[] = [];
  private messages = 0;
  private waiting: readonly (Death & { readonly afterMessages: number })[];

  /** @throws FaultPlanError for parts that the machine does not have */
  constructor(
    private readonly plan: FaultPlan,
    private readonly network: Network,
    private readonly boards: Boards,
    private readonly monitors: Monitors,
  ) {
    this.random = randomFrom(plan.seed ?? DEFAULT_SEED);
    this.losses = new PacketLosses(plan.packets?.lose ?? 0, plan.seed ?? DEFAULT_SEED);
    const deaths = plan.deaths ?? [];
    deaths.forEach((death, index) => {
      this.requireChip(`deaths[${index}]`, death);
    });
    this.waiting = deaths.filter((death) => 'afterMessages' in death);
    for (const death of deaths) {
      if ('afterMs' in death) {
        network.scheduler.background(death.afterMs * NS_PER_MS, () => this.kill(death));
      }
    }
    plan.bootFailures?.forEach(({ board, times }, index) => {
      if (board >= boards.boards.length) {
        const field = `bootFailures[${index}].board`;
        throw new FaultPlanError(field, board, `a board of ${boards.boards.length}`);
      }
      boards.failBoots(board, times);
    });
  }

  /** What befalls datagrams of an ethernet chip. */
  line(after: (ns: number, action: () => void) => void): FaultyLine | undefined {
    const { datagrams } = this.plan;
    if (datagrams === undefined) return undefined;
    const line = new FaultyLine(datagrams, this.random, after);
    this.lines.push(line);
    return line;
  }

  /** What burdens the monitor of an ethernet chip. */
  load(chip: ChipAddress): HostPortLoad | undefined {
    const applies = (load: MonitorLoad) => load.chip === undefined || sameChip(load.chip, chip);
    const load = this.plan.monitors?.find(applies);
    if (load === undefined) return undefined;
    const { serviceMicroseconds = 0, busy = 0 } = load;
    return { serviceMicroseconds, isBusy: () => busy > 0 && this.random() < busy };
  }

  /** Whether the next multicast packet at the router of a chip is lost. */
  losesPacket(chip: number): boolean {
    return this.losses.next(this.boards.numberOf(chip));
  }

  /** A message of a host has come in. */
  messageReceived(): void {
    this.messages++;
    const due = this.waiting.filter(({ afterMessages }) => afterMessages <= this.messages);
    if (due.length === 0) return;
    this.waiting = this.waiting.filter((death) => !due.includes(death));
    for (const death of due) this.kill(death);
  }

  /** Datagrams that were lost, doubled, and overtaken. */
  get statistics(): { lost: number; duplicated: number; reordered: number } {
    const sum = (name: 'lost' | 'duplicated' | 'reordered') =>
      this.lines.reduce((total, { statistics }) => total + statistics[name], 0);
    return { lost: sum('lost'), duplicated: sum('duplicated'), reordered: sum('reordered') };
  }

  private kill(death: Death): void {
    const chip = this.network.numberAt(death) as number;
    if (death.link !== undefined) this.network.killLink(chip, death.link % LINKS);
    else if (death.core !== undefined) this.killCore(chip, death.core);
    else this.boards.kill(chip);
  }

  private killCore(chip: number, core: number): void {
    const hardware = this.network.chips[chip] as Chip;
    hardware.setCore(core, new DeadCore(core));
    this.monitors.coreDied(chip, core);
  }

  private requireChip(field: string, place: ChipAddress): void {
    if (this.network.numberAt(place) === undefined) {
      throw new FaultPlanError(
        field,
        place,
        `a chip of the machine; it has no ${formatChip(place)}`,
      );
    }
  }
}
