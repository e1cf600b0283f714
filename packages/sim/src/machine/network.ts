/**
 * The chips of a machine, joined by their links, on one clock: what there is physically, and what of it
 * works at present. Chips are numbered as in `machine.chips`.
 */
import { LINKS, type Machine } from '@spin-tools/machine-model';
import { type ChipAddress, chipToAddress, sameChip } from '@spin-tools/scp';
import { Chip, type ChipWiring } from '../chip/chip.js';
import type { DisabledLinks } from '../chip/subsystem-resets.js';
import type { ResetCode } from '../chip/system-controller.js';
import type { Packet, ResettableCore } from '../core/core.js';
import { Link } from '../router/link.js';
import { P2P_NO_WAY } from '../router/point-to-point.js';
import { BoardClocks } from './board-clocks.js';
import { type BoardPlan, boardPlan } from './board-plan.js';
import type { Clock } from './clock.js';
import type { CrossingReceiver, Crossings } from './crossings.js';
import { neighboursOf } from './layout.js';
import { type BoardGroup, WindowClock } from './window-clock.js';

/** Why a link carries nothing, one bit each; chips switch off either of its ends. */
const Cause = { Dead: 1, Stopped: 2, NotSent: 4, NotTaken: 8 } as const;

/** Where point-to-point packets go, as monitors found it when they were booted. */
export interface PointToPointRoutes {
  /** Link from a chip towards an address, x << 8 | y; 6 for nowhere, 7 at the address itself. */
  entry(chip: number, address: number): number;
}

/** What a network leaves to the machine. */
export interface NetworkSurroundings {
  /** What starts on a physical core that leaves its reset; undefined when nothing does. */
  resettable(chip: number, core: number): ResettableCore | undefined;
  /** A frame leaves by the ethernet of a chip. */
  transmit(chip: number, frame: Uint8Array): void;
  /** A chip resets itself. */
  resetChip(chip: number, code: ResetCode): void;
  /** A chip has disabled links; when this is given, others tell all networks. */
  linksDisabled?(chip: number, links: DisabledLinks): void;
  /** Whether a packet that leaves a chip is of no use to one that was booted, so that it need not get there. */
  repeatsImage?(from: number, packet: Packet): boolean;
  /** Whether a chip was booted. */
  isBooted?(chip: number): boolean;
  /** Whether the next multicast packet at a router is lost, as a fault plan says. */
  loses?(chip: number): boolean;
}

/** Time for which a chip that resets itself is silent: that of a reset pulse, ns. */
const RESET_NS = 2000;

/** What other threads are told of what happens to chips and links. */
export interface NetworkMirror {
  post<K extends keyof MirroredOperations>(
    name: K,
    ...args: Parameters<MirroredOperations[K]>
  ): void;
}

/** See the methods of {@link Network}. */
export interface MirroredOperations {
  switchOff(chip: number): void;
  switchOn(chip: number): void;
  beginRestart(chip: number, code: ResetCode): void;
  killLink(chip: number, link: number): void;
  stopLink(chip: number, link: number, isStopped: boolean): void;
  disableLinks(chip: number, links: DisabledLinks): void;
}

/** Boards that another thread runs. */
export type OtherBoards = BoardGroup & NetworkMirror;

/** Which boards of a machine a thread runs; by default all. */
export interface NetworkShare {
  /** Number of the first, by {@link boardPlan}, and of the one behind the last. */
  readonly first?: number;
  readonly end?: number;
  /** Boards that other threads run, in the order of their numbers. */
  readonly others?: readonly OtherBoards[];
  /** Makes what stands for a chip that another thread runs; by default a chip that never runs. */
  readonly newRemoteChip?: (...args: ConstructorParameters<typeof Chip>) => Chip;
  /** Where it is noted what leaves for other boards. */
  readonly crossings?: Crossings;
}

/** Chips and links. */
export class Network {
  /** What happens outside of chips and links; set by the machine before any time passes. */
  surroundings: NetworkSurroundings | undefined;
  /** Those without power are blank. */
  readonly chips: Chip[];
  /** The clocks of boards that run in this thread. */
  readonly clocks: BoardClocks;
  /** The clock of the machine. */
  readonly scheduler: Clock;
  private readonly plan: BoardPlan;
  private readonly index: ReadonlyMap<number, number>;
  /** Chip behind each link, -1 for none: index chip * 6 + link. */
  private readonly neighbours: Int32Array;
  /** Causes for a link to carry nothing: index chip * 6 + link. */
  private readonly causes: Uint8Array;
  private readonly off: Uint8Array;
  /** How often a link or a chip was lost. */
  losses = 0;
  private readonly counterListeners = new Set<() => void>();
  private readonly tables: (PointToPointRoutes | undefined)[];
  private readonly placeListeners = new Set<(chip: Chip, core: number) => void>();

