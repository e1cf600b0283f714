export { BmpFrame, type BmpStatistics, newBmpStatistics } from './frame.js';
export type { BoardSwitches } from './switches.js';
