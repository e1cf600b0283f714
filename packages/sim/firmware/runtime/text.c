/* Text output: a chain of pieces in the part of SDRAM that belongs to this core. */
#include "runtime.h"

static volatile struct iobuf *piece;
static uint32_t used;

static void next_piece(void) {
  uint32_t bytes = sizeof(struct iobuf) + IOBUF_BYTES;
  uint32_t address = piece ? (uint32_t)piece + bytes : SDRAM_BUFFERS + core * 4 * SDRAM_BUFFER_WORDS;
  volatile struct iobuf *next = (volatile struct iobuf *)address;
  next->next = next->unix_time = next->time_ms = next->length = 0;
  if (piece) piece->next = address;
  else block->iobuf = address;
  piece = next;
  used = 0;
}

void print(const char *text) {
  for (; *text; text++) {
    if (!piece || used == IOBUF_BYTES) next_piece();
    ((volatile char *)(piece + 1))[used++] = *text;
    piece->length = used;
  }
}

void print_decimal(uint32_t number) {
  static const uint32_t powers[] = {1000000000, 100000000, 10000000, 1000000, 100000, 10000, 1000, 100, 10, 1};
  bool has_begun = false;
  for (unsigned index = 0; index < 10; index++) {
    char digit[2] = {'0', 0};
    for (; number >= powers[index]; number -= powers[index]) digit[0]++;
    has_begun |= digit[0] != '0' || index == 9;
    if (has_begun) print(digit);
  }
}
