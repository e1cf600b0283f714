/*
 * Moves 4,096 bytes from data memory to SDRAM and back, two transfers queued at a time, then one to where
 * there is no memory. user0: words that differ; user1: cycles for the way out; user2: cycles for the way back;
 * user3: done interrupts (15:0) and error interrupts (31:16).
 */
#include "runtime.h"

const char program_name[16] = "dma";
enum { WORDS = 1024, HALF_BYTES = 2 * WORDS, NOWHERE = 0x50000000 };

static uint32_t there[WORDS], back[WORDS];
static volatile uint32_t done, errors;

static void count_done(uint32_t interrupted) {
  (void)interrupted;
  DMA_CONTROL = 1 << 3;
  done++;
}

static void count_error(uint32_t interrupted) {
  (void)interrupted;
  DMA_CONTROL = (1 << 1) | (1 << 2);
  errors++;
}

static void transfer(uint32_t system, void *local, uint32_t direction, uint32_t bytes) {
  DMA_SYSTEM_ADDRESS = system;
  DMA_CORE_ADDRESS = (uint32_t)local;
  DMA_DESCRIPTION = DMA_FAST | direction | bytes;
}

/* Two halves, queued one behind the other; gives the cycles that they take. */
static uint32_t move(uint32_t system, uint32_t *local, uint32_t direction) {
  uint32_t before = done;
  uint32_t start = TIMER_VALUE(1);
  transfer(system, local, direction, HALF_BYTES);
  transfer(system + HALF_BYTES, local + WORDS / 2, direction, HALF_BYTES);
  while (done < before + 2) wait_for_interrupt();
  return start - TIMER_VALUE(1);
}

void main(void) {
  uint32_t sdram = SDRAM_BUFFERS + core * 4 * SDRAM_BUFFER_WORDS;
  TIMER_LOAD(1) = 0xffffffff;
  TIMER_CONTROL(1) = TIMER_FREE;
  DMA_GLOBAL_CONTROL = (3u << 10) | (1u << 15);
  on_interrupt(SOURCE_DMA_DONE, 0, count_done);
  on_interrupt(SOURCE_DMA_ERROR, 1, count_error);
  for (uint32_t index = 0; index < WORDS; index++) there[index] = index * 0x9e3779b9 ^ core;
  block->user[1] = move(sdram, there, DMA_TO_SYSTEM);
  block->user[2] = move(sdram, back, 0);
  uint32_t different = 0;
  for (uint32_t index = 0; index < WORDS; index++) different += back[index] != there[index];
  block->user[0] = different;
  transfer(NOWHERE, there, 0, 64);
  while (errors == 0) wait_for_interrupt();
  block->user[3] = done | errors << 16;
}
