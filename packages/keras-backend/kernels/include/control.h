/* Check of the control fields of a batch, which sequencer and dense cores both compute. */
#ifndef CONTROL_H
#define CONTROL_H
#include <stdint.h>
#include "layouts.h"

/* 16 bits that tell whether a core has the fields that the sequencer sent. */
static inline uint32_t fields_check(const volatile uint32_t *fields) {
  uint32_t mixed = 0;
  for (uint32_t field = 0; field < LIMIT_CHECKED_FIELDS; field += 1) {
    mixed = (mixed ^ fields[field]) * 0x9e3779b1u;
    mixed ^= mixed >> 15;
  }
  return mixed & 0xffff;
}

/* Payload of a go packet. */
static inline uint32_t go_payload(uint32_t attempt, const volatile uint32_t *fields) {
  return (attempt << 16) | fields_check(fields);
}

/* What a done packet tells besides its status: what it answers. */
static inline uint32_t done_tag(uint32_t operation, uint32_t attempt) {
  return (operation << 16) | (attempt & 0xffff);
}

#endif
