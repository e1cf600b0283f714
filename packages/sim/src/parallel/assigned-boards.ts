/** Boards that a thread runs for a machine whose monitors, hosts and other boards are elsewhere. */
import { machineFromJson } from '@spin-tools/machine-model';
import { ArmCore } from '../arm/arm-core.js';
import { type Chip, type ChipMemory, MONITOR_ACCESS } from '../chip/chip.js';
import { memoryOfCopy } from '../chip/memory-copy.js';
import { DeadCore } from '../faults/dead-core.js';
import { PacketLosses } from '../faults/packet-losses.js';
import { boardPlan } from '../machine/board-plan.js';
import type { Crossings } from '../machine/crossings.js';
import { Firmware } from '../machine/firmware.js';
import { Network } from '../machine/network.js';
import { ReversePorts } from '../machine/reverse-ports.js';
import { SerialRoms } from '../machine/serial-roms.js';
import { countsOf } from '../machine/statistics.js';
import { Clocks } from '../monitor/clocks.js';
import { MonitorMemory } from '../monitor/memory.js';
import { DistantMonitor } from './distant-monitor.js';
import type { Assignment, Operations, Report } from './operations.js';

const NO_IP = '0.0.0.0';

/** ARM cores of one chip by physical core, and those of them that are application cores. */
interface Cores {
  readonly all: (ArmCore | undefined)[];
  readonly counted: Set<ArmCore>;
}

/** The boards, and what can be done to them. */
export class AssignedBoards {
  readonly network: Network;
  readonly operations: Operations;
  private readonly firmware: Firmware | undefined;
  private readonly serialRoms: SerialRoms;
  private readonly ips = new Map<number, string>();
  private readonly memories = new Map<number, ChipMemory>();
  private readonly cores = new WeakMap<Chip, Cores>();
  private reports: Report[] = [];
  private readonly boardOf: Int32Array;

  constructor(
    { machine: json, first, end, monitor, translates, lose, seed }: Assignment,
    crossings: Crossings,
  ) {
    const machine = machineFromJson(json);
    this.network = new Network(machine, { first, end, crossings });
    const { network } = this;
    for (const chip of network.chips) chip.translates = translates;
    const { boardOf } = boardPlan(machine);
    this.boardOf = boardOf;
    this.serialRoms = new SerialRoms(machine, (chip) => this.ips.get(chip) ?? NO_IP);
    const { serialRoms } = this;
    const reversePorts = new ReversePorts(
      () => undefined,
      () => undefined,
    );
    const started = (chip: number) => this.report({ kind: 'started', chip });
    const firmware =
      monitor === 'image'
        ? new Firmware(network, { serialRoms, reversePorts, started })
        : undefined;
    this.firmware = firmware;
    const losses = new PacketLosses(lose, seed);
    network.surroundings = {
      resettable: (chip, core) =>
        firmware === undefined ? this.armCoreAt(chip, core) : firmware.resettable(chip, core),
      transmit: (chip, frame) => this.report({ kind: 'frame', chip, frame }),
      resetChip: (chip, code) => this.report({ kind: 'reset', chip, code }),
      linksDisabled: (chip, links) => this.report({ kind: 'links', chip, links }),
      ...(lose > 0 && { loses: (chip) => losses.next(boardOf[chip] as number) }),
      ...(firmware && {
        repeatsImage: (from, packet) => firmware.repeatsImage(from, packet),
        isBooted: (chip) => firmware.isBooted(chip),
      }),
    };
    this.operations = this.newOperations();
  }

  /** What boards have to tell since the last time. */
  takeReports(): readonly Report[] {
    const { reports } = this;
    this.reports = [];
    return reports;
  }

  private report(report: Report): void {
    this.reports.push(report);
  }

  private reportLater(report: Report): void {
    this.network.clocks.betweenWindows(() => this.report(report));
  }

  private chip(number: number): Chip {
    return this.network.chips[number] as Chip;
  }

  private coresOf(chip: Chip): Cores {
    const known = this.cores.get(chip);
    if (known !== undefined) return known;
    const made = { all: [], counted: new Set<ArmCore>() };
    this.cores.set(chip, made);
    return made;
  }

  private armCore(chip: number, core: number): ArmCore {
    return this.coresOf(this.chip(chip)).all[core] as ArmCore;
  }

  /** Only ARM programs obey reset lines; the idle program and the monitor are none. */
  private armCoreAt(chip: number, core: number): ArmCore | undefined {
    const found = this.chip(chip).ports[core]?.core;
    return found instanceof ArmCore ? found : undefined;
  }

  private get countedCores(): readonly ArmCore[] {
    if (this.firmware !== undefined) return this.firmware.armCores;
    return this.ownChips.flatMap((chip) => [...this.coresOf(chip).counted]);
  }

  private get ownChips(): readonly Chip[] {
    return this.network.chips.filter((chip) => this.network.runs(chip.index));
  }

