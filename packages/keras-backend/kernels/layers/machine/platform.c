/* What operations ask of the machine: a replica's memory in SDRAM, and the other workers of the chip. */
#include "../platform.h"
#include "machine.h"

/* Shorter copies are quicker word by word than by DMA. */
#define SHORTEST_TRANSFER 32u
/* A DMA transfer has at most 2^17 - 8 bytes. */
#define LONGEST_TRANSFER 65536u

extern uint8_t arena_start[], arena_end[];
uint8_t *arena = arena_start;
uint32_t arena_bytes = LIMIT_ARENA_BYTES;

static uint32_t passed; /* arrivals of the barriers so far */

static void copy_in(uint8_t *to, uint32_t address, uint32_t bytes) {
  for (; bytes != 0; bytes -= 2, address += 2, to += 2) {
    *(uint16_t *)to = *(volatile uint16_t *)address;
  }
}

static void copy_out(uint32_t address, const uint8_t *from, uint32_t bytes) {
  for (; bytes != 0; bytes -= 2, address += 2, from += 2) {
    *(volatile uint16_t *)address = *(const uint16_t *)from;
  }
}

static void copy_words_in(uint32_t *to, uint32_t address, uint32_t bytes) {
  for (; bytes != 0; bytes -= 4, address += 4) {
    *to++ = *(volatile uint32_t *)address;
  }
}

static void copy_words_out(uint32_t address, const uint32_t *from, uint32_t bytes) {
  for (; bytes != 0; bytes -= 4, address += 4) {
    *(volatile uint32_t *)address = *from++;
  }
}

/* Both sides are words apart: long copies go by DMA, what is left word by word. */
static void aligned_in(uint8_t *to, uint32_t address, uint32_t bytes) {
  while (bytes >= SHORTEST_TRANSFER) {
    uint32_t part = bytes < LONGEST_TRANSFER ? bytes & ~3u : LONGEST_TRANSFER;
    transfer_in(to, address, part);
    to += part;
    address += part;
    bytes -= part;
  }
  copy_words_in((uint32_t *)to, address, bytes & ~3u);
  copy_in(to + (bytes & ~3u), address + (bytes & ~3u), bytes & 2u);
}

static void aligned_out(uint32_t address, const uint8_t *from, uint32_t bytes) {
  while (bytes >= SHORTEST_TRANSFER) {
    uint32_t part = bytes < LONGEST_TRANSFER ? bytes & ~3u : LONGEST_TRANSFER;
    transfer_out(address, from, part);
    from += part;
    address += part;
    bytes -= part;
  }
  copy_words_out(address, (const uint32_t *)from, bytes & ~3u);
  copy_out(address + (bytes & ~3u), from + (bytes & ~3u), bytes & 2u);
}

void fetch(void *target, uint32_t offset, uint32_t bytes) {
  uint8_t *to = target;
  uint32_t address = config.memory + offset;
  if (((uint32_t)to ^ address) & 2u) {
    copy_in(to, address, bytes);
    return;
  }
  if (bytes != 0 && (address & 2u)) {
    copy_in(to, address, 2);
    to += 2;
    address += 2;
    bytes -= 2;
  }
  aligned_in(to, address, bytes);
}

void store(uint32_t offset, const void *source, uint32_t bytes) {
  const uint8_t *from = source;
  uint32_t address = config.memory + offset;
  if (((uint32_t)from ^ address) & 2u) {
    copy_out(address, from, bytes);
    return;
  }
  if (bytes != 0 && (address & 2u)) {
    copy_out(address, from, 2);
    from += 2;
    address += 2;
    bytes -= 2;
  }
  aligned_out(address, from, bytes);
}

void fail(void) {
  print("layers: a schedule does not fit this program\n");
  run_time_error(ERROR_SOFTWARE);
}

/* Reads what was written last, so that posted writes have arrived before the others are told. */
static void drain_writes(void) {
  (void)*(volatile uint32_t *)config.memory;
}

void send_now(uint32_t key, uint32_t payload) {
  while (!(COMMS_TRANSMIT_CONTROL & COMMS_NOT_FULL)) {
  }
  COMMS_TRANSMIT_DATA = payload;
  COMMS_TRANSMIT_KEY = key;
}

void barrier(void) {
  if (config.workers == 1) {
    return;
  }
  drain_writes();
  send_now(config.arriveKey, 0);
  passed += config.workers;
  while (!sleep_until(&receive_table.arrived, passed)) {
  }
}
