/* The two functions that the compiler may call by itself. */
#include <stddef.h>
#include <stdint.h>

void *memset(void *target, int value, size_t bytes) {
  uint8_t *at = target;
  while (bytes-- > 0) {
    *at++ = (uint8_t)value;
  }
  return target;
}

void *memcpy(void *restrict target, const void *restrict source, size_t bytes) {
  uint8_t *to = target;
  const uint8_t *from = source;
  while (bytes-- > 0) {
    *to++ = *from++;
  }
  return target;
}
