/* What a worker asks of where it runs: a core with SDRAM, other cores and other chips, or WebAssembly. */
#ifndef PLATFORM_H
#define PLATFORM_H
#include <stdint.h>
#include "operations.h"

/* Room for blocks, 8-byte aligned; its size is the arenaBytes that the schedule was encoded with, or more. */
extern uint8_t *arena;
extern uint32_t arena_bytes;

/* Copies from and to the replica's memory. Addresses and sizes are multiples of 2. */
void fetch(void *to, uint32_t address, uint32_t bytes);
void store(uint32_t address, const void *from, uint32_t bytes);

/* Where an address lies, if a worker may work on the replica's memory in place; else 0, and blocks are copied. */
#ifdef __wasm__
void *direct(uint32_t address);
#else
static inline void *direct(uint32_t address) {
  (void)address;
  return 0;
}
#endif

/* Brings the code of operations of a kind to where it runs. */
#ifdef __wasm__
static inline void bring_code(uint32_t kind) {
  (void)kind;
}
#else
void bring_code(uint32_t kind);
#endif

/* Returns when all workers of the replica have called it. */
void barrier(void);

/* Afterwards owner g has the sums over all replicas of the int64 numbers g * per .. (g + 1) * per. */
void reduce(uint32_t address, uint32_t count, uint32_t per);

/* Afterwards every replica has the 32-bit words g * per .. (g + 1) * per of each owner g. */
void share(uint32_t address, uint32_t count, uint32_t per);

/* A schedule that does not fit the arena, or is none: does not return. */
_Noreturn void fail(void);

/* 32-bit words of few elements: small structures, counts. */
static inline uint32_t fetch_word(uint32_t address) {
  uint32_t word;
  fetch(&word, address, 4);
  return word;
}

static inline void store_word(uint32_t address, uint32_t word) {
  store(address, &word, 4);
}

#endif
