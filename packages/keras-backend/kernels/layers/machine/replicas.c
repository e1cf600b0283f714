/*
 * What replicas add up and share, by packets between the workers that have the same number on their chips. One number
 * after the other takes its turn on all chips, none sends before all are ready to take, and each goes on only when what
 * the others sent meanwhile has come: so there are never more packets on their way than links hold. Routers that were
 * full of packets for one another would stand still.
 */
#include "../platform.h"
#include "machine.h"

#define CHUNK 64u /* numbers that are fetched for each owner at a time */
#define REPLICA_SHIFT 16u
#define NUMBER_SHIFT 2u
#define READY (1u << 10)

Waiting waiting_for;

static uint32_t passed; /* signals of being ready so far */
static uint32_t ended;  /* ends of sums so far */
static uint32_t shared; /* words of others so far */

/* Reports what is missing should the sequencer give up; packets that come after all are too late for the batch. */
static void await(const volatile uint32_t *count, uint32_t wanted, uint32_t what) {
  while (!sleep_until(count, wanted)) {
    waiting_for = (Waiting){what, wanted - *count};
    report_when_given_up();
  }
}

/* Waits for the turn of our number, and until the same workers of all replicas can take packets. */
static void take_turn(void) {
  wait_for_turn();
  send_now(config.shareKey + READY, 0);
  passed += config.replicas - 1;
  await(&receive_table.ready, passed, WAITS_READY);
}

/* A part of an array: numbers from `first` up to but not including `end`. */
typedef struct {
  uint32_t first, end;
} Part;

/* At most `most` numbers from `from` on of those that belong to the worker of our number in a replica. */
static Part part_of(uint32_t replica, uint32_t count, uint32_t per, uint32_t from, uint32_t most) {
  uint32_t first = (replica * config.workers + config.worker) * per + from;
  uint32_t left = from < per ? per - from : 0;
  uint32_t end = first + (most < left ? most : left);
  end = end < count ? end : count;
  return (Part){first, end < first ? first : end};
}

static uint32_t next_replica(uint32_t replica) {
  return replica + 1 == config.replicas ? 0 : replica + 1;
}

static uint32_t smaller_of(uint32_t a, uint32_t b) {
  return a < b ? a : b;
}

/* The upper half goes too where it is more than the sign of the lower. */
static uint32_t send_sum(uint32_t key, int64_t sum) {
  int32_t low = (int32_t)sum;
  uint32_t high = (uint32_t)((uint64_t)(sum - low) >> 32);
  send_now(key + SUM_LOW, (uint32_t)low);
  if (high == 0) {
    return 1;
  }
  send_now(key + SUM_HIGH, high);
  return 2;
}

typedef struct {
  uint32_t address, count, per, from;
} Array;

/* Numbers of ours are awaited from all others as fast as we send theirs. */
static void send_sums(const Array *array, uint32_t own, int64_t *room, uint32_t *packets) {
  uint32_t others = config.replicas - 1;
  uint32_t before = receive_table.promised + shared;
  uint32_t end = smaller_of(array->per - array->from, LIMIT_REDUCE_NUMBERS);
  for (uint32_t i = 0; i < end; i += 1) {
    uint32_t at = i % CHUNK;
    for (uint32_t r = next_replica(config.replica); r != config.replica; r = next_replica(r)) {
      if (at == 0) {
        Part part = part_of(r, array->count, array->per, array->from + i, CHUNK);
        fetch(room + r * CHUNK, array->address + part.first * 8, (part.end - part.first) * 8);
      }
      Part part = part_of(r, array->count, array->per, array->from + i, 1);
      if (part.first < part.end) {
        packets[r] += send_sum(config.reduceKey + (r << REPLICA_SHIFT) + (i << NUMBER_SHIFT), room[r * CHUNK + at]);
      }
    }
    if ((i + 1) % config.reduceBurst == 0) {
      await(&receive_table.taken, before + others * smaller_of(i + 1, own), WAITS_SUMS);
    }
  }
}

void reduce(uint32_t address, uint32_t count, uint32_t per) {
  int64_t *sums = (int64_t *)arena;
  uint32_t *packets = (uint32_t *)(sums + LIMIT_REDUCE_NUMBERS);
  int64_t *room = (int64_t *)(packets + LIMIT_REPLICAS);
  for (uint32_t from = 0; from < per; from += LIMIT_REDUCE_NUMBERS) {
    const Array array = {address, count, per, from};
    Part own = part_of(config.replica, count, per, from, LIMIT_REDUCE_NUMBERS);
    uint32_t numbers = own.end - own.first;
    fetch(sums, address + own.first * 8, numbers * 8);
    receive_table.sums = (uint64_t *)sums;
    for (uint32_t r = 0; r < config.replicas; r += 1) {
      packets[r] = 0;
    }
    take_turn();
    send_sums(&array, numbers, room, packets);
    for (uint32_t r = next_replica(config.replica); r != config.replica; r = next_replica(r)) {
      send_now(config.reduceKey + (r << REPLICA_SHIFT) + SUM_END, packets[r]);
    }
    ended += config.replicas - 1;
    await(&receive_table.ends, ended, WAITS_ENDS);
    await(&receive_table.taken, receive_table.promised + shared, WAITS_SUMS);
    store(address + own.first * 8, sums, numbers * 8);
    barrier();
  }
}

/* How many words the others send of their first `most` from `from` on. */
static uint32_t words_of_others(const Array *array, uint32_t most) {
  uint32_t words = 0;
  for (uint32_t r = next_replica(config.replica); r != config.replica; r = next_replica(r)) {
    Part part = part_of(r, array->count, array->per, array->from, most);
    words += part.end - part.first;
  }
  return words;
}

void share(uint32_t address, uint32_t count, uint32_t per) {
  uint32_t most = 1u << config.shareShift;
  uint32_t *words = (uint32_t *)arena;
  receive_table.words = words;
  receive_table.share_shift = config.shareShift;
  for (uint32_t from = 0; from < per; from += most) {
    const Array array = {address, count, per, from};
    Part own = part_of(config.replica, count, per, from, most);
    uint32_t *mine = words + (config.replica << config.shareShift);
    fetch(mine, address + own.first * 4, (own.end - own.first) * 4);
    take_turn();
    uint32_t before = receive_table.promised + shared;
    for (uint32_t i = 0; i < own.end - own.first; i += 1) {
      send_now(config.shareKey + i, mine[i]);
      if ((i + 1) % config.shareBurst == 0) {
        await(&receive_table.taken, before + words_of_others(&array, i + 1), WAITS_WORDS);
      }
    }
    shared += words_of_others(&array, most);
    await(&receive_table.taken, receive_table.promised + shared, WAITS_WORDS);
    for (uint32_t r = next_replica(config.replica); r != config.replica; r = next_replica(r)) {
      Part part = part_of(r, count, per, from, most);
      store(address + part.first * 4, words + (r << config.shareShift), (part.end - part.first) * 4);
    }
    barrier();
  }
}