  private newOperations(): Operations {
    return {
      look: () => undefined,
      counts: () => countsOf(this.ownChips, this.countedCores),
      ...this.memoryOperations(),
      ...this.deviceOperations(),
      ...this.coreOperations(),
      ...this.networkOperations(),
      ...this.imageOperations(),
    };
  }

  private memoryOperations() {
    return {
      read: (chip, address, size) => this.chip(chip).read(MONITOR_ACCESS, address, size),
      write: (chip, address, value, size) =>
        this.chip(chip).write(MONITOR_ACCESS, address, value, size),
      copyOut: (chip, address, length) => {
        const bytes = new Uint8Array(length);
        this.chip(chip).copyOut(address, bytes);
        return bytes;
      },
      copyIn: (chip, address, bytes) => this.chip(chip).copyIn(address, bytes),
      keepMemory: (id, memory) => {
        this.memories.set(id, memoryOfCopy(memory));
      },
      adopt: (chip, id) => this.chip(chip).adoptMemory(this.memories.get(id) as ChipMemory),
    } satisfies Partial<Operations>;
  }

  private deviceOperations() {
    const { network } = this;
    return {
      setMonitor: (chip, core) => this.chip(chip).setMonitor(core),
      setMonitorCore: (chip, core) => {
        const monitor = new DistantMonitor(core, {
          interrupted: () =>
            this.reportLater({ kind: 'interrupted', chip, at: network.clocks.time }),
          packet: (key, payload) => this.reportLater({ kind: 'packet', chip, key, payload }),
        });
        this.chip(chip).setMonitorCore(core, monitor);
      },
      setFlags: (chip, mask, isSet) => this.chip(chip).setFlags(mask, isSet),
      setOkCores: (chip, mask) => this.chip(chip).setOkCores(mask),
      setInterrupts: (chip, mask, level) => this.chip(chip).setInterrupts(mask, level),
      isLocked: (chip, lock) => this.chip(chip).isLocked(lock),
      clearRoutes: (chip, first) => this.chip(chip).clearRoutes(first),
      setFixedRoute: (chip, route) => this.chip(chip).setFixedRoute(route),
      countSent: (chip, packetClass, outputs, packets) =>
        this.chip(chip).countSent(packetClass, outputs, packets),
      countSentByFirstEntry: (chip, packetClass, packets) =>
        this.chip(chip).countSentByFirstEntry(packetClass, packets),
      keepClocks: (number) => {
        const chip = this.chip(number);
        const clocks = new Clocks(new MonitorMemory(chip), () => network.clocks.time);
        clocks.start();
        chip.keepClocks(clocks);
      },
      receiveFrame: (chip, frame) => this.chip(chip).receiveFrame(frame),
    } satisfies Partial<Operations>;
  }

  private coreOperations() {
    return {
      newArmCore: (number, core, isCounted) => {
        const chip = this.chip(number);
        const { all, counted } = this.coresOf(chip);
        const made = chip.newArmCore(core, isCounted);
        all[core] = made;
        if (isCounted) counted.add(made);
      },
      placeArmCore: (chip, core) => this.chip(chip).setCore(core, this.armCore(chip, core)),
      placeDeadCore: (chip, core) => this.chip(chip).setCore(core, new DeadCore(core)),
      placeNoCore: (chip, core) => this.chip(chip).setCore(core, undefined),
      startCore: (chip, core, entry, argument, thumb) => {
        const found = this.armCore(chip, core);
        found.run(this.network.clocks.time);
        found.start(entry, argument, thumb);
      },
      stopCore: (chip, core) => this.armCore(chip, core).stop(),
      readTcm: (chip, core, address, length) => this.armCore(chip, core).readTcm(address, length),
      writeTcm: (chip, core, address, bytes) => this.armCore(chip, core).writeTcm(address, bytes),
    } satisfies Partial<Operations>;
  }

  private networkOperations() {
    const { network } = this;
    return {
      switchOff: (chip) => network.switchOff(chip),
      switchOn: (chip) => network.switchOn(chip),
      beginRestart: (chip, code) => {
        network.beginRestart(chip, code);
      },
      killLink: (chip, link) => network.killLink(chip, link),
      stopLink: (chip, link, isStopped) => network.stopLink(chip, link, isStopped),
      disableLinks: (chip, links) => network.disableLinks(chip, links),
    } satisfies Partial<Operations>;
  }

  private imageOperations() {
    const { network } = this;
    return {
      beginBoot: (failing) => {
        const without = new Set(failing);
        this.firmware?.expectImages(
          (chip) =>
            network.isOn(chip) &&
            this.firmware?.isBooted(chip) === false &&
            !without.has(this.boardOf[chip] as number),
        );
      },
      boot: (image, chip) => this.firmware?.startRoot(image, chip),
      switchedOn: (chip) => this.firmware?.switchedOn(chip),
      forget: (chip) => this.firmware?.forget(chip),
      coreDied: (chip, core) => this.firmware?.coreDied(chip, core),
      setIp: (chip, ip) => {
        if (this.ips.get(chip) === ip) return;
        this.ips.set(chip, ip);
        this.serialRoms.forget(chip);
      },
    } satisfies Partial<Operations>;
  }
}
