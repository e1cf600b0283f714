/* Norms of gradients, penalties on weights, and limits of weights. */
#include "operation.h"
#include "trained.h"
#include "../include/fixed.h"

#define EPSILON 1e-7f /* Keras's guard against a division by zero */
#define LOSS_FRACTION 24

void run_norms(const void *operation) {
  const NormsOperation *op = operation;
  const Trained trained = TRAINED_OF(op);
  Items own = owned(op->first, op->count);
  for (uint32_t from = own.first; from < own.end; from += NORM_BLOCK) {
    uint32_t count = smaller(NORM_BLOCK, own.end - from);
    TrainedBlock block;
    float sum = 0;
    fetch_trained(&trained, from, count, &block);
    for (uint32_t i = 0; i < count; i += 1) {
      sum = sum + block.gradients[i] * block.gradients[i];
    }
    store_word(op->sums + from / NORM_BLOCK * 4, bits_of(sum));
  }
}

void run_add_up(const void *operation) {
  const AddUpOperation *op = operation;
  float part[NORM_BLOCK];
  float sum = 0;
  if (worker.number != 0) {
    return;
  }
  for (uint32_t from = 0; from < op->count; from += NORM_BLOCK) {
    uint32_t count = smaller(NORM_BLOCK, op->count - from);
    fetch(part, op->source + from * 4, count * 4);
    for (uint32_t i = 0; i < count; i += 1) {
      sum = sum + part[i];
    }
  }
  store_word(op->target, bits_of(sum));
}

void run_penalty(const void *operation) {
  const PenaltyOperation *op = operation;
  Items own = owned(op->first, op->count);
  int64_t penalty = 0;
  for (uint32_t from = own.first; from < own.end; from += NORM_BLOCK) {
    uint32_t count = smaller(NORM_BLOCK, own.end - from);
    float weights[NORM_BLOCK];
    float sum = 0;
    fetch(weights, op->master + from * 4, count * 4);
    for (uint32_t i = 0; i < count; i += 1) {
      float w = weights[i];
      sum = sum + op->l1 * absolute(w) + op->l2 * w * w;
    }
    penalty += fixed_of(sum, LOSS_FRACTION);
  }
  add_statistic(offsetof(WorkerStatistics, penalty), penalty * worker.batch.batchSamples);
}

typedef struct {
  const uint32_t *sizes, *strides;
  uint32_t along; /* axes that are walked */
} Axes;

/* The number of places along those axes of `axes`, and the offset of one of them. */
static uint32_t places_of(const Axes *axes) {
  uint32_t places = 1;
  for (uint32_t a = 0; a < 4; a += 1) {
    places *= axes->along >> a & 1 ? axes->sizes[a] : 1;
  }
  return places;
}

static uint32_t offset_of(const Axes *axes, uint32_t place) {
  uint32_t offset = 0;
  for (uint32_t a = 3; a < 4; a -= 1) {
    if (axes->along >> a & 1) {
      offset += place % axes->sizes[a] * axes->strides[a];
      place /= axes->sizes[a];
    }
  }
  return offset;
}

static float factor_of(const ConstrainOperation *op, float norm) {
  float wanted = 1.0f;
  if (op->constraint == CONSTRAINT_MAX_NORM) {
    wanted = least(norm, op->maxValue);
  } else if (op->constraint == CONSTRAINT_MIN_MAX_NORM) {
    wanted = op->rate * least(op->maxValue, most(op->minValue, norm)) + (1.0f - op->rate) * norm;
  }
  return wanted / (EPSILON + norm);
}

static float weight_at(uint32_t address) {
  return real_from_bits(fetch_word(address));
}

static void constrain_group(const ConstrainOperation *op, uint32_t master, const Axes *along) {
  uint32_t count = places_of(along);
  float squares = 0;
  for (uint32_t i = 0; i < count; i += 1) {
    float w = weight_at(master + offset_of(along, i) * 4);
    squares = squares + w * w;
  }
  float factor = factor_of(op, root(squares));
  for (uint32_t i = 0; i < count; i += 1) {
    uint32_t address = master + offset_of(along, i) * 4;
    store_word(address, bits_of(weight_at(address) * factor));
  }
}

void run_constrain(const void *operation) {
  const ConstrainOperation *op = operation;
  Axes along = {&op->size0, &op->stride0, op->along};
  Axes groups = {&op->size0, &op->stride0, ~op->along};
  if (op->constraint == CONSTRAINT_NON_NEG) {
    groups.along = 15;
  }
  Items own = own_items(places_of(&groups));
  for (uint32_t group = own.first; group < own.end; group += 1) {
    uint32_t address = op->master + offset_of(&groups, group) * 4;
    if (op->constraint == CONSTRAINT_NON_NEG) {
      store_word(address, bits_of(most(0, weight_at(address))));
    } else {
      constrain_group(op, address, &along);
    }
  }
}
