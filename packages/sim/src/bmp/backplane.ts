/** The EEPROM of a backplane, 24LC08. Source: BMP firmware 2.1.2, `ee_default`, `read_ee`, `write_ee`. */
import { eepromLayout } from '@spin-tools/scp';
import { seal } from './checksum.js';

/** Bytes of the device. */
const EEPROM_BYTES = 1024;
/** Writing wraps within so many bytes. */
const PAGE_BYTES = 16;
/** Limits for warnings and shut-down: temperatures, fans, voltages, as the firmware has them by default. */
const LIMITS = [
  [65, 65, 0, 0, 80, 80, 0, 0, 50, 50, 0, 0, 65, 65, 0, 0],
  [50, 50, 50, 0, 0, 0, 0, 0],
  [114, 114, 114, 114, 166, 184, 203, 184, 102, 102, 102, 102, 147, 164, 0, 0],
  [140, 140, 140, 140, 203, 225, 248, 225, 152, 152, 152, 152, 221, 246, 0, 0],
].flat();
const MARKER = 0x96;
const MASK_BITS = 16;
const DISPLAY_SECONDS = 5;
/** The CAN bus is wired so that addresses are board numbers; the other wiring has no room for 24 boards. */
const BACKPLANE_VERSION = 1;
/** Where boards are without a backplane: 192.168.240.0, gateway 192.168.240.254. */
const GATEWAY = Uint8Array.of(192, 168, 240, 254);

/** What the firmware believes of the frame. `isPresent`: there is a backplane that says so. */
export function frameData(frame: number, isPresent: boolean): Uint8Array {
  const data = eepromLayout.encode({
    marker: MARKER,
    backplaneVersion: isPresent ? BACKPLANE_VERSION : 0,
    frame,
    gateway: GATEWAY,
    maskBits: MASK_BITS,
    displaySeconds: DISPLAY_SECONDS,
    limits: Uint8Array.from(LIMITS),
  });
  if (isPresent) seal(data);
  return data;
}

/** The memory of the device. */
export class BackplaneEeprom {
  private readonly bytes = new Uint8Array(EEPROM_BYTES).fill(0xff);

  constructor(data: Uint8Array) {
    this.bytes.set(data);
  }

  read(address: number, length: number): Uint8Array {
    return Uint8Array.from({ length }, (_, index) => this.at(address + index));
  }

  /** Writes pages of 16 bytes; a page that does not begin at its start wraps within itself. */
  write(address: number, data: Uint8Array): void {
    data.forEach((byte, index) => {
      const page = address + index - (index % PAGE_BYTES);
      const start = page - (page % PAGE_BYTES);
      this.bytes[(start + ((page + (index % PAGE_BYTES)) % PAGE_BYTES)) % EEPROM_BYTES] = byte;
    });
  }

  private at(address: number): number {
    return this.bytes[address % EEPROM_BYTES] as number;
  }
}
