/*
 * What replicas add up and share, by packets between the workers that have the same number on their chips. All go
 * through their parts together: none sends before all are ready to take it.
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

/*
 * Tells the other replicas that their packets can come, and waits until all of them can take ours. Workers take turns:
 * routers that are full of packets for one another would stand still.
 */
static void get_ready(void) {
  send_later(config.shareKey + READY, 0, config.sendDelay);
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

/* The upper half goes too where it is more than the sign of the lower. */
static uint32_t send_sum(uint32_t key, int64_t sum) {
  int32_t low = (int32_t)sum;
  uint32_t high = (uint32_t)((uint64_t)(sum - low) >> 32);
  send_packet(key + SUM_LOW, (uint32_t)low);
  if (high == 0) {
    return 1;
  }
  send_packet(key + SUM_HIGH, high);
  return 2;
}

/* One number to each owner in turn, so that neither a receiver nor a link gets many at once. */
static void send_sums(uint32_t address, uint32_t count, uint32_t per, uint32_t from, int64_t *room, uint32_t *packets) {
  for (uint32_t at = 0; at < LIMIT_REDUCE_NUMBERS && from + at < per; at += CHUNK) {
    for (uint32_t r = next_replica(config.replica); r != config.replica; r = next_replica(r)) {
      Part part = part_of(r, count, per, from + at, CHUNK);
      fetch(room + r * CHUNK, address + part.first * 8, (part.end - part.first) * 8);
    }
    for (uint32_t i = 0; i < CHUNK; i += 1) {
      for (uint32_t r = next_replica(config.replica); r != config.replica; r = next_replica(r)) {
        Part part = part_of(r, count, per, from + at + i, 1);
        if (part.first < part.end) {
          uint32_t key = config.reduceKey + (r << REPLICA_SHIFT) + ((at + i) << NUMBER_SHIFT);
          packets[r] += send_sum(key, room[r * CHUNK + i]);
        }
      }
    }
  }
}

void reduce(uint32_t address, uint32_t count, uint32_t per) {
  int64_t *sums = (int64_t *)arena;
  uint32_t *packets = (uint32_t *)(sums + LIMIT_REDUCE_NUMBERS);
  int64_t *room = (int64_t *)(packets + LIMIT_REPLICAS);
  receive_table.sums = (uint64_t *)sums;
  for (uint32_t from = 0; from < per; from += LIMIT_REDUCE_NUMBERS) {
    Part own = part_of(config.replica, count, per, from, LIMIT_REDUCE_NUMBERS);
    fetch(sums, address + own.first * 8, (own.end - own.first) * 8);
    for (uint32_t r = 0; r < config.replicas; r += 1) {
      packets[r] = 0;
    }
    get_ready();
    send_sums(address, count, per, from, room, packets);
    for (uint32_t r = next_replica(config.replica); r != config.replica; r = next_replica(r)) {
      send_packet(config.reduceKey + (r << REPLICA_SHIFT) + SUM_END, packets[r]);
    }
    ended += config.replicas - 1;
    await(&receive_table.ends, ended, WAITS_ENDS);
    await(&receive_table.taken, receive_table.promised + shared, WAITS_SUMS);
    store(address + own.first * 8, sums, (own.end - own.first) * 8);
  }
}

void share(uint32_t address, uint32_t count, uint32_t per) {
  uint32_t most = 1u << config.shareShift;
  uint32_t *words = (uint32_t *)arena;
  receive_table.words = words;
  receive_table.share_shift = config.shareShift;
  for (uint32_t from = 0; from < per; from += most) {
    Part own = part_of(config.replica, count, per, from, most);
    uint32_t *mine = words + (config.replica << config.shareShift);
    fetch(mine, address + own.first * 4, (own.end - own.first) * 4);
    get_ready();
    for (uint32_t i = 0; i < own.end - own.first; i += 1) {
      send_packet(config.shareKey + i, mine[i]);
    }
    for (uint32_t r = next_replica(config.replica); r != config.replica; r = next_replica(r)) {
      Part part = part_of(r, count, per, from, most);
      shared += part.end - part.first;
    }
    await(&receive_table.taken, receive_table.promised + shared, WAITS_WORDS);
    for (uint32_t r = next_replica(config.replica); r != config.replica; r = next_replica(r)) {
      Part part = part_of(r, count, per, from, most);
      store(address + part.first * 4, words + (r << config.shareShift), (part.end - part.first) * 4);
    }
  }
}
