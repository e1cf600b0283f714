/* Gradients of trained weights as numbers: with regularisers, of one sample in the mean. */
#ifndef TRAINED_H
#define TRAINED_H
#include "real.h"
#include "worker.h"

/* The part of a descriptor that norms and update share. */
typedef struct {
  uint32_t gradient, gradientType;
  int32_t gradientFraction;
  uint32_t master;
  float l1, l2;
} Trained;

/* Numbers at a time: as many as a norm adds up. */
typedef struct {
  float weights[NORM_BLOCK];
  float gradients[NORM_BLOCK];
} TrainedBlock;

/* Fetches `count` numbers from `from`; gradients are those of the batch's mean with regularisers. */
void fetch_trained(const Trained *trained, uint32_t from, uint32_t count, TrainedBlock *block);

#define TRAINED_OF(op) \
  {(op)->gradient, (op)->gradientType, (op)->gradientFraction, (op)->master, (op)->l1, (op)->l2}

#endif
