/** Everything that a host does with a machine, in one place; each topic has a file of its own. */
import { type ChipAddress, CONNECTED_CHIP, type CoreAddress, sameChip } from '../addresses.js';
import {
  freeRoutingEntriesOfApp,
  freeSdram,
  freeSdramOfApp,
  sdramSpace,
} from '../commands/allocation.js';
import type { Signal } from '../commands/application.js';
import { LedAction, readSerialRom } from '../commands/board.js';
import {
  type ChipInformation,
  information,
  type VersionInformation,
  version,
} from '../commands/information.js';
import { readByte } from '../commands/memory.js';
import { clearRoutes } from '../commands/routing.js';
import { clearIpTag, getIpTag, type IpTagSettings, setIpTag } from '../commands/tags.js';
import { type Clock, systemClock } from '../connection/clock.js';
import { Connection, type ConnectionOptions } from '../connection/connection.js';
import type { Scp, Target } from '../connection/scp.js';
import type { ConnectionStatistics } from '../connection/statistics.js';
import type { IpTag } from '../memory/records.js';
import { type CoreState, type Vcpu, vcpuAddress, vcpuField, vcpuLayout } from '../memory/vcpu.js';
import type { Transport } from '../transport/transport.js';
import { FloodIds, type Loader, type LoadOptions, loadProgram } from './applications.js';
import { Boards } from './boards.js';
import { type BootOptions, bootMachine } from './boot.js';
import { countInState, type WaitOptions, waitForCores } from './core-states.js';
import {
  type Dimensions,
  type EthernetChip,
  findEthernetChips,
  readDimensions,
} from './ethernet-chips.js';
import { readIobuf } from './iobuf.js';
import { setOneLed } from './leds.js';
import { allocateMemory, fillMemory, readMemory, readNeighbour, writeMemory } from './memory.js';
import { clearDiagnostics, type RouterDiagnostics, readDiagnostics } from './router-diagnostics.js';
import {
  allocateEntries,
  type LoadedRoutingEntry,
  loadTable,
  type RoutingEntry,
  readTable,
} from './routing-tables.js';
import { sendSignal } from './signals.js';
import { Staging } from './staging.js';
import { type ChipCores, checkChip, checkTargets } from './targets.js';

/** How to reach a machine. */
export interface MachineControllerOptions extends ConnectionOptions {
  /** To the SCP port of the chip that is or will be booted. */
  readonly scp: Transport;
  /** To its boot port; needed by `boot` only. */
  readonly boot?: Transport;
  /** Further boards: transports to the SCP ports of their ethernet chips. */
  readonly boards?: Iterable<{ readonly chip: ChipAddress; readonly scp: Transport }>;
}

/**
 * Drives a machine over SCP. All methods throw ScpError when a chip refuses and ScpTimeoutError when
 * it stays silent; chips are `{x, y}`, cores are virtual.
 */
export class MachineController {
  /** For commands that have no method here. */
  readonly scp: Scp;
  private readonly boards: Boards;
  private readonly bootWire: Transport | undefined;
  private readonly clock: Clock;
  private readonly options: ConnectionOptions;
  private readonly staging = new Staging();
  private readonly loader: Loader;
  private size: Promise<Dimensions> | undefined;
  private ethernets: Promise<EthernetChip[]> | undefined;

  constructor({ scp, boot, boards = [], ...options }: MachineControllerOptions) {
    this.options = options;
    this.clock = options.clock ?? systemClock;
    this.bootWire = boot;
    this.boards = new Boards(new Connection(scp, options));
    this.scp = this.boards;
    this.loader = {
      scp: this.scp,
      clock: this.clock,
      staging: this.staging,
      floodIds: new FloodIds(),
    };
    for (const board of boards) this.addBoard(board.chip, board.scp);
  }

  /** Adds a way into the machine, by the ethernet of one of its boards. */
  addBoard(chip: ChipAddress, scp: Transport): void {
    this.boards.add({ chip, connection: new Connection(scp, this.options) });
  }

  /**
   * Adds a way into the machine for every board that has an IPv4 address, so that each chip is
   * reached through its own board.
   *
   * @param open makes the transport to the SCP port of an address
   * @returns how many boards were added
   */
  async connectBoards(open: (ip: string) => Promise<Transport>): Promise<number> {
    const [root, ethernets] = await Promise.all([this.version(), this.ethernetChips()]);
    const others = ethernets.flatMap(({ chip, ip }) =>
      ip === undefined || sameChip(chip, root.chip) ? [] : [{ chip, ip }],
    );
    await Promise.all(others.map(async ({ chip, ip }) => this.addBoard(chip, await open(ip))));
    return others.length;
  }

