/* DMA reads from shared memory, one at a time. */
#include "runtime.h"

void (*dma_finished)(void);
volatile uint32_t dma_errors;

INTERRUPT_HANDLER static void done_interrupt(void) {
  DMA_CONTROL = DMA_CLEAR_DONE;
  interrupt_events += 1;
  dma_finished();
  VIC_VECTOR = 0;
}

/* Counts the error and gives the transfer up, so that the batch ends with an error status. */
INTERRUPT_HANDLER static void error_interrupt(void) {
  DMA_CONTROL = DMA_RESET;
  dma_errors += 1;
  interrupt_events += 1;
  dma_finished();
  VIC_VECTOR = 0;
}

void dma_initialise(void) {
  DMA_GLOBAL_CONTROL = 0;
  DMA_CONTROL = DMA_RESET;
  DMA_GLOBAL_CONTROL = DMA_INTERRUPTS;
  interrupt_bind(2, INTERRUPT_DMA_DONE, done_interrupt);
  interrupt_bind(3, INTERRUPT_DMA_ERROR, error_interrupt);
}

void dma_read(void *target, uint32_t source, uint32_t bytes) {
  DMA_SYSTEM_ADDRESS = source;
  DMA_CORE_ADDRESS = (uint32_t)target;
  DMA_DESCRIPTION = DMA_READ_WIDE_BURST16 | bytes;
}
