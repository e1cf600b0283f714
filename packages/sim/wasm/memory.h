/* Loads and stores that translated code does not make in place; ../src/arm/translator/slow-access.ts. */
#pragma once

#include "registers.h"

static inline int32 is_device(uint32 address) {
  uint32 device = DEVICE_OF(address);
  return device - COMMUNICATIONS <= TIMERS - COMMUNICATIONS || device == INTERRUPTS || address >= HIGH_INTERRUPTS;
}

static inline int32 is_in(uint32 address, uint32 mask, uint32 base) { return (address & mask) == base; }

enum { PAGE_MASK = 0xfff };

/* Where an address of SDRAM is; 0 when it is not in a page of the table. */
static inline char *sdram_place(uint32 address) {
  char *table = (char *)STATE(SdramTable);
  if (table == 0) return 0;
  char *page = *(char **)(table + (address >> 10 & 0x1fffc));
  return page == 0 ? 0 : page + (address & PAGE_MASK);
}

static inline void note_sdram(int32 bytes, int32 cycles) {
  STATE(SdramBytes) += bytes;
  stall(cycles);
}

/* Where an address of System RAM is; 0 while others could notice an access, which then goes by the bus. */
static inline char *system_ram_place(uint32 address, uint32 bytes) {
  char *memory = (char *)STATE(SystemRam);
  return memory != 0 && is_in(address, 0xff000000 | (bytes - 1), 0xe5000000) ? memory + (address & 0x7fff) : 0;
}

#define SDRAM 0x60000000u
#define LOAD(name, exported, type, bytes, devices)                                                                               \
  EXPORT(exported) int32 name(uint32 address) {                                                                           \
    if (is_in(address, 0xffff8000 | (bytes - 1), 0)) return *(type *)(STATE(Memories) + address);                      \
    if (devices && is_device(address)) return load_device(address);                                                    \
    char *place = is_in(address, 0xe0000000 | (bytes - 1), SDRAM) ? sdram_place(address) : 0;                          \
    if (place != 0) {                                                                                                  \
      int32 value = *(type *)place;                                                                                    \
      note_sdram(bytes, SHARED_CYCLES);                                                                                \
      return value;                                                                                                    \
    }                                                                                                                  \
    place = system_ram_place(address, bytes);                                                                          \
    if (place == 0) return name##_slowly(address);                                                                     \
    int32 value = *(type *)place;                                                                                      \
    stall(SHARED_CYCLES);                                                                                              \
    return value;                                                                                                      \
  }
#define STORE(name, exported, type, bytes, devices)                                                                              \
  EXPORT(exported) int32 name(uint32 address, int32 value) {                                                              \
    if (devices && is_device(address)) return store_device(address, value);                                            \
    char *place = is_in(address, 0xf0000000 | (bytes - 1), SDRAM) ? sdram_place(address) : 0;                          \
    if (place != 0) note_sdram(bytes, POSTED_CYCLES);                                                                  \
    else {                                                                                                             \
      place = system_ram_place(address, bytes);                                                                        \
      if (place == 0) return name##_slowly(address, value);                                                            \
      stall(POSTED_CYCLES);                                                                                            \
    }                                                                                                                  \
    *(type *)place = (type)value;                                                                                      \
    return STATE(Limit) == 0 ? STORED_ENDED_SLICE : STORED_DONE;                                                       \
  }
LOAD(load_word, "loadWord", int32, 4, 1)
LOAD(load_half, "loadHalf", unsigned short, 2, 0)
LOAD(load_byte, "loadByte", unsigned char, 1, 0)
STORE(store_word, "storeWord", int32, 4, 1)
STORE(store_half, "storeHalf", unsigned short, 2, 0)
STORE(store_byte, "storeByte", unsigned char, 1, 0)

/* Where words of SDRAM are that lie in one page of the table; 0 for others. */
static inline int32 *sdram_words(uint32 address, uint32 mask, int32 count) {
  int32 is_inside = is_in(address, mask | 3, SDRAM) && (address & PAGE_MASK) + 4 * count <= PAGE_MASK + 1;
  return is_inside ? (int32 *)sdram_place(address) : 0;
}

/* Blocks of up to eight registers, whose numbers are four bits each. They come and go by the first words of the state. */
static int32 *const block_registers = (int32 *)0;

EXPORT("loadPacked") int32 load_packed(uint32 list, int32 count, uint32 address) {
  int32 *from = sdram_words(address, 0xe0000000, count);
  if (from == 0) return load_packed_slowly(list, count, address);
  for (int32 index = 0; index < count; index++) block_registers[list >> 4 * index & 15] = from[index];
  note_sdram(4 * count, SHARED_CYCLES * count);
  return STORED_DONE;
}

EXPORT("storePacked") int32 store_packed(uint32 list, int32 count, uint32 address) {
  int32 *to = sdram_words(address, 0xf0000000, count);
  if (to == 0) return store_packed_slowly(list, count, address);
  for (int32 index = 0; index < count; index++) to[index] = block_registers[list >> 4 * index & 15];
  note_sdram(4 * count, POSTED_CYCLES * count);
  return STATE(Limit) == 0 ? STORED_ENDED_SLICE : STORED_DONE;
}
