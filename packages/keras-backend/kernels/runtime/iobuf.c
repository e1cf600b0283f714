/* Text for the host: a chain of buffers from the monitor's system heap, walked by SC&MP's and our own iobuf readers. */
#include <stddef.h>
#include "runtime.h"

/* The monitor's heap, as SARK lays it out: an address-ordered list that ends in an empty block. */
typedef struct Block {
  struct Block *next, *free;
} Block;
typedef struct {
  Block *free, *first, *last;
  uint32_t freeBytes;
} Heap;

/* One link of the chain; `used` counts valid bytes of text. */
typedef struct Buffer {
  struct Buffer *next;
  uint32_t unixTime, timeMs, used;
  char text[];
} Buffer;

#define ALLOCATED 0xffff0000u

extern Vcpu *vcpu;
extern uint32_t application_id;
static Buffer *buffer;

static Block *take_first_fit(Heap *heap, uint32_t bytes) {
  Block **link = &heap->free;
  for (Block *block = heap->free; block != NULL && block->next != NULL; block = block->free) {
    uint32_t room = (uint32_t)((char *)block->next - (char *)block);
    if (room >= bytes) {
      if (room - bytes > sizeof(Block)) {
        Block *rest = (Block *)((char *)block + bytes);
        rest->next = block->next;
        rest->free = block->free;
        block->next = rest;
        *link = rest;
        heap->freeBytes -= bytes;
      } else {
        *link = block->free;
        heap->freeBytes -= room;
      }
      return block;
    }
    link = &block->free;
  }
  return NULL;
}

static void *allocate(Heap *heap, uint32_t bytes) {
  uint32_t previous = interrupts_disable();
  while (SYSTEM_TEST_AND_SET(LOCK_HEAP) & 0x80000000u) {
  }
  Block *block = take_first_fit(heap, ((bytes + 3) & ~3u) + sizeof(Block));
  if (block != NULL) {
    block->free = (Block *)(ALLOCATED | (application_id << 8));
  }
  (void)SYSTEM_TEST_AND_CLEAR(LOCK_HEAP);
  interrupts_restore(previous);
  return block == NULL ? NULL : block + 1;
}

/* Adds a buffer to the chain; false when there is no memory. */
static bool extend(void) {
  Heap *heap = (Heap *)SV_SYSTEM_HEAP;
  Buffer *added = heap == NULL ? NULL : allocate(heap, SV_IOBUF_SIZE + sizeof(Buffer));
  if (added == NULL) {
    return false;
  }
  added->next = NULL;
  added->unixTime = SV_UNIX_TIME;
  added->timeMs = SV_TIME_MS;
  added->used = 0;
  if (buffer == NULL) {
    vcpu->iobuf = (uint32_t)added;
  } else {
    buffer->next = added;
  }
  buffer = added;
  return true;
}

void print(const char *text) {
  for (; *text != '\0'; text += 1) {
    if ((buffer == NULL || buffer->used == SV_IOBUF_SIZE) && !extend()) {
      return;
    }
    buffer->text[buffer->used] = *text;
    buffer->used += 1;
  }
}

void print_number(uint32_t value) {
  char digits[11];
  char *at = digits + sizeof digits - 1;
  *at = '\0';
  do {
    uint32_t tenth = (uint32_t)(((uint64_t)value * 0xcccccccdu) >> 35);
    at -= 1;
    *at = (char)('0' + (value - 10 * tenth));
    value = tenth;
  } while (value != 0);
  print(at);
}
