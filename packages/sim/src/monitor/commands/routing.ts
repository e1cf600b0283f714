/** CMD_RTR: the multicast table and the fixed route. Source: `cmd_rtr`, `sark_hw.c`. */
import {
  ReturnCode,
  ROUTER_ENTRIES,
  Router,
  type RouterRequest,
  routingRecordLayout,
} from '@spin-tools/scp';
import { Refusal } from '../refusal.js';
import type { ChipMonitor } from '../world.js';
import { command } from './command.js';

export const routingCommands = [command(Router, route)];

const RECORD_BYTES = routingRecordLayout.size;
const ROUTE_MASK = 0xffffff;

function route(monitor: ChipMonitor, request: RouterRequest): readonly number[] {
  const { entries, memory } = monitor;
  switch (request.operation) {
    case 'clearAll':
      entries.clearAll();
      return [];
    case 'clear':
      entries.clearRange(request.first, request.count);
      return [];
    case 'load':
      load(monitor, request);
      return [];
    case 'getFixedRoute':
      return [memory.variable('fixedRoute')];
    case 'setFixedRoute': {
      memory.setVariable('fixedRoute', request.route);
      monitor.chip.setFixedRoute(monitor.cores.toPhysicalRoute(request.route));
      return [];
    }
  }
}

/** The application of an entry is that of the request and of the top byte of its route together. */
function load(
  monitor: ChipMonitor,
  { address, offset, appId, count }: RouterRequest & { operation: 'load' },
): void {
  const first = routingRecordLayout.decode(monitor.memory.bytes(address, RECORD_BYTES));
  const records = count === 0 ? first.free : count;
  if (records > ROUTER_ENTRIES) throw new Refusal(ReturnCode.Argument);
  const bytes = monitor.memory.bytes(address, records * RECORD_BYTES);
  for (let index = 0; index < records; index++) {
    const record = routingRecordLayout.decode(bytes, index * RECORD_BYTES);
    const entry = (record.next + offset) >>> 0;
    if (entry >= ROUTER_ENTRIES) throw new Refusal(ReturnCode.Argument);
    const owner = (appId + (record.route >>> 24)) & 0xff;
    monitor.entries.set(entry, { ...record, route: record.route & ROUTE_MASK }, owner);
  }
}
