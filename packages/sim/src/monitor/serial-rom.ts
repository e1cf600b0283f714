/**
 * The serial ROM beside an ethernet chip, a 25AA1024: what CMD_SROM reads and writes. Its first bytes tell
 * the boot ROM to put the board's network settings into System RAM; the rest is erased. Source:
 * `spinn_srom.c` and `srom_data_t` of spinnaker_tools 4.0, `srom_init` of its ybug; data sheet of the 25AA1024.
 */
import { SCP_PORT, type SerialRomRequest } from '@spin-tools/scp';

const BYTES = 0x20000;
const PAGE_BYTES = 256;
const SECTOR_BYTES = 0x8000;
const ERASED = 0xff;
/** Command bytes. */
const Operation = {
  WriteStatus: 0x01,
  Write: 0x02,
  Read: 0x03,
  WriteDisable: 0x04,
  ReadStatus: 0x05,
  WriteEnable: 0x06,
  PageErase: 0x42,
  Identify: 0xab,
  ChipErase: 0xc7,
  SectorErase: 0xd8,
} as const;
const ADDRESS_BITS = 24;
const COMMAND_BITS = 8;
/** Status bit: writes are enabled. */
const WRITE_ENABLED = 2;
/** What the ROM says it is. */
const IDENTITY = 0x29;
/** First words: load 8 words, to the place of the network settings. Last word: the end. */
const LOAD_WORDS = 0x553a0008;
const SETTINGS_ADDRESS = 0xf5007fe0;
const END_OF_LIST = 0xaaaaaaaa;
/** There is an ethernet, and these are its settings. */
const SETTINGS_FLAGS = 0x8001;
const MAC_PREFIX = [0x02, 0x00];
const MASK = [255, 255, 0, 0];
/** Host number of the gateway on the board's network. */
export const GATEWAY = 254;

/** One serial ROM. */
export class SerialRom {
  private bytes: Uint8Array | undefined;
  private isWritable = false;

  /**
   * @param hardware board type, 0 to 15
   * @param ip IPv4 address of the board, four bytes
   */
  constructor(
    private readonly hardware: number,
    private readonly ip: Uint8Array,
  ) {}

  /** Carries out a command; what was read, in as many bytes as were asked for. */
  access(request: SerialRomRequest): Uint8Array {
    if (request.writeEnable) this.isWritable = true;
    const operation = request.command >>> 24;
    if (request.write) {
      if (operation === Operation.Write) this.write(addressOf(request), request.data);
      if (operation === Operation.WriteStatus) this.isWritable = false;
    }
    this.erase(operation, addressOf(request));
    return request.write ? new Uint8Array(0) : this.read(operation, request);
  }

  private read(operation: number, request: SerialRomRequest): Uint8Array {
    const { length } = request;
    switch (operation) {
      case Operation.Read: {
        const start = addressOf(request);
        return Uint8Array.from(
          { length },
          (_, index) => this.content[(start + index) % BYTES] ?? 0,
        );
      }
      case Operation.ReadStatus:
        return new Uint8Array(length).fill(this.isWritable ? WRITE_ENABLED : 0);
      case Operation.Identify:
        return new Uint8Array(length).fill(IDENTITY);
      default:
        return new Uint8Array(length);
    }
  }

  /** Bytes past the end of a page go to its beginning. */
  private write(address: number, data: Uint8Array): void {
    if (!this.isWritable) return;
    const page = address - (address % PAGE_BYTES);
    data.forEach((byte, index) => {
      this.content[page + ((address + index) % PAGE_BYTES)] = byte;
    });
    this.isWritable = false;
  }

  private erase(operation: number, address: number): void {
    const size = {
      [Operation.PageErase]: PAGE_BYTES,
      [Operation.SectorErase]: SECTOR_BYTES,
      [Operation.ChipErase]: BYTES,
    }[operation];
    if (operation === Operation.WriteEnable) this.isWritable = true;
    if (operation === Operation.WriteDisable) this.isWritable = false;
    if (size === undefined || !this.isWritable) return;
    const start = address - (address % size);
    this.content.fill(ERASED, start, start + size);
    this.isWritable = false;
  }

  private get content(): Uint8Array {
    if (this.bytes === undefined) {
      this.bytes = new Uint8Array(BYTES).fill(ERASED);
      this.bytes.set(this.settings());
    }
    return this.bytes;
  }

  /** Words are stored with their highest byte first. */
  private settings(): Uint8Array {
    const image = new Uint8Array(44);
    const view = new DataView(image.buffer);
    const mac = [...MAC_PREFIX, ...this.ip];
    const block = new DataView(new ArrayBuffer(32));
    block.setUint16(0, SETTINGS_FLAGS | (this.hardware << 4), true);
    const gateway = [...this.ip.subarray(0, 3), GATEWAY];
    [...mac, ...this.ip, ...gateway, ...MASK].forEach((byte, index) => {
      block.setUint8(2 + index, byte);
    });
    block.setUint16(20, SCP_PORT, true);
    view.setUint32(0, LOAD_WORDS);
    view.setUint32(4, SETTINGS_ADDRESS);
    for (let word = 0; word < 8; word++)
      view.setUint32(8 + 4 * word, block.getUint32(4 * word, true));
    view.setUint32(40, END_OF_LIST);
    return image;
  }
}

/** The bits of a request after the command byte. */
function addressOf({ command, commandBits }: SerialRomRequest): number {
  const bits = Math.min(ADDRESS_BITS, Math.max(0, commandBits - COMMAND_BITS));
  return bits === 0 ? 0 : ((command & 0xffffff) >>> (ADDRESS_BITS - bits)) % BYTES;
}
