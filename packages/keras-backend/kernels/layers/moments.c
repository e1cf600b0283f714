/* BatchNormalization, once per channel and batch, in float32: every replica computes all channels. */
#include "operation.h"
#include "real.h"
#include "worker.h"
#include "../include/fixed.h"

#define LARGEST_EXPONENT 40
#define SLOPE_GUARD 8

/* A factor as an integer below 2^24: value = multiplier * 2^-exponent, exactly unless it is tiny. */
typedef struct {
  int32_t multiplier, exponent;
} Factor;

static Factor factor_of(float value) {
  int32_t exponent = 150 - (int32_t)(bits_of(value) >> 23 & 255); /* of the last bit of its mantissa */
  exponent = exponent > LARGEST_EXPONENT ? LARGEST_EXPONENT : exponent;
  exponent = exponent < 0 ? 0 : exponent;
  return (Factor){(int32_t)fixed_of(value, exponent), exponent};
}

static float fetch_real(uint32_t address, uint32_t index, float otherwise) {
  return address ? real_from_bits(fetch_word(address + index * 4)) : otherwise;
}

static void store_real(uint32_t address, uint32_t index, float value) {
  if (address) {
    store_word(address + index * 4, bits_of(value));
  }
}

static void fetch_sums(uint32_t sums, uint32_t channels, uint32_t c, int64_t *first, int64_t *second) {
  fetch(first, sums + c * 8, 8);
  fetch(second, sums + (channels + c) * 8, 8);
}

/* round(sum / count) to the nearest integer, halves up. */
static int32_t mean_integer(int64_t sum, uint32_t count) {
  uint64_t size = sum < 0 ? 0 - (uint64_t)sum : (uint64_t)sum;
  uint32_t mean = quotient32(size + count / 2, count);
  return sum < 0 ? -(int32_t)mean : (int32_t)mean;
}

typedef struct {
  float mean, variance;
  int32_t integer; /* the mean, rounded to the fraction of the sums */
} Moments;

/* Mean and variance: squares are taken around the rounded mean, in integers, so that nothing cancels. */
static Moments batch_moments(const MomentsOperation *op, uint32_t c) {
  uint32_t count = worker.batch.batchSamples * op->positions;
  int32_t fraction = op->fraction - op->valueShift;
  int64_t sum, squares;
  fetch_sums(op->sums, op->channels, c, &sum, &squares);
  int32_t m = mean_integer(sum, count);
  int64_t rest = sum - (int64_t)m * count;
  uint64_t around = (uint64_t)squares - (uint64_t)m * (uint64_t)(2 * rest + (int64_t)m * count);
  float off = (float)rest / (float)count; /* mean less m, at most one half */
  float variance = (float)(int64_t)around / (float)count - off * off;
  return (Moments){
      ((float)m + off) * power_of_two(-fraction),
      most(0, variance) * power_of_two(-fraction) * power_of_two(-fraction),
      m,
  };
}

static void move_average(uint32_t address, uint32_t c, float value, float momentum) {
  float old = fetch_real(address, c, 0);
  store_real(address, c, old * momentum + value * (1.0f - momentum));
}

static void scale_channel(const MomentsOperation *op, uint32_t c) {
  Moments moments;
  if (worker.batch.mode == BATCH_TRAIN && !op->frozen) {
    moments = batch_moments(op, c);
    move_average(op->movingMean, c, moments.mean, op->momentum);
    move_average(op->movingVariance, c, moments.variance, op->momentum);
  } else {
    moments.mean = fetch_real(op->movingMean, c, 0);
    moments.variance = fetch_real(op->movingVariance, c, 1);
    uint32_t ignored = 0;
    moments.integer = saturate32(fixed_of(moments.mean, op->fraction - op->valueShift), &ignored);
  }
  float inverse = 1.0f / root(moments.variance + op->epsilon);
  float factor = fetch_real(op->gamma, c, 1) * inverse;
  Factor multiplier = factor_of(factor);
  ChannelScale scale = {
      .offset = fixed_of(fetch_real(op->beta, c, 0) - moments.mean * factor, op->fraction + multiplier.exponent),
      .multiplier = multiplier.multiplier,
      .exponent = multiplier.exponent,
      .meanInteger = moments.integer,
      .mean = bits_of(moments.mean),
      .inverse = bits_of(inverse),
  };
  store(op->channelScales + c * sizeof scale, &scale, sizeof scale);
}

void run_moments(const void *operation) {
  const MomentsOperation *op = operation;
  Items own = own_items(op->channels);
  for (uint32_t c = own.first; c < own.end; c += 1) {
    scale_channel(op, c);
  }
}

static void slope_channel(const MomentsBackOperation *op, uint32_t c) {
  ChannelScale scale;
  int64_t errors, products;
  fetch(&scale, op->channelScales + c * sizeof scale, sizeof scale);
  fetch_sums(op->sums, op->channels, c, &errors, &products);
  float mean = real_from_bits(scale.mean);
  float inverse = real_from_bits(scale.inverse);
  int32_t valueFraction = op->fraction - op->valueShift;
  int32_t errorFraction = op->errorFraction - op->errorShift;
  /* sum of error * (x - mean): around the rounded mean in integers, then the rest */
  int64_t around = (int64_t)((uint64_t)products - (uint64_t)errors * (uint64_t)(int64_t)scale.meanInteger);
  float byBeta = real_of(errors, errorFraction);
  float off = mean - (float)scale.meanInteger * power_of_two(-valueFraction);
  float byGamma = inverse * ((float)around * power_of_two(-errorFraction) * power_of_two(-valueFraction) - off * byBeta);
  store_real(op->gammaGradient, c, byGamma);
  store_real(op->betaGradient, c, byBeta);
  float a = fetch_real(op->gamma, c, 1) * inverse;
  float b = 0;
  float offset = 0;
  if (!op->frozen) {
    float count = (float)(worker.batch.batchSamples * op->positions);
    b = -a * inverse * byGamma / count;
    offset = -a * byBeta / count - b * mean;
  }
  Factor error = factor_of(a);
  Factor value = factor_of(b);
  ChannelSlope slope = {
      .offset = fixed_of(offset, op->targetFraction + SLOPE_GUARD),
      .errorMultiplier = error.multiplier,
      .errorShift = op->errorFraction + error.exponent - op->targetFraction - SLOPE_GUARD,
      .valueMultiplier = value.multiplier,
      .valueShift = op->fraction + value.exponent - op->targetFraction - SLOPE_GUARD,
  };
  store(op->channelSlopes + c * sizeof slope, &slope, sizeof slope);
}

void run_moments_back(const void *operation) {
  const MomentsBackOperation *op = operation;
  Items own = own_items(op->channels);
  for (uint32_t c = own.first; c < own.end; c += 1) {
    slope_channel(op, c);
  }
}
