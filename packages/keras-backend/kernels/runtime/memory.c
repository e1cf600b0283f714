/* The two functions that the compiler may call by itself; structures are copied word by word. */
#include <stddef.h>
#include <stdint.h>

static int words_fit(const void *a, const void *b) {
  return (((uint32_t)a | (uint32_t)b) & 3) == 0;
}

void *memset(void *target, int value, size_t bytes) {
  uint8_t *at = target;
  if (words_fit(at, at)) {
    uint32_t word = (uint8_t)value * 0x01010101u;
    for (; bytes >= 4; bytes -= 4, at += 4) {
      *(uint32_t *)at = word;
    }
  }
  while (bytes-- > 0) {
    *at++ = (uint8_t)value;
  }
  return target;
}

void *memcpy(void *restrict target, const void *restrict source, size_t bytes) {
  uint8_t *to = target;
  const uint8_t *from = source;
  if (words_fit(to, from)) {
    for (; bytes >= 4; bytes -= 4, to += 4, from += 4) {
      *(uint32_t *)to = *(const uint32_t *)from;
    }
  }
  while (bytes-- > 0) {
    *to++ = *from++;
  }
  return target;
}