  constructor(
    readonly machine: Machine,
    private readonly share: NetworkShare = {},
  ) {
    const { chips } = machine;
    this.index = new Map(chips.map((chip, number) => [chipToAddress(chip), number]));
    this.neighbours = neighboursOf(machine, this.index);
    this.causes = new Uint8Array(chips.length * LINKS);
    this.off = new Uint8Array(chips.length);
    this.tables = new Array(chips.length).fill(undefined);
    this.plan = boardPlan(machine);
    this.chips = chips.map((_chip, number) => this.newChip(number));
    const { first, end, others = [], crossings } = share;
    this.clocks = new BoardClocks(this.plan, this.chips, first, end, crossings);
    this.scheduler =
      this.plan.count === 1
        ? this.clocks.of(0)
        : new WindowClock([this.group, ...others], this.clocks);
  }

  /** Number of the chip at a place of the machine, if there is one. */
  numberAt(place: ChipAddress): number | undefined {
    return this.index.get(chipToAddress(place));
  }

  /** Number of the chip behind a link that works at present in both directions, or -1. */
  behind(chip: number, link: number): number {
    const next = this.neighbours[chip * LINKS + link] as number;
    if (next < 0 || this.linkOf(chip, link).isDown) return -1;
    return this.linkOf(next, (link + 3) % LINKS).isDown ? -1 : next;
  }

  /** Whether a chip has power. */
  isOn(chip: number): boolean {
    return this.off[chip] === 0;
  }

  /** Whether this thread runs a chip. */
  runs(chip: number): boolean {
    const { first = 0, end = this.plan.count } = this.share;
    const board = this.plan.boardOf[chip] as number;
    return board >= first && board < end;
  }

  /** Switches a chip off: it forgets everything, and what is sent to it is lost. */
  switchOff(chip: number): void {
    if (!this.isOn(chip)) return;
    this.turnOff(chip);
    for (const other of this.others) other.post('switchOff', chip);
  }

  private turnOff(chip: number): void {
    this.off[chip] = 1;
    this.tables[chip] = undefined;
    this.chips[chip] = this.newChip(chip);
    this.clocks.replace(this.chips[chip] as Chip);
    this.setPower(chip, false);
    this.setDisabledLinks(chip, { incoming: 0, outgoing: 0 }, () => true);
    this.updateLinksOf(chip);
  }

  /** Switches a chip on again: it is blank. */
  switchOn(chip: number): void {
    if (this.isOn(chip)) return;
    for (const other of this.others) other.post('switchOn', chip);
    this.off[chip] = 0;
    this.setPower(chip, true);
    this.updateLinksOf(chip);
  }

  /** Resets a chip: it forgets everything but its memory, and is back after a moment. */
  restart(chip: number, code: ResetCode, then: () => void): void {
    if (!this.isOn(chip)) return;
    this.beginRestart(chip, code);
    const restarted = this.chips[chip];
    this.scheduler.after(RESET_NS, () => {
      if (this.chips[chip] !== restarted) return;
      this.switchOn(chip);
      then();
    });
  }

  /** Puts a chip into reset: it forgets everything but its memory, and is silent. */
  beginRestart(chip: number, code: ResetCode): void {
    const before = this.chips[chip] as Chip;
    this.turnOff(chip);
    const restarted = this.chips[chip] as Chip;
    restarted.keepMemoryOf(before);
    restarted.systemController.resetCode = code;
    for (const other of this.others) other.post('beginRestart', chip, code);
  }

  /** A link dies, in both directions. */
  killLink(chip: number, link: number): void {
    this.setCause(chip, link, Cause.Dead, true);
    for (const other of this.others) other.post('killLink', chip, link);
  }

  /** Stops a link between boards, in one direction, or lets it go on. */
  stopLink(chip: number, link: number, isStopped: boolean): void {
    this.setOneWay(chip, link, Cause.Stopped, isStopped);
    for (const other of this.others) other.post('stopLink', chip, link, isStopped);
  }

  /** Says where point-to-point packets of a chip go; undefined for nowhere. */
  setPointToPoint(chip: number, table: PointToPointRoutes | undefined): void {
    this.tables[chip] = table;
  }

