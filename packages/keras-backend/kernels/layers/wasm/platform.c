/* WebAssembly: one memory for everything, and one worker after the other. */
#include "../platform.h"
#include "../real.h"

extern uint8_t __heap_base;
static uint32_t memory_base;
static uint32_t in_place = 1;

uint8_t *arena;
uint32_t arena_bytes;

/* Where the arena and behind it the replica's memory begin; with `copies`, blocks are copied to the arena as on a core. */
uint32_t place_memory(uint32_t bytes, uint32_t copies) {
  arena = (uint8_t *)(((uintptr_t)&__heap_base + 15) & ~(uintptr_t)15);
  arena_bytes = bytes;
  in_place = !copies;
  memory_base = (uint32_t)((uintptr_t)(arena + bytes + 15) & ~(uintptr_t)15);
  return memory_base;
}

static uint8_t *place(uint32_t address) {
  return (uint8_t *)(uintptr_t)(memory_base + address);
}

void fetch(void *to, uint32_t address, uint32_t bytes) {
  __builtin_memcpy(to, place(address), bytes);
}

void store(uint32_t address, const void *from, uint32_t bytes) {
  __builtin_memcpy(place(address), from, bytes);
}

void *direct(uint32_t address) {
  return in_place ? place(address) : 0;
}

void barrier(void) {}

/* Replicas are other instances, between whose operations the host does this. */
void reduce(uint32_t address, uint32_t count, uint32_t per) {
  (void)address;
  (void)count;
  (void)per;
}

void share(uint32_t address, uint32_t count, uint32_t per) {
  (void)address;
  (void)count;
  (void)per;
}

_Noreturn void fail(void) {
  __builtin_trap();
}
