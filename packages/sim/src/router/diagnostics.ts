/**
 * The 16 diagnostic counters of a router and the filters that say what each counts. SpiNN-2 data sheet,
 * chapter on the router.
 */

/** Counters of a router. */
export const COUNTERS = 16;

/** What the monitor sets: multicast, point-to-point, nearest-neighbour and fixed-route packets, from
 * this chip and from others; then the dropped ones of each kind. Source: SC&MP 4.0. */
export const DEFAULT_FILTERS: readonly number[] = [
  0x01fe7cf1, 0x01febcf1, 0x01fe7cf2, 0x01febcf2, 0x01fe7cf4, 0x01febcf4, 0x01fe7cf8, 0x01febcf8,
  0x0001fcf1, 0x0001fcf2, 0x0001fcf4, 0x0001fcf8, 0, 0, 0, 0,
];

/** Bits of a packet's class: kind in 1:0, then these. */
export const PacketClass = { Local: 4, DefaultRouted: 8, Payload: 16 } as const;
/** Where a class has the packet's emergency field, two bits. */
export const EMERGENCY_FIELD_SHIFT = 5;
const CLASSES = 128;

/** Destinations as filters name them. */
const DUMPED = 1 << 16;
const LOCAL_CORE = 1 << 17;
const LOCAL_MONITOR = 1 << 18;
const FIRST_LINK = 19;
const DESTINATIONS = 0x1ff << 16;
const SETTINGS = 0x41ffffff;

/** Counts packets by the filters. */
export class Diagnostics {
  readonly counters = new Uint32Array(COUNTERS);
  private readonly filters = new Uint32Array(COUNTERS);
  private enabled = 0;
  /** For each class of packets, the counters whose filter it may pass. */
  private candidates: Candidates | undefined;

  filter(counter: number): number {
    return this.filters[counter] as number;
  }

  setFilter(counter: number, filter: number): void {
    this.filters[counter] = filter & SETTINGS;
    this.candidates = undefined;
  }

  /** Register 0x2c: enables in 15:0; a 1 in 31:16 resets a counter. */
  get control(): number {
    return this.enabled;
  }

  set control(value: number) {
    this.enabled = value & 0xffff;
    for (let counter = 0; counter < COUNTERS; counter++) {
      if (((value >>> (16 + counter)) & 1) === 1) this.counters[counter] = 0;
    }
    this.candidates = undefined;
  }

  /**
   * Counts packets of one class that were sent on.
   *
   * @param packetClass kind and bits of {@link PacketClass}
   * @param outputs links in 5:0, physical cores in 23:6
   * @param monitor physical number of the monitor
   */
  sent(packetClass: number, outputs: number, monitor: number, packets = 1): void {
    const monitorBit = 1 << (6 + monitor);
    const destinations =
      ((outputs & 0x3f) << FIRST_LINK) |
      ((outputs & monitorBit) !== 0 ? LOCAL_MONITOR : 0) |
      ((outputs & 0xffffc0 & ~monitorBit) !== 0 ? LOCAL_CORE : 0);
    this.count(packetClass, destinations, packets);
  }

  /** Counts a packet that was dropped. */
  dropped(packetClass: number): void {
    this.count(packetClass, DUMPED, 1);
  }

  private count(packetClass: number, destinations: number, packets: number): void {
    const { counters, filters } = this;
    this.candidates ??= candidatesOf(this.filters, this.enabled);
    for (const counter of this.candidates[packetClass] as readonly number[]) {
      if (((filters[counter] as number) & destinations) !== 0) {
        counters[counter] = (counters[counter] as number) + packets;
      }
    }
  }
}

type Candidates = readonly (readonly number[])[];

/** What was found last: almost all routers of a machine have the same filters. */
let latest: { readonly settings: string; readonly candidates: Candidates } | undefined;

/** For each class of packets, the counters whose filter it may pass. */
function candidatesOf(filters: Uint32Array, enabled: number): Candidates {
  const settings = `${enabled} ${filters}`;
  if (latest?.settings === settings) return latest.candidates;
  const counters = Array.from({ length: COUNTERS }, (_, counter) => counter);
  const candidates = Array.from({ length: CLASSES }, (_, packetClass) =>
    counters.filter(
      (counter) =>
        ((enabled >>> counter) & 1) === 1 && passes(filters[counter] as number, packetClass),
    ),
  );
  latest = { settings, candidates };
  return candidates;
}

/** Whether a filter lets packets of a class pass, apart from where they go. */
function passes(filter: number, packetClass: number): boolean {
  const kind = 1 << (packetClass & 3);
  const emergencyField = 1 << (4 + (packetClass >>> EMERGENCY_FIELD_SHIFT));
  const routed = (packetClass & PacketClass.DefaultRouted) !== 0 ? 1 << 10 : 1 << 11;
  const payload = (packetClass & PacketClass.Payload) !== 0 ? 1 << 12 : 1 << 13;
  const source = (packetClass & PacketClass.Local) !== 0 ? 1 << 14 : 1 << 15;
  const wanted = kind | emergencyField | routed | payload | source;
  return (filter & wanted) === wanted && (filter & DESTINATIONS) !== 0;
}