  /** Has all counted that is to be, as before a counter is looked at. */
  settleCounters(): void {
    for (const listener of this.counterListeners) listener();
  }

  /** Calls back before a counter of a router is looked at or changed; the result stops that. */
  onCountersRead(listener: () => void): () => void {
    this.counterListeners.add(listener);
    return () => this.counterListeners.delete(listener);
  }

  /** Calls back when a core is put into its place, or taken out; the result stops that. */
  onCorePlaced(listener: (chip: Chip, core: number) => void): () => void {
    this.placeListeners.add(listener);
    return () => this.placeListeners.delete(listener);
  }

  /** Takes what comes from another board. */
  take(crossings: Crossings, index: number): void {
    crossings.deliver(index, this.receiver);
  }

  /** What boards of this thread take from others. */
  private readonly receiver: CrossingReceiver = {
    arrive: (chip, link, packet, at, isRepeated) => {
      if (isRepeated && this.surroundings?.isBooted?.(chip) === true) this.releaseLink(chip, link);
      else this.clocks.of(chip).schedule(this.clocks.placeOf(chip), link, packet, at);
    },
    release: (chip, link) => this.freePlace(chip, link),
  };

  /** The boards of this thread. */
  get group(): BoardGroup {
    const { clocks } = this;
    let until = 0;
    return {
      get isIdle() {
        return clocks.isIdle;
      },
      get nextTime() {
        return clocks.nextTime;
      },
      get nextAction() {
        return clocks.nextAction;
      },
      get latestEnd() {
        return clocks.latestEnd;
      },
      crossings: clocks.crossings,
      has: (chip) => this.runs(chip),
      setPresent: (time) => {
        clocks.time = time;
      },
      begin: (end) => {
        until = end;
      },
      finish: () => clocks.run(until),
      takeReports: () => clocks.takeReports(),
      take: (crossings, index) => this.take(crossings, index),
    };
  }

  /** A chip has switched off ends of its links: carries out what that means for other boards. */
  disableLinks(chip: number, links: DisabledLinks): void {
    this.setDisabledLinks(chip, links, () => true);
    for (const other of this.others) other.post('disableLinks', chip, links);
  }

  /** Lets a chip switch off ends of its links; what that does to other boards comes when the window is over. */
  private linksDisabled(chip: number, links: DisabledLinks): void {
    this.setDisabledLinks(chip, links, (next) => this.clocks.areTogether(chip, next));
    this.clocks.betweenWindows(() => {
      if (this.surroundings?.linksDisabled === undefined) this.disableLinks(chip, links);
      else this.surroundings.linksDisabled(chip, links);
    });
  }

  private setDisabledLinks(
    chip: number,
    { incoming, outgoing }: DisabledLinks,
    reaches: (next: number) => boolean,
  ): void {
    for (let link = 0; link < LINKS; link++) {
      this.setOneWay(chip, link, Cause.NotSent, ((outgoing >>> link) & 1) === 1);
      const next = this.neighbours[chip * LINKS + link] as number;
      const isRefused = ((incoming >>> link) & 1) === 1;
      if (next >= 0 && reaches(next)) {
        this.setOneWay(next, (link + 3) % LINKS, Cause.NotTaken, isRefused);
      }
    }
  }

  private get others(): readonly OtherBoards[] {
    return this.share.others ?? [];
  }

  private setCause(chip: number, link: number, cause: number, isSet: boolean): void {
    this.setOneWay(chip, link, cause, isSet);
    const next = this.neighbours[chip * LINKS + link] as number;
    if (next >= 0) this.setOneWay(next, (link + 3) % LINKS, cause, isSet);
  }

  private setOneWay(chip: number, link: number, cause: number, isSet: boolean): void {
    const at = chip * LINKS + link;
    const before = this.causes[at] as number;
    this.causes[at] = isSet ? before | cause : before & ~cause;
    this.updateLink(chip, link);
  }

  private updateLinksOf(chip: number): void {
    for (let link = 0; link < LINKS; link++) {
      this.updateLink(chip, link);
      const next = this.neighbours[chip * LINKS + link] as number;
      if (next >= 0) this.updateLink(next, (link + 3) % LINKS);
    }
  }

