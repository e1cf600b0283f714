/* What is done most often, over whole runs of elements, at least one: on a core as ARM code, in WebAssembly as vectors. */
#ifndef ROWS_H
#define ROWS_H
#include <stdint.h>

/* Code that takes the time of a schedule: ARM code, though the rest of the program is Thumb code. */
#ifdef __arm__
#define HOT __attribute__((target("arm"), noinline))
#define HOT_INLINE static inline __attribute__((target("arm"), always_inline))
#else
#define HOT
#define HOT_INLINE static inline
#endif

/* z[i] = round(sums[i] + biases[i], shift) for 1 <= shift <= 31; biases may be 0. Sums of 32 bits, wrapping. */
void round_row(int32_t *z, const int32_t *sums, const int32_t *biases, uint32_t count, int32_t shift);

/* z[i] = sat32((sums[i] + biases[i]) * 2^shift) for 0 <= shift <= 31. */
void raise_row(int32_t *z, const int32_t *sums, const int32_t *biases, uint32_t count, uint32_t shift);

/* to[i] = sat16(round(z[i] between least and most, shift)) for 1 <= shift <= 31. */
void narrow_row(int16_t *to, const int32_t *z, uint32_t count, int32_t shift, int32_t least, int32_t most);

/* The same of errors, 0 where the value is not above 0 (values may be 0: then all), clamped to -32767. */
void delta_row(int16_t *to, const int32_t *errors, const int16_t *values, uint32_t count, int32_t shift);

/* Elements or zeros of 2 bytes. */
#ifdef __wasm__
#include "wasm/vectors.h"

/* Rows of 32 bits, which a core goes through element by element. */

/* to[i] = sat32(round(z[i] between least and most, shift)) for -31 <= shift <= 31. */
void clamp_row(int32_t *to, const int32_t *z, uint32_t count, int32_t shift, int32_t least, int32_t most);

/* The same of 16 bits, for -15 <= shift <= 31. */
void clamp_short_row(int16_t *to, const int16_t *z, uint32_t count, int32_t shift, int32_t least, int32_t most);

/* to[i] = sat32(round(from[i], shift)), or the sum with what is there; -31 <= shift <= 31, and >= 0 for sums. */
void move_row(int32_t *to, const int32_t *from, uint32_t count, int32_t shift, uint32_t accumulate);

/* How two rows are added up: round(a * 2^first + b * 2^second, shift). */
typedef struct {
  uint32_t first, second;
  int32_t shift;
} Sum;

/* to[i] = sat32(...); first and second are at most 31, -31 <= shift <= 62. */
void add_rows(int32_t *to, const int32_t *a, const int32_t *b, uint32_t count, const Sum *sum);

/* The same of 16 bits: first and second are at most 15, one of them 0, and 0 <= shift <= 31. */
void add_short_rows(int16_t *to, const int16_t *a, const int16_t *b, uint32_t count, const Sum *sum);

/*
 * to[i] = sat32(round(errors[i], shift)), of 0 where the value is not above 0 (values may be 0: then of all), or the sum with
 * what is there; -31 <= shift <= 31, and >= 0 for sums.
 */
void wide_delta_row(int32_t *to, const int32_t *errors, const int32_t *values, uint32_t count, int32_t shift, uint32_t accumulate);

/* z[i] = sat32(round(sums[i] + biases[i], shift)) for -63 <= shift <= 62, or the sum with what is there; biases may be 0. */
void round_sums(int32_t *z, const int64_t *sums, const int64_t *biases, uint32_t count, int32_t shift, uint32_t accumulate);
#else
void copy_row(void *to, const void *from, uint32_t bytes);
void clear_row(void *to, uint32_t bytes);

/* Adds the first `columns` of rows, `pitch` elements apart, to sums, column by column. */
void add_columns(const void *rows, uint32_t bytes, uint32_t pitch, uint32_t columns, uint32_t count, int64_t *sums);
#endif

#endif
