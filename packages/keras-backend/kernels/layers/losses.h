/* Losses of one row of outputs in float32, with their gradients: keras.losses's definitions. */
#ifndef LOSSES_H
#define LOSSES_H
#include "operations.h"

/* Of `size` targets y and outputs p: the loss; the gradient by p is written to g. y and p may be changed. */
float loss_of_row(const LoseOperation *op, float *y, float *p, float *g, uint32_t size);

#endif
