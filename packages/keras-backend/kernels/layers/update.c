/* Steps of the optimiser: keras.optimizers's formulas, one float32 rounding per operation. */
#include "operation.h"
#include "random.h"
#include "trained.h"

typedef struct {
  float values[3][NORM_BLOCK];
} Slots;

static uint32_t slot_address(const UpdateOperation *op, uint32_t slot) {
  return slot == 0 ? op->slot0 : slot == 1 ? op->slot1 : op->slot2;
}

static float clipped(const UpdateOperation *op, float g, float factor) {
  if (op->clipValue > 0) {
    return most(-op->clipValue, least(op->clipValue, g));
  }
  return factor == 1.0f ? g : g * factor;
}

/* How much shorter gradients become, so that their norm is at most clipNorm. */
static float norm_factor(const UpdateOperation *op) {
  if (!op->squares) {
    return 1.0f;
  }
  float norm = root(real_from_bits(fetch_word(op->squares)));
  return norm > op->clipNorm ? op->clipNorm / norm : 1.0f;
}

/* What optimisers add to a weight. `down` is the rate, below 0. */

static float descend(const UpdateOperation *op, float g, float down, float *velocity) {
  float move = down * g;
  if (!op->slot0) {
    return move;
  }
  *velocity = op->momentum * *velocity + move;
  return op->nesterov ? op->momentum * *velocity + move : *velocity;
}

static float adagrad(const UpdateOperation *op, float g, float down, float *accumulator) {
  *accumulator = *accumulator + g * g;
  return (down * g) / root(*accumulator + op->epsilon);
}

static float rmsprop(const UpdateOperation *op, float g, float rate, Slots *slots, uint32_t i) {
  float rho = op->rate1;
  float rest = 1.0f - rho;
  float *velocity = &slots->values[0][i];
  *velocity = rho * *velocity + rest * g * g;
  float spread = *velocity;
  if (op->slot2) {
    float *average = &slots->values[2][i];
    *average = rho * *average + rest * g;
    spread = spread - *average * *average;
  }
  float move = (rate * g) / root(spread + op->epsilon);
  if (op->slot1) {
    float *moved = &slots->values[1][i];
    *moved = op->momentum * *moved + move;
    move = *moved;
  }
  return -move;
}

static float adam(const UpdateOperation *op, float g, float down, Slots *slots, uint32_t i) {
  float *m = &slots->values[0][i];
  float *v = &slots->values[1][i];
  *m = *m + (g - *m) * (1.0f - op->rate1);
  *v = *v + (g * g - *v) * (1.0f - op->rate2);
  float spread = *v;
  if (op->slot2) {
    float *largest = &slots->values[2][i];
    *largest = most(*largest, spread);
    spread = *largest;
  }
  return (down * *m) / (root(spread) + op->epsilon);
}

static float move_of(const UpdateOperation *op, float g, Slots *slots, uint32_t i) {
  float rate = real_from_bits(worker.step.rate);
  switch (op->optimiser) {
  case OPTIMISER_ADAGRAD:
    return adagrad(op, g, -rate, &slots->values[0][i]);
  case OPTIMISER_RMSPROP:
    return rmsprop(op, g, rate, slots, i);
  case OPTIMISER_ADAM:
    return adam(op, g, -real_from_bits(worker.step.correctedRate), slots, i);
  default:
    return descend(op, g, -rate, &slots->values[0][i]);
  }
}

/* @param first index of the block among all trained numbers */
static void step(const UpdateOperation *op, TrainedBlock *block, Slots *slots, uint32_t first, uint32_t count, float factor) {
  for (uint32_t i = 0; i < count; i += 1) {
    float w = block->weights[i];
    float g = clipped(op, block->gradients[i], factor);
    if (op->weightDecay > 0) {
      w = w - w * op->weightDecay * real_from_bits(worker.step.rate);
    }
    float move = move_of(op, g, slots, i);
    block->weights[i] = BY_CHANCE ? sum_by_chance(w, move, random_word(~worker.step.seed, first + i)) : w + move;
  }
}

void run_update(const void *operation) {
  const UpdateOperation *op = operation;
  const Trained trained = TRAINED_OF(op);
  Items own = owned(op->first, op->count);
  float factor = own.first < own.end ? norm_factor(op) : 1.0f;
  for (uint32_t from = own.first; from < own.end; from += NORM_BLOCK) {
    uint32_t count = smaller(NORM_BLOCK, own.end - from);
    TrainedBlock block;
    Slots slots;
    fetch_trained(&trained, from, count, &block);
    for (uint32_t slot = 0; slot < 3; slot += 1) {
      if (slot_address(op, slot)) {
        fetch(slots.values[slot], slot_address(op, slot) + from * 4, count * 4);
      }
    }
    step(op, &block, &slots, op->first + from, count, factor);
    for (uint32_t slot = 0; slot < 3; slot += 1) {
      if (slot_address(op, slot)) {
        store(slot_address(op, slot) + from * 4, slots.values[slot], count * 4);
      }
    }
    store(op->master + from * 4, block.weights, count * 4);
  }
}
