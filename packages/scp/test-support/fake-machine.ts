/**
 * A machine of a few chips for tests: memory, cores that change state at once, one application's
 * tables. It answers through the same command kinds that hosts use, so golden bytes elsewhere check
 * those.
 */
import type { ChipAddress } from '../src/addresses.js';
import { Allocate } from '../src/commands/allocation.js';
import {
  ApplicationRun,
  type decodeSignal,
  FloodFillData,
  NearestNeighbourPacket,
  SendSignal,
  Signal,
} from '../src/commands/application.js';
import { Led } from '../src/commands/board.js';
import type { CommandKind, RequestBody } from '../src/commands/command.js';
import { Count, Information, Version } from '../src/commands/information.js';
import { Fill, Read, Write } from '../src/commands/memory.js';
import { Router } from '../src/commands/routing.js';
import { IpTagCommand, type IpTagReply } from '../src/commands/tags.js';
import { ipTagLayout, routingRecordLayout } from '../src/memory/records.js';
import { systemVariables } from '../src/memory/system-variables.js';
import { CoreState, vcpuField } from '../src/memory/vcpu.js';
import { decodeScpRequest, replyDatagram } from '../src/messages/scp.js';
import { decodeSdp, replyHeader } from '../src/messages/sdp.js';
import type { Transport } from '../src/transport/transport.js';

const PAGE = 4096;
const STAGING = 0x67800000;
const ROUTER_COPY = 0x67880020;
const NO_TAG = ipTagLayout.decode(new Uint8Array(ipTagLayout.size));

/** Memory of 4 GB that costs only what is used. */
export class SparseMemory {
  private readonly pages = new Map<number, Uint8Array>();

  read(address: number, length: number): Uint8Array {
    return Uint8Array.from({ length }, (_, index) => {
      const at = address + index;
      return this.pages.get(Math.floor(at / PAGE))?.[at % PAGE] ?? 0;
    });
  }

  write(address: number, bytes: Uint8Array): void {
    bytes.forEach((byte, index) => {
      const at = address + index;
      const key = Math.floor(at / PAGE);
      const page = this.pages.get(key) ?? new Uint8Array(PAGE);
      this.pages.set(key, page);
      page[at % PAGE] = byte;
    });
  }

  writeWord(address: number, value: number): void {
    this.write(address, Uint8Array.of(value, value >>> 8, value >>> 16, value >>> 24));
  }
}

/** One chip. */
export class FakeChip {
  readonly memory = new SparseMemory();
  readonly states = Array.from({ length: 18 }, () => CoreState.Idle as number);
  readonly appIds = new Array<number>(18).fill(0);
  readonly tags = Array.from({ length: 16 }, () => NO_TAG);
  readonly leds: (readonly number[])[] = [];
  startedImage: Uint8Array | undefined;
  /** State that started cores come to. */
  startState: number = CoreState.Run;
  private nextSdram = 0x60640000;
  private nextEntry = 1;

  constructor(
    readonly machine: FakeMachine,
    readonly address: ChipAddress,
  ) {
    this.memory.writeWord(systemVariables.sdramSystem.address, STAGING);
    this.memory.writeWord(systemVariables.routerCopy.address, ROUTER_COPY);
    this.memory.writeWord(systemVariables.iobufBytes.address, 16384);
    this.memory.write(systemVariables.p2pDimensions.address, Uint8Array.of(2, 2));
    for (let entry = 0; entry <= 1024; entry++) this.setRoute(entry, 0xff000000, 0xffffffff, 0, 0);
    this.setState(0, CoreState.Run, 0);
  }

  handle(command: number, body: RequestBody): Uint8Array {
    for (const attempt of this.handlers) {
      const payload = attempt(command, body);
      if (payload) return payload;
    }
    throw new Error(`the fake machine does not know command ${command}`);
  }

  setState(core: number, state: number, appId: number): void {
    this.states[core] = state;
    this.appIds[core] = appId;
    this.memory.write(vcpuField(core, 'state').address, Uint8Array.of(state, appId));
  }

  private readonly handlers = [
    on(Read, ({ address, length }) => this.memory.read(address, length)),
    on(Write, ({ address, data }) => this.memory.write(address, data)),
    on(Fill, ({ address, value, length }) => {
      for (let at = 0; at < length; at += 4) this.memory.writeWord(address + at, value);
    }),
    on(Version, () => ({
      chip: this.machine.booted ? this.address : { x: 255, y: 255 },
      physicalCore: 1,
      virtualCore: 0,
      dataBytes: 256,
      buildTime: 1_700_000_000,
      name: 'SC&MP/SpiNNaker',
      version: '4.0.0',
    })),
    on(Information, () => ({
      coreCount: 18,
      links: 0x3f,
      freeRoutingEntries: 1024 - this.nextEntry,
      ethernetUp: this.address.x === 0 && this.address.y === 0,
      freeSdram: 0x67800000 - this.nextSdram,
      freeSystemRam: 20000,
      coreStates: this.states,
      ethernetChip: { x: 0, y: 0 },
      ip: this.address.x === 0 && this.address.y === 0 ? '127.0.0.2' : undefined,
      parentLink: 7,
    })),
    on(Count, ({ appId, state }) => [this.machine.count(appId, state)]),
    on(Allocate, (request): number[] => {
      if (request.operation === 'allocateSdram') return [this.allocate(request.size)];
      if (request.operation === 'allocateRoutingEntries')
        return [this.allocateEntries(request.count)];
      if (request.operation === 'sdramSpace') return [1000, 900];
      return [1];
    }),
    on(Router, (request): number[] => {
      if (request.operation === 'clearAll') {
        for (let entry = 1; entry < 1024; entry++)
          this.setRoute(entry, 0xff000000, 0xffffffff, 0, 0);
      }
      if (request.operation === 'load') this.load(request);
      return [];
    }),
    on(IpTagCommand, (request): IpTagReply => {
      if (request.operation === 'set') {
        const { udpPort, ip } = request.settings;
        const address = Uint8Array.from(ip.split('.').map(Number));
        this.tags[request.tag] = { ...NO_TAG, flags: 0x8000, transmitPort: udpPort, ip: address };
        return { operation: 'set', tag: request.tag };
      }
      if (request.operation === 'get') {
        return {
          operation: 'get',
          tags: this.tags.slice(request.tag, request.tag + request.count),
        };
      }
      if (request.operation === 'clear') this.tags[request.tag] = NO_TAG;
      return { operation: 'clear' };
    }),
    on(Led, ({ actions }) => {
      this.leds.push(actions);
    }),
    on(ApplicationRun, ({ appId, wait, cores }) => {
      this.startedImage = this.memory.read(STAGING, 256);
      for (let core = 1; core < 18; core++) {
        if ((cores >>> core) & 1)
          this.setState(core, wait ? CoreState.Wait : this.startState, appId);
      }
    }),
    on(SendSignal, (request) => this.machine.signal(request)),
    on(NearestNeighbourPacket, ({ key, payload }) => this.machine.packets.push([key, payload])),
    on(FloodFillData, ({ address, data }) => this.machine.flood(address, data)),
  ];