  /**
   * Boots the machine, unless its monitor answers already, and waits until it is up.
   *
   * @throws BootError when it does not come up; RangeError or MalformedMessageError for an image
   *   that is none; Error when the controller has no transport to the boot port
   */
  async boot(options: BootOptions = {}): Promise<VersionInformation> {
    if (!this.bootWire) throw new Error('this controller was made without a "boot" transport');
    const found = await bootMachine(this.boards, this.bootWire, this.clock, options);
    this.size = undefined;
    this.ethernets = undefined;
    await this.dimensions();
    return found;
  }

  /** What runs on a core, by default the monitor of the connected chip. */
  version(at: Target = CONNECTED_CHIP): Promise<VersionInformation> {
    return this.scp.send(at, version());
  }

  /** Size of the machine in chips. Asked once. */
  dimensions(): Promise<Dimensions> {
    this.size ??= readDimensions(this.scp).then((size) => {
      this.boards.resize(size.width, size.height);
      return size;
    });
    return this.size;
  }

  /** Ethernet chips that answer, with their addresses. Asked once. */
  ethernetChips(): Promise<readonly EthernetChip[]> {
    this.ethernets ??= this.dimensions().then((size) => findEthernetChips(this.scp, size));
    return this.ethernets;
  }

  /** What a chip has, and the states of its cores. */
  chipInformation(chip: ChipAddress): Promise<ChipInformation> {
    checkChip('chipInformation', chip);
    return this.scp.send(chip, information());
  }

  /** Reads memory of any length, at any address. */
  read(at: Target, address: number, length: number): Promise<Uint8Array> {
    return readMemory(this.scp, at, address, length);
  }

  /** Writes memory of any length, at any address. */
  write(at: Target, address: number, bytes: Uint8Array): Promise<void> {
    return writeMemory(this.scp, at, address, bytes);
  }

  /** Sets `length` bytes to `value`, 0 to 255. */
  fill(at: Target, address: number, length: number, value = 0): Promise<void> {
    return fillMemory(this.scp, at, address, length, value);
  }

  /** Reads words of the neighbour behind a link, 0 (east) to 5 (south), even of a dead one. */
  readNeighbour(
    from: ChipAddress,
    link: number,
    address: number,
    length: number,
  ): Promise<Uint8Array> {
    checkChip('readNeighbour', from);
    return readNeighbour(this.scp, from, link, address, length);
  }

  /**
   * Allocates SDRAM for an application and gives its address. With a tag, 1 to 255, the same block
   * is given again when application, tag and size are the same; without, a lost reply is an error.
   *
   * @param size bytes
   * @throws AllocationError when the chip has no such block left
   */
  allocateSdram(
    chip: ChipAddress,
    size: number,
    owner: { readonly appId: number; readonly tag?: number },
  ): Promise<number> {
    checkChip('allocateSdram', chip);
    return allocateMemory(this.scp, chip, size, owner);
  }

  /** Frees a block that `allocateSdram` gave. */
  freeSdram(chip: ChipAddress, address: number): Promise<void> {
    checkChip('freeSdram', chip);
    return this.scp.send(chip, freeSdram(address));
  }

  /** Frees all SDRAM of an application on a chip; gives the number of blocks. */
  freeSdramOfApp(chip: ChipAddress, appId: number): Promise<number> {
    checkChip('freeSdramOfApp', chip);
    return this.scp.send(chip, freeSdramOfApp(appId));
  }

  /** Bytes of SDRAM that are free, in all and in the largest block. */
  sdramSpace(chip: ChipAddress): Promise<{ free: number; largest: number }> {
    checkChip('sdramSpace', chip);
    return this.scp.send(chip, sdramSpace());
  }

  /**
   * Allocates routing entries in one block and gives the index of the first.
   *
   * @throws AllocationError when the router has no such block left
   */
  allocateRoutingEntries(
    chip: ChipAddress,
    count: number,
    { appId }: { readonly appId: number },
  ): Promise<number> {
    checkChip('allocateRoutingEntries', chip);
    return allocateEntries(this.scp, chip, count, appId);
  }

  /** Frees and clears all routing entries of an application on a chip; gives the number of blocks. */
  freeRoutingEntriesOfApp(chip: ChipAddress, appId: number): Promise<number> {
    checkChip('freeRoutingEntriesOfApp', chip);
    return this.scp.send(chip, freeRoutingEntriesOfApp(appId));
  }

  /**
   * Allocates room for a routing table and loads it, in order; gives the index of the first entry.
   *
   * @throws AllocationError when the router has no such block left
   */
  loadRoutingTable(
    chip: ChipAddress,
    entries: readonly RoutingEntry[],
    appId: number,
  ): Promise<number> {
    checkChip('loadRoutingTable', chip);
    return loadTable(this.scp, this.staging, chip, entries, appId);
  }

  /** The routing entries in use on a chip, but for the monitor's own entry 0. */
  readRoutingTable(chip: ChipAddress): Promise<LoadedRoutingEntry[]> {
    checkChip('readRoutingTable', chip);
    return readTable(this.scp, chip);
  }

