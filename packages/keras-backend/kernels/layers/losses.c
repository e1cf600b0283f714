#include "losses.h"
#include "real.h"

#define EPSILON 1e-7f /* Keras's */
#define LN_2 0.693147181f

typedef struct {
  float value;
  float slope;
} Term;

static uint32_t inside(float p) {
  return p > EPSILON && p < 1.0f - EPSILON;
}

static float limited(float p) {
  return least(1.0f - EPSILON, most(EPSILON, p));
}

/* ln(1 + e^x) */
static float softplus(float x) {
  return most(x, 0) + logarithm(1.0f + exponential(-absolute(x)));
}

static float sigmoid(float x) {
  float e = exponential(-absolute(x));
  return (x >= 0 ? 1.0f : e) / (1.0f + e);
}

static float sign_of(float x) {
  return (float)((x > 0) - (x < 0));
}

/* - y ln q - (1 - y) ln (1 - q) */
static float entropy(float y, float q) {
  return -(y * logarithm(q) + (1.0f - y) * logarithm(1.0f - q));
}

static Term binary(const LoseOperation *op, float y, float p) {
  if (op->fromLogits) {
    return (Term){softplus(p) - p * y, sigmoid(p) - y};
  }
  float q = limited(p);
  return (Term){entropy(y, q), inside(p) ? (1.0f - y) / (1.0f - q) - y / q : 0};
}

static Term binary_focal(const LoseOperation *op, float y, float x) {
  float p = op->fromLogits ? sigmoid(x) : x;
  float q = limited(p);
  float loss = entropy(y, q);
  float wrong = 1.0f - (y * q + (1.0f - y) * (1.0f - q));
  float focus = power(wrong, op->gamma);
  float slope = focus * ((1.0f - y) / (1.0f - q) - y / q) -
                op->gamma * power(wrong, op->gamma - 1.0f) * (2.0f * y - 1.0f) * loss;
  float weight = op->balanced ? y * op->alpha + (1.0f - y) * (1.0f - op->alpha) : 1.0f;
  if (op->fromLogits) {
    slope = slope * (q * (1.0f - q));
  }
  return (Term){weight * focus * loss, inside(p) ? weight * slope : 0};
}

static Term log_cosh(float d) {
  float e = exponential(-2.0f * absolute(d));
  float slope = (1.0f - e) / (1.0f + e);
  return (Term){absolute(d) + logarithm(1.0f + e) - LN_2, d < 0 ? -slope : slope};
}

static Term huber(float d, float delta) {
  float size = absolute(d);
  return size <= delta ? (Term){d * d * 0.5f, d} : (Term){delta * (size - delta * 0.5f), delta * sign_of(d)};
}

/* Losses that are the mean of a term for each output. */
static Term term_of(const LoseOperation *op, float y, float p) {
  float d = p - y;
  switch (op->loss) {
  case LOSS_MEAN_ABSOLUTE_ERROR:
    return (Term){absolute(d), sign_of(d)};
  case LOSS_MEAN_ABSOLUTE_PERCENTAGE_ERROR: {
    float size = most(EPSILON, absolute(y)) * 0.01f;
    return (Term){absolute(d) / size, sign_of(d) / size};
  }
  case LOSS_MEAN_SQUARED_LOGARITHMIC_ERROR: {
    float q = 1.0f + most(EPSILON, p);
    float difference = logarithm(q) - logarithm(1.0f + most(EPSILON, y));
    return (Term){difference * difference, p > EPSILON ? 2.0f * difference / q : 0};
  }
  case LOSS_HUBER:
    return huber(d, op->delta);
  case LOSS_LOG_COSH:
    return log_cosh(d);
  case LOSS_POISSON:
    return (Term){p - y * logarithm(p + EPSILON), 1.0f - y / (p + EPSILON)};
  case LOSS_HINGE: {
    float side = y == 0 ? -1.0f : y;
    float gap = 1.0f - side * p;
    return (Term){most(0, gap), gap > 0 ? -side : 0};
  }
  case LOSS_SQUARED_HINGE: {
    float side = y == 0 ? -1.0f : y;
    float gap = most(0, 1.0f - side * p);
    return (Term){gap * gap, -2.0f * gap * side};
  }
  case LOSS_BINARY_FOCAL_CROSSENTROPY:
    return binary_focal(op, y, p);
  case LOSS_BINARY_CROSSENTROPY:
    return binary(op, y, p);
  default:
    return (Term){d * d, 2.0f * d};
  }
}

static float mean_of_terms(const LoseOperation *op, const float *y, const float *p, float *g, uint32_t size) {
  float sum = 0;
  for (uint32_t i = 0; i < size; i += 1) {
    Term term = term_of(op, y[i], p[i]);
    sum = sum + term.value;
    g[i] = term.slope / (float)size;
  }
  return sum / (float)size;
}

/* Turns logits into shares; their sum is 1. */
static float softmax(float *p, uint32_t size) {
  float largest = p[0];
  float sum = 0;
  for (uint32_t i = 1; i < size; i += 1) {
    largest = most(largest, p[i]);
  }
  for (uint32_t i = 0; i < size; i += 1) {
    p[i] = exponential(p[i] - largest);
    sum = sum + p[i];
  }
  for (uint32_t i = 0; i < size; i += 1) {
    p[i] = p[i] / sum;
  }
  return largest + logarithm(sum);
}

