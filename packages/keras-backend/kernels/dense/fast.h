/* Inner loops of `fast` mode (fast.S), and the parameters of the update. Included by C and assembly. */
#ifndef FAST_H
#define FAST_H

#define UPDATE_INPUTS 0
#define UPDATE_DELTAS 4
#define UPDATE_INPUT_BYTES 8
#define UPDATE_SAMPLES 12
#define UPDATE_COLUMN_PAIRS 16
#define UPDATE_MASTER 20
#define UPDATE_OPERAND 24
#define UPDATE_MASTER_NEXT 28
#define UPDATE_OPERAND_NEXT 32
#define UPDATE_MANTISSA 36
#define UPDATE_SHIFT 40
#define UPDATE_ROUND 44
#define UPDATE_OPERAND_SHIFT 48
#define UPDATE_STACK 52
#define UPDATE_GRADIENT 56

/* What fast_update2 and fast_update4 take: at most 32 samples, a shift of 33 .. 63. */
#define UPDATE_SAMPLES_MAXIMUM 32
#define UPDATE_SHIFT_MINIMUM 33
#define UPDATE_SHIFT_MAXIMUM 63

#ifndef __ASSEMBLER__
#include <stddef.h>
#include <stdint.h>

typedef struct {
  const void *inputs;    /* column pair of sample 0; stepped over the columns */
  const void *deltas;    /* group of four rows */
  uint32_t inputBytes;   /* from one sample to the next */
  uint32_t samples;
  uint32_t columnPairs;  /* counted down */
  int32_t *master;       /* first row pair, stepped */
  uint32_t *operand;
  int32_t *masterNext;   /* second row pair of fast_update4, stepped */
  uint32_t *operandNext;
  uint32_t mantissa;
  uint32_t shift;        /* shift - 32 */
  uint32_t round;        /* 2^(shift - 33) */
  uint32_t operandShift; /* 27 - weightFraction */
  uint32_t stack;
  int32_t gradient[8];
} FastUpdate;
_Static_assert(offsetof(FastUpdate, samples) == UPDATE_SAMPLES && UPDATE_SAMPLES == 12, "read with inputs in one go");
_Static_assert(offsetof(FastUpdate, operandNext) == UPDATE_OPERAND_NEXT, "operandNext");
_Static_assert(offsetof(FastUpdate, operandShift) == UPDATE_OPERAND_SHIFT, "operandShift");
_Static_assert(offsetof(FastUpdate, gradient) == UPDATE_GRADIENT, "gradient");

extern FastUpdate fast_update_parameters;
void fast_update2(void);
void fast_update4(void);
/* Called by them for a block in which something saturates. */
void fast_update_saturated(const int32_t gradient[4], int32_t master[4], uint32_t operand[2]);

void fast_forward(const void *sample0, const void *sample1, const void *weights, uint32_t columnPairs, int32_t sums[4]);
void fast_back(const void *weights, const void *deltas, uint32_t groups, uint32_t rowPairBytes, uint32_t groupBytes,
               int32_t sums[4]);
void fast_gradient(const void *inputs, const void *deltas, uint32_t inputBytes, uint32_t samples, int32_t gradient[4]);
#endif
#endif
