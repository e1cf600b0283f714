/* DMA transfers that the worker sleeps for. */
#include "machine.h"

#define DMA_WIDE_BURST16 ((1u << 24) | (4u << 21)) /* 64-bit wide, bursts of 2^4 */
#define DMA_TO_SYSTEM (1u << 19)

static volatile uint32_t finished;

static void note_finished(void) {
  finished = 1;
}

void transfer_setup(void) {
  dma_finished = note_finished;
}

static void transfer(uint32_t system, uint32_t core, uint32_t description) {
  finished = 0;
  DMA_SYSTEM_ADDRESS = system;
  DMA_CORE_ADDRESS = core;
  DMA_DESCRIPTION = DMA_WIDE_BURST16 | description;
  rest_begin();
  uint32_t previous = interrupts_disable();
  while (!finished) {
    wait_for_interrupt();
    interrupts_restore(previous);
    interrupts_disable();
  }
  interrupts_restore(previous);
  rest_end();
}

void transfer_in(void *to, uint32_t address, uint32_t bytes) {
  transfer(address, (uint32_t)to, bytes);
}

void transfer_out(uint32_t address, const void *from, uint32_t bytes) {
  transfer(address, (uint32_t)from, DMA_TO_SYSTEM | bytes);
}
