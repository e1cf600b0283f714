/**
 * The system variables ("sv") of a chip: 256 bytes of System RAM in which the monitor keeps its
 * state. Source: spinnaker_tools 4.0 `spinnaker.h` `sv_t`.
 */
import {
  byte,
  bytes,
  half,
  longWord,
  type Place,
  padding,
  signedWord,
  struct,
  word,
} from '../layout/struct.js';

/** Start of the system variables in System RAM, through the unbuffered alias that hosts use. */
export const SYSTEM_VARIABLES_ADDRESS = 0xf5007f00;

/** The system variables as a structure; virtual machines write it, hosts mostly read single fields. */
export const systemVariablesLayout = struct('system variables', {
  /** 0x00 Own address, x << 8 | y. */
  p2pAddress: half,
  /** 0x02 Size of the machine in chips: width << 8 | height. */
  p2pDimensions: half,
  /** 0x04 Chip to which output of IO_STD is sent. */
  debugAddress: half,
  /** 0x06 1 when point-to-point messages work. */
  p2pUp: byte,
  /** 0x07 Last identifier of a nearest-neighbour packet. */
  lastId: byte,
  /** 0x08 Address of the nearest ethernet chip. */
  ethernetAddress: half,
  /** 0x0a Board type, 1 to 5; the host sets it at boot. */
  hardwareVersion: byte,
  /** 0x0b 1 when the ethernet link is up. */
  ethernetUp: byte,
  /** 0x0c How often each broadcast of point-to-point routes is repeated. */
  p2pBroadcastRepeats: byte,
  /** 0x0d Base-2 logarithm of the point-to-point window. */
  p2pSequenceLength: byte,
  /** 0x0e Clock dividers: system in the high nibble, router in the low one. */
  clockDividers: byte,
  /** 0x0f Scale of the time phase; 0 is off. */
  timePhaseScale: byte,
  /** 0x10 Milliseconds since boot. */
  clockMs: longWord,
  /** 0x18 Milliseconds of the current second, 0 to 999. */
  timeMs: half,
  /** 0x1a Period of local time phase control. */
  timePhasePeriod: half,
  /** 0x1c Seconds since 1970; the host sets it at boot. */
  unixTime: word,
  /** 0x20 Router time phase timer. */
  timePhaseTimer: word,
  /** 0x24 Clock of the cores, MHz. */
  coreClockMHz: half,
  /** 0x26 Clock of the SDRAM, MHz. */
  sdramClockMHz: half,
  /** 0x28 Links over which nearest-neighbour packets are passed on. */
  forward: byte,
  /** 0x29 Repeats of nearest-neighbour packets. */
  retry: byte,
  /** 0x2a Time-out of peeks into neighbours, microseconds. */
  peekTimeMicroseconds: byte,
  /** 0x2b 1 shows the load on LED 0; 2 or more is the half period of its blinking, 10 ms. */
  ledPeriod: byte,
  /** 0x2c Ticks of 10 ms without news that end a phase of network initialisation. */
  networkWait: byte,
  /** 0x2d Phase of network initialisation; 255 is done. */
  networkPhase: byte,
  /** 0x2e Address of the root chip. */
  p2pRoot: half,
  /** 0x30 LED map: nibble 0 the number of LEDs, then one GPIO bit per nibble. */
  led0: word,
  /** 0x34 Continues {@link led0}. */
  led1: word,
  /** 0x38 Drift of the clock, ticks per microsecond / 2^17. */
  clockDrift: signedWord,
  /** 0x3c Seed of random numbers; 0 makes one. */
  randomSeed: word,
  /** 0x40 1 on the chip that was booted over ethernet. */
  rootChip: byte,
  /** 0x41 Shared SDP buffers. */
  sdpBuffers: byte,
  /** 0x42 Pause between boot packets to neighbours, microseconds; 0 boots no neighbours. */
  bootDelayMicroseconds: byte,
  /** 0x43 Missed pings after which a core counts as dead; 0 never. */
  softwareWatchdog: byte,
  /** 0x44 Delay of synchronisation signals, microseconds. */
  synchronisationDelayMicroseconds: word,
  /** 0x48 Boot image: words of System RAM for users. Afterwards: the System RAM heap. */
  systemRamHeap: word,
  /** 0x4c Boot image: words of SDRAM for users. Afterwards: the SDRAM heap. */
  sdramHeap: word,
  /** 0x50 Bytes of text in one IOBUF block. */
  iobufBytes: word,
  /** 0x54 Boot image: bytes of system SDRAM. Afterwards: start of the SDRAM buffers. */
  sdramBuffers: word,
  /** 0x58 Words of SDRAM buffer for each core. */
  sdramBufferWords: word,
  /** 0x5c Boot signature; the host sets it at boot. */
  bootSignature: word,
  /** 0x60 Base of memory writes by nearest-neighbour packets. */
  memoryPointer: word,
  /** 0x64 Lock byte. */
  lock: byte,
  /** 0x65 Links that work, one bit each. */
  linksEnabled: byte,
  /** 0x66 Last identifier of a board information flood. */
  lastBoardInformationId: byte,
  /** 0x67 Board test flags. */
  boardTestFlags: byte,
  /** 0x68 Free list of shared message buffers. */
  sharedBuffersFree: word,
  /** 0x6c Shared message buffers in use. */
  sharedBuffersUsed: half,
  /** 0x6e Most shared message buffers ever in use. */
  sharedBuffersMost: half,
  /** 0x70 For users. */
  user0: word,
  /** 0x74 For users. */
  user1: word,
  /** 0x78 For users. */
  user2: word,
  /** 0x7c For users. */
  user3: word,
  /** 0x80 Self-test state of each physical core. */
  statusMap: bytes(20),
  /** 0x94 Virtual core of each physical one; 255 is none. */
  physicalToVirtual: bytes(20),
  /** 0xa8 Physical core of each virtual one; 255 is none. */
  virtualToPhysical: bytes(20),
  /** 0xbc Working cores, monitor included. */
  coreCount: byte,
  /** 0xbd Cores that the boot ROM found. */
  romCoreCount: byte,
  /** 0xbe Place of the chip on its board, x << 8 | y. */
  boardAddress: half,
  /** 0xc0 Start of user SDRAM. */
  sdramBase: word,
  /** 0xc4 Start of user System RAM. */
  systemRamBase: word,
  /** 0xc8 Staging area of 256 KB in SDRAM for program images and tables. */
  sdramSystem: word,
  /** 0xcc Start of the vcpu blocks. */
  vcpuBase: word,
  /** 0xd0 The system heap in SDRAM. */
  systemHeap: word,
  /** 0xd4 Copy of the routing table: 1025 records of 16 bytes. */
  routerCopy: word,
  /** 0xd8 Table of hops to all chips. */
  hopTable: word,
  /** 0xdc Pointers to tagged blocks of SDRAM, index app id << 8 | tag. */
  allocationTags: word,
  /** 0xe0 First free block of routing entries. */
  routerFree: half,
  /** 0xe2 Chips known to the machine. */
  p2pActive: half,
  /** 0xe4 Table of 256 applications, 8 bytes each. */
  applicationData: word,
  /** 0xe8 Shared message buffers. */
  sharedBuffers: word,
  /** 0xec Virtual cores with a message for the monitor, one bit each. */
  mailboxFlags: word,
  /** 0xf0 IPv4 address, in network order. */
  ipAddress: bytes(4),
  /** 0xf4 Fixed route in virtual cores. */
  fixedRoute: word,
  /** 0xf8 Pointer to board information or 0. */
  boardInformation: word,
  /** 0xfc Version: major << 16 | minor << 8 | patch. */
  softwareVersion: word,
});

/** Values of all system variables. */
export type SystemVariables = ReturnType<typeof systemVariablesLayout.decode>;

/** A field with its address in the memory of a chip. */
export interface PlacedField extends Place {
  readonly address: number;
}

/** Address, offset and size of each system variable: `systemVariables.sdramHeap.address`. */
export const systemVariables = Object.fromEntries(
  Object.entries(systemVariablesLayout.places).map(([key, place]) => [
    key,
    { ...place, address: SYSTEM_VARIABLES_ADDRESS + place.offset },
  ]),
) as { readonly [K in keyof SystemVariables]: PlacedField };

/**
 * The serial ROM's block of 32 bytes. It lies over the last 32 bytes of the system variables until
 * the monitor has copied it. Source: spinnaker_tools `spinnaker.h` `srom_data_t`.
 */
export const serialRomLayout = struct('serial ROM data', {
  /** 0x8000 present; 7:4 hardware version; 8 PHY init; 4 PHY reset; 2 wait for PHY; 1 ethernet. */
  flags: half,
  mac: bytes(6),
  ip: bytes(4),
  gateway: bytes(4),
  netMask: bytes(4),
  udpPort: half,
  unused: padding(10),
});
