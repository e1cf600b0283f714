/** Where wasm/core.c finds what it works on, as a C header: made from the constants that TypeScript uses. */
import { WINDOW_NS } from '../core/core.js';
import { CommunicationsWord } from '../peripherals/communications.js';
import { TIMER_WORDS, TimerWord } from '../peripherals/timer.js';
import { InterruptWord, Source } from '../peripherals/vic.js';
import { BLOCKED_POLL_NS } from '../router/timing.js';
import { THUMB_ENTRIES } from './entry-tables.js';
import { DTCM_BYTES, ITCM_BYTES } from './memory.js';
import { Op } from './opcodes.js';
import { DEVICE_CYCLES, POSTED_CYCLES, SHARED_CYCLES } from './private-bus.js';
import {
  ENTRY_CYCLES,
  LONGEST_SLICE,
  NANOSECONDS_PER_CYCLE,
  WINDOW_CYCLES,
} from './slice-times.js';
import { InboxWord, KEPT_WORDS, Kept, SENT, SENT_BYTES, Slot } from './state.js';

const { GeneralDataProcessing, GeneralCoprocessor, GeneralStatus, GeneralBlock } = Op;
const NAMES: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  SLOT_: Slot,
  KEPT_: { ...Kept, ...InterruptWord, ...CommunicationsWord },
  TIMER_: TimerWord,
  INBOX_: InboxWord,
  SOURCE_: Source,
  OP_: { GeneralDataProcessing, GeneralCoprocessor, GeneralStatus, GeneralBlock },
  '': {
    KEPT_WORDS,
    SENT,
    SENT_BYTES,
    TIMER_WORDS,
    FIRST_TIMER_SOURCE: Source.Timer1,
    ITCM_BYTES,
    DTCM_BYTES,
    THUMB_ENTRIES,
    DEVICE_CYCLES,
    SHARED_CYCLES,
    POSTED_CYCLES,
    WINDOW_CYCLES,
    ENTRY_CYCLES,
    LONGEST_SLICE,
    NANOSECONDS_PER_CYCLE,
    WINDOW_NS,
    BLOCKED_POLL_NS,
  },
};

/** The header. */
export function layoutHeader(): string {
  const lines = Object.entries(NAMES).flatMap(([prefix, values]) =>
    Object.entries(values).map(([name, value]) => `#define ${prefix}${name} ${value}\n`),
  );
  return lines.join('');
}
