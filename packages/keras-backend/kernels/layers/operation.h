/* The function of each kind of operations; each does the worker's share of one. */
#ifndef OPERATION_H
#define OPERATION_H

void run_take(const void *operation);
void run_put(const void *operation);
void run_matrix(const void *operation);
#ifdef __wasm__
void run_spread_matrix(const void *operation); /* the same, quicker where the window is spread */
#endif
void run_depthwise(const void *operation);
void run_activate(const void *operation);
void run_pool(const void *operation);
void run_merge(const void *operation);
void run_map(const void *operation);
void run_statistics(const void *operation);
void run_moments(const void *operation);
void run_normalise(const void *operation);
void run_drop(const void *operation);
void run_lose(const void *operation);
void run_activate_back(const void *operation);
void run_gradient(const void *operation);
void run_depthwise_back(const void *operation);
void run_depthwise_gradient(const void *operation);
void run_pool_back(const void *operation);
void run_merge_back(const void *operation);
void run_map_back(const void *operation);
void run_statistics_back(const void *operation);
void run_moments_back(const void *operation);
void run_normalise_back(const void *operation);
void run_combine(const void *operation);
void run_reduce(const void *operation);
void run_share(const void *operation);
void run_norms(const void *operation);
void run_add_up(const void *operation);
void run_update(const void *operation);
void run_penalty(const void *operation);
void run_constrain(const void *operation);
void run_refresh(const void *operation);
void run_refresh_bias(const void *operation);

#endif
