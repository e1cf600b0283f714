export { BmpFrame } from './frame.js';
export type { BoardSwitches } from './switches.js';
