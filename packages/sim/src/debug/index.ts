export type { CoreChoice } from './attach.js';
export { DebuggedCore, NoProgramError } from './core.js';
export { MachineDebugger, type Stop } from './debugger.js';
export {
  type DisassembledInstruction,
  type DisassemblyOptions,
  disassemble,
  disassembleOne,
  withReference,
} from './disassembly/disassemble.js';
export {
  ElfError,
  type ElfFile,
  type ElfSection,
  type ElfSegment,
  type ElfSymbol,
  readElf,
} from './elf.js';
export { aplxOfElf } from './elf-image.js';
export type { StopReason, WatchKind, Watchpoint } from './follower.js';
export { MemoryError } from './memory-view.js';
export { type AddressCost, type Cost, Profile, type SymbolCost } from './profile.js';
export { BANKED_REGISTERS, CORE_REGISTERS, RegisterError } from './registers.js';
export { type CodeKind, type NamedRange, SymbolTable } from './symbols.js';
export {
  formatTraceEntry,
  type InstructionTrace,
  type RegisterChange,
  type TraceEntry,
  type TraceOptions,
  traceInstructions,
} from './trace.js';
