/**
 * Chips that run the image they were booted with, on ARM cores from the boot ROM on. What a chip finds when its
 * image starts is what the boot ROM leaves behind. Source: boot ROM of the chip, as SC&MP 4.0 relies on it.
 */
import {
  type CoreAddress,
  CoreState,
  describeBootImage,
  formatCore,
  MalformedMessageError,
  vcpuAddress,
  vcpuLayout,
} from '@spin-tools/scp';
import { ArmCore } from '../arm/arm-core.js';
import { DTCM_BASE } from '../arm/memory.js';
import { warmUp } from '../arm/warm-up.js';
import { type Chip, CORES, MONITOR_ACCESS } from '../chip/chip.js';
import { Pin } from '../chip/pins.js';
import type { SerialMemory } from '../chip/serial-rom-pins.js';
import type { Packet, ResettableCore } from '../core/core.js';
import { type CoreProgram, ProgramCore } from '../core/program-core.js';
import { DeadCore } from '../faults/dead-core.js';
import { MonitorMemory } from '../monitor/memory.js';
import { bootRomProgram } from '../rom/boot-rom-program.js';
import { BootOperation, bootOperation } from '../rom/neighbour-boot.js';
import type { Monitors } from './monitors.js';
import type { Network } from './network.js';
import type { ReversePorts } from './reverse-ports.js';
import type { SerialRoms } from './serial-roms.js';

/** Where the boot ROM collects an image, and from where the image reads itself again. */
const IMAGE_COPY = DTCM_BASE + 0x8000;
/** Network settings of the board, as the boot ROM reads them from the serial ROM. */
const SETTINGS_OFFSET = 0x7fe0;
const SETTINGS_WORDS = 8;
/** Read command of the serial ROM, at the place of the settings. */
const READ_SETTINGS = 0x03000008;
/** Registers that the boot ROM leaves set. */
const ROUTER_CONTROL = 0xf1000000;
const ROUTER_SETTING = 0x2f2f0007;
const WATCHDOG_LOAD = 0x00;
const WATCHDOG_CONTROL = 0x08;
const WATCHDOG_CLOCKS = 0x5f5e100;
const WATCHDOG_ON = 3;
/** Bit of the register of working cores that tells of a PHY. */
const PHY_IS_THERE = 0x80000000;
const MULTICAST_ROUTES = 0xf1004000;
const LED = 1;
/** Pins by which it has read the serial ROM: outputs, the ROM not selected. SC&MP relies on that. */
const SERIAL_OUTPUTS = (1 << Pin.SerialDataIn) | (1 << Pin.SerialClock) | (1 << Pin.SerialSelect);

/** What of the outside images need. */
export interface FirmwareWiring {
  readonly serialRoms: SerialRoms;
  readonly reversePorts: ReversePorts;
  /** An image has started on a chip. */
  started(chip: number): void;
}

/** All chips. */
export class Firmware implements Monitors {
  /** By chip and physical core; those that were ever let go. */
  private readonly cores: (ArmCore | undefined)[];
  private readonly booted: Uint8Array;
  /** Chips that have begun to send their image on. */
  private readonly sending: Uint8Array;
  private takesImages: (chip: number) => boolean = () => true;

  constructor(
    private readonly network: Network,
    private readonly wiring: FirmwareWiring,
  ) {
    this.cores = new Array(network.chips.length * CORES).fill(undefined);
    this.booted = new Uint8Array(network.chips.length);
    this.sending = new Uint8Array(network.chips.length);
    network.chips.forEach((_, chip) => {
      if (network.runs(chip)) this.switchedOn(chip);
    });
  }

  boot(image: Uint8Array, root: number, isWaiting: (chip: number) => boolean): void {
    refuseBuiltIn(image);
    this.expectImages(isWaiting);
    this.startRoot(image, root);
  }

  /** Starts an image that came by the ethernet. */
  startRoot(image: Uint8Array, root: number): void {
    warmUpOnce(image);
    this.start(root, image, 0);
  }

  /** A boot begins: from now on chips that wait in their boot ROM take images from their neighbours. */
  expectImages(isWaiting: (chip: number) => boolean): void {
    this.takesImages = isWaiting;
  }

  isBooted(chip: number): boolean {
    return this.booted[chip] === 1;
  }

  switchedOn(chip: number): void {
    const hardware = this.network.chips[chip] as Chip;
    const monitor = monitorOf(hardware);
    if (monitor === undefined) return;
    hardware.setMonitor(monitor);
    const { serialRoms } = this.wiring;
    if (serialRoms.has(chip)) {
      const none = new Uint8Array(0);
      hardware.connectSerialRom({
        access: (request) => serialRoms.of(chip)?.access(request) ?? none,
      });
    }
    const program = bootRomProgram(
      () => this.takesImages(chip) && !this.isBooted(chip),
      (image, entry) => this.start(chip, image, entry),
    );
    const core = new ProgramCore(monitor, hardware, program);
    core.time = this.network.clocks.of(chip).time;
    hardware.setCore(monitor, core);
  }

  forget(chip: number): void {
    this.booted[chip] = 0;
    this.sending[chip] = 0;
    this.cores.fill(undefined, chip * CORES, (chip + 1) * CORES);
    this.wiring.reversePorts.forget(chip);
  }

  /**
   * A monitor that was booted sends its image on to all neighbours, which takes some 50,000 packets. Those that run
   * an image already ignore them; they are not troubled with them here.
   */
  repeatsImage(from: number, packet: Packet): boolean {
    const operation = bootOperation(packet);
    if (operation === BootOperation.Start) this.sending[from] = 1;
    return operation !== undefined && this.sending[from] === 1;
  }

