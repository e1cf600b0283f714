/* Sleeping until interrupts have counted something, and DMA transfers that the worker sleeps for. */
#include "machine.h"

#define DMA_WIDE_BURST16 ((1u << 24) | (4u << 21)) /* 64-bit wide, bursts of 2^4 */
#define DMA_TO_SYSTEM (1u << 19)

static volatile uint32_t started, finished;

static void note_finished(void) {
  finished += 1;
}

void transfer_setup(void) {
  dma_finished = note_finished;
}

bool sleep_until(const volatile uint32_t *count, uint32_t wanted) {
  bool given_up = false;
  rest_begin();
  uint32_t previous = interrupts_disable();
  while ((int32_t)(*count - wanted) < 0 && !given_up) {
    wait_for_interrupt();
    interrupts_restore(previous);
    interrupts_disable();
    given_up = receive_table.pending[0] != 0;
  }
  interrupts_restore(previous);
  rest_end();
  return (int32_t)(*count - wanted) >= 0;
}

/* Interrupts are off, so that the timer cannot end before the core sleeps. The send interrupt then stops it. */
void doze(uint32_t cycles) {
  rest_begin();
  uint32_t previous = interrupts_disable();
  TIMER1_LOAD = cycles;
  TIMER1_CONTROL = TIMER_PERIODIC_INTERRUPT;
  wait_for_interrupt();
  interrupts_restore(previous);
  rest_end();
}

static void transfer(uint32_t system, uint32_t core, uint32_t description) {
  started += 1;
  DMA_SYSTEM_ADDRESS = system;
  DMA_CORE_ADDRESS = core;
  DMA_DESCRIPTION = DMA_WIDE_BURST16 | description;
  while (!sleep_until(&finished, started)) {
  }
}

void transfer_in(void *to, uint32_t address, uint32_t bytes) {
  transfer(address, (uint32_t)to, bytes);
}

void transfer_out(uint32_t address, const void *from, uint32_t bytes) {
  transfer(address, (uint32_t)from, DMA_TO_SYSTEM | bytes);
}
