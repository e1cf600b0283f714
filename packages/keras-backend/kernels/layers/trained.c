#include "trained.h"

void fetch_trained(const Trained *trained, uint32_t from, uint32_t count, TrainedBlock *block) {
  float share = 1.0f / (float)worker.batch.batchSamples;
  fetch(block->weights, trained->master + from * 4, count * 4);
  if (trained->gradientType == GRADIENT_INT64) {
    int64_t sums[NORM_BLOCK];
    fetch(sums, trained->gradient + from * 8, count * 8);
    float scale = share * power_of_two(-trained->gradientFraction);
    for (uint32_t i = 0; i < count; i += 1) {
      block->gradients[i] = (float)sums[i] * scale;
    }
  } else {
    fetch(block->gradients, trained->gradient + from * 4, count * 4);
    for (uint32_t i = 0; i < count; i += 1) {
      block->gradients[i] = block->gradients[i] * share;
    }
  }
  for (uint32_t i = 0; i < count && (trained->l1 != 0 || trained->l2 != 0); i += 1) {
    float w = block->weights[i];
    float sign = (float)((w > 0) - (w < 0));
    block->gradients[i] = block->gradients[i] + trained->l1 * sign + 2.0f * trained->l2 * w;
  }
}
