export { BmpFrame, type BmpFrameOptions, type BmpStatistics } from './frame.js';
export type { BmpClock, BoardSwitches } from './switches.js';
