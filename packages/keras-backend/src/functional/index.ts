export { createFunctionalEngine } from './engine.js';