  /** Clears all routing entries of a chip, whoever owns them, but for the monitor's own. */
  clearRoutingTable(chip: ChipAddress): Promise<void> {
    checkChip('clearRoutingTable', chip);
    return this.scp.send(chip, clearRoutes());
  }

  /**
   * Loads a program onto cores and starts it; done when all of them have left their loader.
   *
   * @param aplx the program image
   * @throws MalformedMessageError for an image that is none; RangeError for cores that are not 1 to 17;
   *   CoreStateError when cores do not start
   */
  async loadApplication(
    aplx: Uint8Array,
    targets: Iterable<ChipCores>,
    appId: number,
    options: LoadOptions = {},
  ): Promise<void> {
    const chips = checkTargets('loadApplication', targets, 1);
    await loadProgram(this.loader, aplx, chips, appId, options);
  }

  /** Sends a signal to all cores of an application. */
  signal(signal: Signal, appId: number): Promise<void> {
    return sendSignal(this.scp, signal, appId);
  }

  /** The state of a core. */
  coreState(at: CoreAddress): Promise<CoreState> {
    const chip = { x: at.x, y: at.y };
    return this.scp.send(chip, readByte(vcpuField(at.core, 'state').address));
  }

  /** All that a core shares with its monitor: state, run-time error, name, user words. */
  async vcpu(at: CoreAddress): Promise<Vcpu> {
    const chip = { x: at.x, y: at.y };
    return vcpuLayout.decode(await this.read(chip, vcpuAddress(at.core), vcpuLayout.size));
  }

  /** Counts the cores of an application that are in a state, on all boards. */
  async countCores(appId: number, state: CoreState): Promise<number> {
    const ethernets = await this.ethernetChips();
    return countInState(
      this.scp,
      ethernets.map(({ chip }) => chip),
      appId,
      state,
    );
  }

  /**
   * Waits until cores are in one of some states.
   *
   * @throws RangeError for cores that are not 0 to 17; CoreStateError naming those that are not, when time is up or one ended in an error
   */
  async waitForState(
    targets: Iterable<ChipCores>,
    states: CoreState | readonly CoreState[],
    options: WaitOptions = {},
  ): Promise<void> {
    const wanted = typeof states === 'number' ? [states] : states;
    const chips = checkTargets('waitForState', targets, 0);
    await waitForCores(this.scp, this.clock, chips, wanted, options);
  }

  /** The text that a core has put out so far. */
  iobuf(at: CoreAddress): Promise<string> {
    return readIobuf(this.scp, at);
  }

  /** Sets an IPTag, 0 to 7, of an ethernet chip. */
  setIpTag(chip: ChipAddress, tag: number, settings: Partial<IpTagSettings>): Promise<void> {
    checkChip('setIpTag', chip);
    return this.scp.send(chip, setIpTag(tag, settings));
  }

  /** Reads an IPTag, 0 to 15, of an ethernet chip. */
  getIpTag(chip: ChipAddress, tag: number): Promise<IpTag> {
    checkChip('getIpTag', chip);
    return this.scp.send(chip, getIpTag(tag));
  }

  /** Clears an IPTag of an ethernet chip. */
  clearIpTag(chip: ChipAddress, tag: number): Promise<void> {
    checkChip('clearIpTag', chip);
    return this.scp.send(chip, clearIpTag(tag));
  }

  /** Acts on an LED, 0 to 15, of a chip's board. */
  setLed(chip: ChipAddress, number: number, action: LedAction = LedAction.On): Promise<void> {
    checkChip('setLed', chip);
    return setOneLed(this.scp, chip, number, action);
  }

  /**
   * Reads the serial ROM beside an ethernet chip, which keeps a board's network settings.
   *
   * @param address 0 to 0xffffff
   * @param length bytes, at most 256
   */
  readSerialRom(chip: ChipAddress, address: number, length: number): Promise<Uint8Array> {
    checkChip('readSerialRom', chip);
    return this.scp.send(chip, readSerialRom(address, length));
  }

  /** The counters of a chip's router. */
  routerDiagnostics(chip: ChipAddress): Promise<RouterDiagnostics> {
    checkChip('routerDiagnostics', chip);
    return readDiagnostics(this.scp, chip);
  }

  /** Sets the counters of a chip's router to 0. */
  clearRouterDiagnostics(chip: ChipAddress): Promise<void> {
    checkChip('clearRouterDiagnostics', chip);
    return clearDiagnostics(this.scp, chip);
  }

  /** What went over each connection so far, the root's first. */
  statistics(): Readonly<ConnectionStatistics>[] {
    return this.boards.connections().map(({ statistics }) => statistics);
  }

  /** Closes all transports. The machine goes on. */
  async close(): Promise<void> {
    await Promise.all([
      ...this.boards.connections().map((connection) => connection.close()),
      this.bootWire?.close(),
    ]);
  }
}