  coreDied(chip: number, core: number): void {
    this.cores[chip * CORES + core]?.stop();
  }

  resettable(chip: number, core: number): ResettableCore | undefined {
    const hardware = this.network.chips[chip] as Chip;
    const works = ((hardware.coreMask >>> core) & 1) === 1;
    const isDead = hardware.ports[core]?.core instanceof DeadCore;
    return works && !isDead && this.isBooted(chip) ? this.armCore(chip, core) : undefined;
  }

  reversePorts(chip: number): readonly number[] {
    return this.wiring.reversePorts.of(chip);
  }

  get armCores(): readonly ArmCore[] {
    return this.cores.filter((core) => core !== undefined);
  }

  runProgram(chip: number, at: CoreAddress, program: CoreProgram, appId: number): void {
    const hardware = this.network.chips[chip] as Chip;
    const memory = new MonitorMemory(hardware);
    const count = this.isBooted(chip) ? memory.variable('coreCount') : 0;
    if (at.core < 1 || at.core >= count) {
      throw new RangeError(`${formatCore(at)} is no application core of a booted machine`);
    }
    const { physicalCore } = vcpuLayout.decode(memory.bytes(vcpuAddress(at.core), vcpuLayout.size));
    this.cores[chip * CORES + physicalCore]?.stop();
    memory.setVcpu(at.core, 'state', CoreState.Run);
    memory.setVcpu(at.core, 'appId', appId);
    const runner = new ProgramCore(physicalCore, hardware, program);
    runner.time = this.network.clocks.of(chip).time;
    hardware.setCore(physicalCore, runner);
  }

  /** Leaves the boot ROM for an image, as soon as no core runs. */
  private start(chip: number, image: Uint8Array, entry: number): void {
    const whole = image.slice();
    this.network.clocks.of(chip).betweenCores(() => {
      if (this.isBooted(chip) || !this.network.isOn(chip)) return;
      this.booted[chip] = 1;
      this.prepare(chip);
      this.run(chip, whole, entry);
      this.network.clocks.betweenWindows(() => this.wiring.started(chip));
    });
  }

  /** Registers and memory as the boot ROM leaves them. */
  private prepare(chip: number): void {
    const hardware = this.network.chips[chip] as Chip;
    const { systemController, systemRam } = hardware;
    const { watchdog } = hardware.devices;
    const monitor = monitorOf(hardware) as number;
    const serialRom = this.wiring.serialRoms.of(chip);
    systemController.okCores = hardware.coreMask | (serialRom === undefined ? 0 : PHY_IS_THERE);
    hardware.write(MONITOR_ACCESS, ROUTER_CONTROL, (ROUTER_SETTING | (monitor << 8)) >>> 0, 4);
    hardware.setMonitor(monitor);
    hardware.write(MONITOR_ACCESS, MULTICAST_ROUTES, 0, 4);
    const outputs = serialRom === undefined ? LED : LED | SERIAL_OUTPUTS;
    if (serialRom !== undefined) systemController.pins.write(1 << Pin.SerialSelect);
    systemController.pins.direction &= ~outputs;
    watchdog.write(WATCHDOG_LOAD, WATCHDOG_CLOCKS);
    watchdog.write(WATCHDOG_CONTROL, WATCHDOG_ON);
    systemRam.writeBlock(SETTINGS_OFFSET, settingsOf(serialRom));
  }

  private run(chip: number, image: Uint8Array, entry: number): void {
    const { clocks, chips } = this.network;
    const scheduler = clocks.of(chip);
    const hardware = chips[chip] as Chip;
    const monitor = monitorOf(hardware) as number;
    const core = this.armCore(chip, monitor);
    core.run(scheduler.time);
    core.reset();
    core.writeTcm(0, image);
    core.writeTcm(IMAGE_COPY, image);
    core.start(entry);
    scheduler.setPatient(clocks.placeOf(chip), monitor, true);
    hardware.setCore(monitor, core);
  }

  private armCore(chip: number, core: number): ArmCore {
    const at = chip * CORES + core;
    const known = this.cores[at];
    if (known !== undefined) return known;
    const made = new ArmCore(core, this.network.chips[chip] as Chip);
    made.run(this.network.clocks.of(chip).time);
    this.cores[at] = made;
    return made;
  }
}

let isWarm = false;

function warmUpOnce(image: Uint8Array): void {
  if (!isWarm) warmUp(image);
  isWarm = true;
}

/** The core that becomes the monitor: the lowest that works. */
function monitorOf({ coreMask }: Chip): number | undefined {
  return coreMask === 0 ? undefined : 31 - Math.clz32(coreMask & -coreMask);
}

/** Throws MalformedMessageError for an image that no chip could run. */
export function refuseBuiltIn(image: Uint8Array): void {
  if (!isBuiltIn(image)) return;
  throw new MalformedMessageError(
    'boot image',
    'it stands for the built-in monitor, and this machine runs images',
  );
}

function isBuiltIn(image: Uint8Array): boolean {
  try {
    return describeBootImage(image).builtIn;
  } catch (error) {
    // The boot ROM does not look at what it is sent.
    if (error instanceof MalformedMessageError) return false;
    throw error;
  }
}

/** The block that the boot ROM reads from the serial ROM, which has the highest byte of each word first. */
function settingsOf(serialRom: SerialMemory | undefined): Uint8Array {
  const block = new Uint8Array(4 * SETTINGS_WORDS);
  if (serialRom === undefined) return block;
  const read = serialRom.access({
    ...{ write: false, writeEnable: false, waitReady: false, data: new Uint8Array(0) },
    ...{ command: READ_SETTINGS, commandBits: 32, length: block.length },
  });
  return block.map((_, at) => read[at ^ 3] as number);
}
