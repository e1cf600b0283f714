/*
 * What a core does between pieces of translated code, in WebAssembly: slices and interrupts, the registers of its devices
 * that programs use most, and its way from one piece to the next. Nothing here is done otherwise than by the TypeScript of
 * ../src/arm and ../src/peripherals, which works on the same words and does all that is rare; what is not said here is
 * said there, in functions of the same names.
 */
#include "memory.h"
#include "packets.h"

static inline int32 is_asleep(Core *core) {
  return !WORD(Started) || (!is_requesting(core) && (WORD(Asleep) || NUMBER(DelayEnd) > NUMBER(Cycle)));
}

/*
 * Runs those of a chip's cores that have not reached a time, one after the other, for ../src/machine/scheduler.ts. Cores
 * are bits; their states and the times that they have reached are found by their numbers. Tells 0, or which cores are left
 * when the first of them is to be run otherwise, or has been run and something waits for that, which `Finished` tells.
 * `Slept` gets who sleeps.
 */
EXPORT("run_cores") uint32 run_cores(Core **cores, double *reached, uint32 to_run, double until, double limit) {
  STATE(Slept) = 0;
  STATE(Finished) = 0;
  for (; to_run != 0; to_run &= to_run - 1) {
    int32 number = __builtin_ctz(to_run);
    if (reached[number] >= until) continue;
    Core *core = cores[number];
    if (core == 0 || !WORD(Plain) || INBOX(RingAddress) == 0) return to_run;
    STATE(Number) = number;
    int32 awaits_packet = run_taking_packets(core, until, limit);
    reached[number] = core_time(core);
    if (COLD(STATE(Deferred))) {
      STATE(Finished) = awaits_packet ? FINISHED_AWAITING : FINISHED;
      return to_run;
    }
    if (!awaits_packet && is_asleep(core)) STATE(Slept) |= 1 << number;
  }
  return 0;
}