  private allocate(size: number): number {
    if (this.nextSdram + size > 0x67800000) return 0;
    const address = this.nextSdram;
    this.nextSdram += size;
    return address;
  }

  private allocateEntries(count: number): number {
    if (this.nextEntry + count > 1024) return 0;
    const first = this.nextEntry;
    this.nextEntry += count;
    return first;
  }

  private load(request: { appId: number; count: number; address: number; offset: number }): void {
    const { size } = routingRecordLayout;
    for (let index = 0; index < request.count; index++) {
      const bytes = this.memory.read(request.address + index * size, size);
      const { next, route, key, mask } = routingRecordLayout.decode(bytes);
      this.setRoute(next + request.offset, route, key, mask, 0x8000 | request.appId);
    }
  }

  private setRoute(entry: number, route: number, key: number, mask: number, free: number): void {
    const record = routingRecordLayout.encode({ next: entry + 1, free, route, key, mask });
    this.memory.write(ROUTER_COPY + entry * routingRecordLayout.size, record);
  }
}

/** Two by two chips behind one transport. */
export class FakeMachine {
  booted = true;
  /** Return codes to answer with instead, first come first served; undefined is a true answer. */
  readonly refusals: (number | undefined)[] = [];
  /** Whether a request gets lost, by its command and first argument. */
  isLost: (command: number, argument: number) => boolean = () => false;
  /** Commands that were carried out. */
  readonly carriedOut: number[] = [];
  readonly packets: [number, number][] = [];
  readonly signals: { signal: number; appId: number; route: number }[] = [];
  /** Chips that a flood fill does not reach. */
  readonly unreached = new Set<FakeChip>();
  private readonly chips = [0, 1, 2, 3].map(
    (place) => new FakeChip(this, { x: place % 2, y: place >> 1 }),
  );

  constructor(private readonly transport: Transport) {
    transport.onDatagram((datagram) => this.receive(datagram));
  }

  chip(x: number, y: number): FakeChip {
    const found = this.chips[x + 2 * y];
    if (!found) throw new Error(`the fake machine has no chip (${x}, ${y})`);
    return found;
  }

  count(appId: number, state: number): number {
    return this.chips.flatMap((chip) =>
      chip.states.filter((at, core) => at === state && chip.appIds[core] === appId),
    ).length;
  }

  signal(request: ReturnType<typeof decodeSignal> & { route: number }): void {
    const { signal, appId, route } = request;
    this.signals.push({ signal, appId, route });
    for (const chip of this.chips) {
      chip.appIds.forEach((id, core) => {
        if (core === 0 || id !== appId) return;
        if (signal === Signal.Start) chip.setState(core, CoreState.Run, appId);
        if (signal === Signal.Stop) chip.setState(core, CoreState.Idle, 0);
      });
    }
  }

  flood(address: number, data: Uint8Array): void {
    for (const chip of this.chips) if (!this.unreached.has(chip)) chip.memory.write(address, data);
  }

  private receive(datagram: Uint8Array): void {
    const message = decodeSdp(datagram);
    const { command, sequence, ...body } = decodeScpRequest(message.data);
    if (this.isLost(command, body.arguments[0])) return;
    const { x, y } = message.destination;
    const chip = x === 255 && y === 255 ? this.chip(0, 0) : this.chip(x, y);
    const refusal = this.refusals.shift();
    const payload = refusal === undefined ? this.carryOut(chip, command, body) : new Uint8Array(0);
    const header = replyHeader(message, chip.address);
    this.transport.send(replyDatagram(header, { code: refusal ?? 0x80, sequence, payload }));
  }

  private carryOut(chip: FakeChip, command: number, body: RequestBody): Uint8Array {
    this.carriedOut.push(command);
    return chip.handle(command, body);
  }
}

type Handler = (command: number, body: RequestBody) => Uint8Array | undefined;

function on<Request, Reply>(
  kind: CommandKind<Request, Reply>,
  act: (request: Request) => Reply,
): Handler {
  return (command, body) =>
    command === kind.code ? kind.encodeReply(act(kind.decodeRequest(body))) : undefined;
}