  private updateLink(chip: number, link: number): void {
    const next = this.neighbours[chip * LINKS + link] as number;
    if (next < 0) return;
    const found = this.linkOf(chip, link);
    const isDown = this.causes[chip * LINKS + link] !== 0 || !this.isOn(chip) || !this.isOn(next);
    if (found.isDown && !isDown) found.inTransit = 0;
    if (isDown && !found.isDown) this.losses++;
    found.isDown = isDown;
  }

  private linkOf(chip: number, link: number): Link {
    return (this.chips[chip] as Chip).links[link] as Link;
  }

  private newChip(number: number): Chip {
    const { x, y, ethernet, physicalCoreMask } = this.machine.chips[
      number
    ] as Machine['chips'][number];
    const links = Array.from({ length: LINKS }, (_, link) => {
      const target = this.neighbours[number * LINKS + link] as number;
      return new Link(target, this.crossesBoards(ethernet, target));
    });
    const whileThere = (action: () => void): void => {
      if (this.chips[number] === chip) action();
    };
    const clock = () => this.clocks.of(number);
    const place = this.plan.placeOf[number] as number;
    const wiring: ChipWiring = {
      schedule: (to, port, packet, at) => {
        if (to === number) clock().schedule(place, port, packet, at);
        else this.sendOn(number, to, port, packet, at);
      },
      retryRouter: (_, at) => clock().retryRouter(place, at),
      wake: (_, core) => {
        if (this.chips[number] === chip) clock().wake(place, core);
      },
      interrupt: (_, core, source, level) => {
        if (this.chips[number] === chip) clock().interrupt(place, core, source, level);
      },
      runsAlone: () => clock().runsAlone,
      placed: (core) => {
        if (this.chips[number] === chip) clock().placed(place, core);
        for (const listener of this.placeListeners) listener(chip, core);
      },
      countersRead: () => this.settleCounters(),
      release: (_, link) => this.releaseLink(number, link),
      loses: () => this.surroundings?.loses?.(number) === true,
      pointToPoint: (at, address) => this.tables[at]?.entry(at, address) ?? P2P_NO_WAY,
      now: () => clock().time,
      after: (ns, action) => clock().after(ns, () => whileThere(action)),
      background: (ns, action) => clock().background(ns, () => whileThere(action)),
      betweenCores: (action) => clock().betweenCores(action),
      resettable: (at, core) => this.surroundings?.resettable(at, core),
      disableLinks: (at, disabled) => this.linksDisabled(at, disabled),
      transmit: (at, frame) =>
        this.clocks.betweenWindows(() => this.surroundings?.transmit(at, frame)),
      resetChip: (at, code) =>
        clock().betweenCores(() =>
          this.clocks.betweenWindows(() => {
            if (this.chips[at] === chip) this.surroundings?.resetChip(at, code);
          }),
        ),
    };
    const { newRemoteChip } = this.share;
    const newChip: (...args: ConstructorParameters<typeof Chip>) => Chip =
      newRemoteChip === undefined || this.runs(number)
        ? (...args) => new Chip(...args)
        : newRemoteChip;
    const chip = newChip(number, { x, y }, physicalCoreMask, links, wiring);
    return chip;
  }

  private crossesBoards(ethernet: ChipAddress, target: number): boolean {
    const other = this.machine.chips[target];
    return other !== undefined && !sameChip(other.ethernet, ethernet);
  }

  /** A packet leaves a chip by a link. */
  private sendOn(from: number, to: number, link: number, packet: Packet, at: number): void {
    const { clocks, surroundings } = this;
    const isRepeated = surroundings?.repeatsImage?.(from, packet) === true;
    if (!clocks.areTogether(from, to)) clocks.crossings.packet(to, link, packet, at, isRepeated);
    else if (isRepeated && surroundings?.isBooted?.(to) === true) this.releaseLink(to, link);
    else clocks.of(to).schedule(clocks.placeOf(to), link, packet, at);
  }

  /** A packet that came by a link was dealt with: there is room for another on the neighbour's side. */
  private releaseLink(chip: number, link: number): void {
    const from = this.neighbours[chip * LINKS + link] as number;
    const back = (link + 3) % LINKS;
    if (this.clocks.areTogether(chip, from)) this.freePlace(from, back);
    else this.clocks.crossings.room(from, back);
  }

  private freePlace(chip: number, link: number): void {
    const from = this.linkOf(chip, link);
    if (from.inTransit > 0) from.inTransit--;
  }

  private setPower(chip: number, isOn: boolean): void {
    this.clocks.of(chip).setPower(this.clocks.placeOf(chip), isOn);
  }
}
