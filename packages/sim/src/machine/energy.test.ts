import t from 'tap';
import { type EnergyInputs, energy } from './energy.js';

const idle: EnergyInputs = {
  timeNs: 2e9,
  boards: 1,
  chips: 48,
  awakeNs: 0,
  packetsSent: 0,
  linkPackets: 0,
  boardCrossings: 0,
};

const close = (found: number, wanted: number): boolean => Math.abs(found - wanted) < 1e-9;

t.test('an idle board takes 0.36 W a chip and nothing else', async (t) => {
  const estimate = energy(idle);
  t.ok(close(estimate.joules, 48 * 0.36 * 2));
  t.equal(estimate.coreJoules, 0);
  t.equal(estimate.fpgaJoules, 0);
});

t.test('a chip whose 18 cores are awake takes 1 W', async (t) => {
  const estimate = energy({ ...idle, chips: 1, awakeNs: 18 * 2e9 });
  t.ok(close(estimate.joules, 2));
});

t.test('packets cost at the first router and at every hop', async (t) => {
  const estimate = energy({ ...idle, packetsSent: 1000, linkPackets: 3000, boardCrossings: 500 });
  t.ok(close(estimate.packetJoules, 4500 * 0.8e-9));
});

t.test('boards that are joined power their FPGAs', async (t) => {
  const estimate = energy({ ...idle, boards: 3, chips: 144 });
  t.ok(close(estimate.fpgaJoules, 3 * 3 * 0.584635 * 2));
});