/* Crossentropy of logits, without going through probabilities. */
static float entropy_of_logits(const float *y, float *p, float *g, uint32_t size) {
  for (uint32_t i = 0; i < size; i += 1) {
    g[i] = p[i];
  }
  float total = softmax(p, size);
  float labels = 0;
  float value = 0;
  for (uint32_t i = 0; i < size; i += 1) {
    labels = labels + y[i];
    value = value + (y[i] != 0 ? y[i] * (total - g[i]) : 0);
  }
  for (uint32_t i = 0; i < size; i += 1) {
    g[i] = labels * p[i] - y[i];
  }
  return value;
}

/* Sums of a function of label and share over classes; outputs are normalised, or logits. */
static float over_classes(const LoseOperation *op, const float *y, float *p, float *g, uint32_t size) {
  float sum = 0;
  if (op->fromLogits) {
    softmax(p, size);
    sum = 1.0f;
  } else {
    for (uint32_t i = 0; i < size; i += 1) {
      sum = sum + p[i];
    }
  }
  float value = 0;
  float dot = 0;
  for (uint32_t i = 0; i < size; i += 1) {
    float share = p[i] / sum;
    float q = limited(share);
    float loss = -y[i] * logarithm(q);
    float slope = -y[i] / q;
    if (op->loss == LOSS_CATEGORICAL_FOCAL_CROSSENTROPY) {
      float focus = op->alpha * power(1.0f - q, op->gamma);
      slope = focus * slope - op->alpha * op->gamma * power(1.0f - q, op->gamma - 1.0f) * loss;
      loss = focus * loss;
    }
    value = value + loss;
    g[i] = inside(share) ? slope : 0;
    dot = dot + g[i] * share;
  }
  for (uint32_t i = 0; i < size; i += 1) {
    g[i] = (op->fromLogits ? p[i] : 1.0f / sum) * (g[i] - dot);
  }
  return value;
}

static float length_of(const float *values, uint32_t size) {
  float sum = 0;
  for (uint32_t i = 0; i < size; i += 1) {
    sum = sum + values[i] * values[i];
  }
  return most(EPSILON, root(sum));
}

static float cosine(const float *y, const float *p, float *g, uint32_t size) {
  float labels = length_of(y, size);
  float outputs = length_of(p, size);
  float product = 0;
  for (uint32_t i = 0; i < size; i += 1) {
    product = product + (y[i] / labels) * (p[i] / outputs);
  }
  for (uint32_t i = 0; i < size; i += 1) {
    g[i] = (product * (p[i] / outputs) - y[i] / labels) / outputs;
  }
  return -product;
}

static float divergence(const float *y, const float *p, float *g, uint32_t size) {
  float sum = 0;
  for (uint32_t i = 0; i < size; i += 1) {
    float label = least(1.0f, most(EPSILON, y[i]));
    float output = least(1.0f, most(EPSILON, p[i]));
    sum = sum + label * (logarithm(label) - logarithm(output));
    g[i] = p[i] > EPSILON && p[i] < 1.0f ? -label / output : 0;
  }
  return sum;
}

static float categorical_hinge(const float *y, const float *p, float *g, uint32_t size) {
  float positive = 0;
  float negative = 0;
  uint32_t worst = 0;
  for (uint32_t i = 0; i < size; i += 1) {
    positive = positive + y[i] * p[i];
    float wrong = (1.0f - y[i]) * p[i];
    if (i == 0 || wrong > negative) {
      negative = wrong;
      worst = i;
    }
  }
  float value = most(0, negative - positive + 1.0f);
  for (uint32_t i = 0; i < size; i += 1) {
    g[i] = value > 0 ? (i == worst ? 1.0f - y[i] : 0) - y[i] : 0;
  }
  return value;
}

static void smooth(const LoseOperation *op, float *y, uint32_t size) {
  uint32_t two = op->loss == LOSS_BINARY_CROSSENTROPY || op->loss == LOSS_BINARY_FOCAL_CROSSENTROPY;
  float even = two ? 0.5f : 1.0f / (float)size;
  for (uint32_t i = 0; i < size; i += 1) {
    y[i] = y[i] * (1.0f - op->labelSmoothing) + even * op->labelSmoothing;
  }
}

float loss_of_row(const LoseOperation *op, float *y, float *p, float *g, uint32_t size) {
  if (op->labelSmoothing > 0) {
    smooth(op, y, size);
  }
  switch (op->loss) {
  case LOSS_COSINE_SIMILARITY:
    return cosine(y, p, g, size);
  case LOSS_KL_DIVERGENCE:
    return divergence(y, p, g, size);
  case LOSS_CATEGORICAL_HINGE:
    return categorical_hinge(y, p, g, size);
  case LOSS_CATEGORICAL_FOCAL_CROSSENTROPY:
    return over_classes(op, y, p, g, size);
  case LOSS_CATEGORICAL_CROSSENTROPY:
    return op->fromLogits ? entropy_of_logits(y, p, g, size) : over_classes(op, y, p, g, size);
  default:
    return mean_of_terms(op, y, p, g, size);
  }
}
