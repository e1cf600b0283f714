/**
 * The devices of one chip. Machines have tens of thousands of chips of which few ever touch their watchdog, memory
 * controller or ethernet interface: those are made when they are first used.
 */
import type { CorePort } from '../router/core-port.js';
import type { RouterRegisters } from '../router/registers.js';
import type { Devices } from './devices.js';
import { EthernetMac } from './ethernet-mac.js';
import { DeviceLine, InterruptLines } from './interrupt-lines.js';
import { MemoryController } from './memory-controller.js';
import { ResetCode, type SystemController } from './system-controller.js';
import { Watchdog } from './watchdog.js';

/** What devices need of the machine around their chip. */
export interface DeviceWiring {
  /** Simulated time, ns. */
  now(): number;
  /** Does something after a simulated time, ns, if the chip is still there. */
  after(ns: number, action: () => void): void;
  /** The same, but the machine is idle meanwhile. */
  background(ns: number, action: () => void): void;
  /** An interrupt line of a core changes. */
  interrupt(chip: number, core: number, source: number, level: boolean): void;
  /** A frame leaves by the ethernet of a chip. */
  transmit(chip: number, frame: Uint8Array): void;
  /** A chip resets itself. */
  resetChip(chip: number, code: ResetCode): void;
}

/** Devices, and the interrupt lines from them. */
export class SharedDevices implements Devices {
  readonly lines: InterruptLines;
  private memory: MemoryController | undefined;
  private dog: Watchdog | undefined;
  private mac: EthernetMac | undefined;

  /** @param chip number of the chip in its machine */
  constructor(
    private readonly chip: number,
    ports: readonly CorePort[],
    private readonly wiring: DeviceWiring,
    readonly systemController: SystemController,
    readonly router: RouterRegisters,
  ) {
    this.lines = new InterruptLines(ports, (core, source, level) =>
      wiring.interrupt(chip, core, source, level),
    );
  }

  get memoryController(): MemoryController {
    this.memory ??= new MemoryController();
    return this.memory;
  }

  get watchdog(): Watchdog {
    const { chip, wiring, lines } = this;
    this.dog ??= new Watchdog({
      now: () => wiring.now(),
      after: (ns, action) => wiring.background(ns, action),
      setInterrupt: (level) => lines.set(DeviceLine.Watchdog, level),
      warned: () => this.systemController.watchdogWarned(),
      expired: () => wiring.resetChip(chip, ResetCode.Watchdog),
    });
    return this.dog;
  }

  get ethernet(): EthernetMac {
    const { chip, wiring, lines } = this;
    this.mac ??= new EthernetMac({
      after: (ns, action) => wiring.after(ns, action),
      transmit: (frame) => wiring.transmit(chip, frame),
      setTransmitInterrupt: (level) => lines.set(DeviceLine.EthernetTransmit, level),
      setReceiveInterrupt: (level) => lines.set(DeviceLine.EthernetReceive, level),
    });
    return this.mac;
  }
}
