/**
 * The conformance suite: what `MachineController` must find on any machine, whatever it is and however it is
 * reached. It needs the machine booted, and leaves it as it was but for what is written to free memory.
 */
import type { Test } from 'tap';
import { testAllocation } from './allocation.js';
import { testBoot } from './boot.js';
import { testDiscovery } from './discovery.js';
import { testErrors } from './errors.js';
import { testLeds } from './leds.js';
import { testLinks } from './links.js';
import { testMemory } from './memory.js';
import { testPrograms } from './programs.js';
import { testRouting } from './routing.js';
import type { Subject } from './subject.js';
import { testTags } from './tags.js';

/** Adds all tests of the suite. */
export function conformance(t: Test, subject: Subject): void {
  testBoot(t, subject);
  testDiscovery(t, subject);
  testMemory(t, subject);
  testAllocation(t, subject);
  testRouting(t, subject);
  testTags(t, subject);
  testPrograms(t, subject);
  testLinks(t, subject);
  testLeds(t, subject);
  testErrors(t, subject);
}
