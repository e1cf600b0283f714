/*
 * What replicas add up and share, by packets between the workers that have the same number on their chips. Sums for a
 * replica go up its tree: a worker adds what comes from neighbours to its own and sends that on. So all packets of sums
 * go to a neighbour, and a chip alone decides how full its links are. Words of a replica go down its tree by multicast,
 * with gaps that the busiest link can bear.
 *
 * Routers that are full of packets for one another stand still, and some seven packets fill a link. So workers take turns:
 * each sends at moments that lie a gap apart, those of the others between them, and lets a moment pass that it missed.
 */
#include "../platform.h"
#include "machine.h"

#define REPLICA_SHIFT 18u
#define PLACE_SHIFT 1u
#define PART LIMIT_REDUCE_PART
#define WAKING 350u /* core cycles from the end of a sleep to a packet, at most */
#define LATEST 256 /* core cycles behind its moment in which a packet may still be sent */

/* What runs for each packet is ARM code, which is quicker: workers that are late let moments pass. */
#define HOT __attribute__((target("arm"), optimize("O2")))

Waiting waiting_for;

static uint32_t passed; /* signals of being ready so far */
static uint32_t shared; /* words of others so far */
static ReplicaExchange ways;

/* Reports what is missing when the sequencer has given up; packets that come after all are too late for the batch. */
static void report_missing(uint32_t what, uint32_t packets) {
  waiting_for = (Waiting){what, packets};
  report_when_given_up();
}

static void await(const volatile uint32_t *count, uint32_t wanted, uint32_t what) {
  while (!sleep_until(count, wanted)) {
    report_missing(what, wanted - *count);
  }
}

/* Returns when all workers of all replicas have called it. */
static void meet(void) {
  barrier();
  if (config.worker == 0) {
    send_now(config.readyKey, 0);
  }
  passed += config.replicas - 1;
  await(&receive_table.ready, passed, WAITS_READY);
}

HOT static uint32_t smaller_of(uint32_t a, uint32_t b) {
  return a < b ? a : b;
}

/* An array that workers own in turn, and the numbers of each of them that are exchanged now. */
typedef struct {
  uint32_t address, count, per, from, most;
} Array;

/* Numbers of those that belong to the worker of our number in a replica: from `first` up to but not including `end`. */
typedef struct {
  uint32_t first, end;
} Numbers;

static Numbers numbers_of(const Array *array, uint32_t replica) {
  uint32_t first = (replica * config.workers + config.worker) * array->per + array->from;
  uint32_t end = smaller_of(first + smaller_of(array->most, array->per - array->from), array->count);
  return (Numbers){first, end < first ? first : end};
}

/* One of the trees, see ReplicaExchange. */
typedef struct {
  uint32_t root, children, link, next;
} Branch;

static Branch branch_of(uint32_t index) {
  uint32_t word = ways.branches[index];
  return (Branch){word & 0xff, (word >> 8) & 0xff, (word >> 16) & 0xff, word >> 24};
}

/* When a worker may send: at values of timer 2, which counts down, that lie a gap apart. */
typedef struct {
  uint32_t next, gap;
} Moments;

static Moments moments_of(uint32_t gap, uint32_t first) {
  return (Moments){TIMER2_VALUE - first, gap};
}

/* Core cycles to the next moment; 0 when it has come. */
HOT static uint32_t cycles_to(Moments *moments) {
  int32_t early = (int32_t)(TIMER2_VALUE - moments->next);
  if (early >= 0) {
    return (uint32_t)early;
  }
  if (early >= -LATEST) {
    return 0;
  }
  do {
    moments->next -= moments->gap;
    early += (int32_t)moments->gap;
  } while (early < 0);
  return (uint32_t)early;
}

static void doze_before(uint32_t cycles) {
  if (cycles > WAKING) {
    doze(cycles - WAKING);
  }
}

/* What is to be sent over a link: the places of the numbers of a tree, and those that all children have sent. */
typedef struct {
  uint32_t branch, key, halves, place, complete, end;
  uint32_t upper; /* of the number whose lower half was sent */
  Moments moments;
} Outlet;

/* The next tree with numbers that uses the link; false after the last. */
static bool next_tree(Outlet *outlet, uint32_t link, const Array *array) {
  for (outlet->branch += 1; outlet->branch < config.replicas - 1; outlet->branch += 1) {
    Branch branch = branch_of(outlet->branch);
    if (branch.link != link) {
      continue;
    }
    Numbers numbers = numbers_of(array, branch.root);
    outlet->key = config.reduceKey + (branch.next << REPLICA_SHIFT);
    outlet->halves = 2 * branch.children;
    outlet->place = outlet->complete = branch.root * array->most;
    outlet->end = outlet->place + numbers.end - numbers.first;
    if (outlet->place < outlet->end) {
      return true;
    }
  }
  return false;
}

/* Sums that children have yet to add before the number that is next may be sent. */
HOT static uint32_t missing_sums(Outlet *outlet) {
  if (outlet->place < outlet->complete) {
    return 0;
  }
  uint32_t end = smaller_of(outlet->place + PART, outlet->end);
  uint32_t halves = (end - outlet->place) * outlet->halves - receive_table.halves[outlet->place / PART];
  if (halves == 0) {
    outlet->complete = end;
  }
  return (halves + 1) / 2;
}

/* Sends a number, the upper half by itself where it is more than the sign of the lower. */
HOT static void send_sum(Outlet *outlet, int64_t sum) {
  uint32_t key = outlet->key + (outlet->place << PLACE_SHIFT);
  int32_t low = (int32_t)sum;
  uint32_t upper = (uint32_t)((uint64_t)(sum - low) >> 32);
  if (outlet->upper != 0) {
    send_now(key + SUM_PART + SUM_UPPER, upper);
    upper = 0;
  } else {
    send_now(upper == 0 ? key : key + SUM_PART, (uint32_t)low);
  }
  outlet->upper = upper;
  outlet->place += upper == 0;
  outlet->moments.next -= outlet->moments.gap;
}

/* Sends numbers up the trees of the others as they become complete. */
HOT static void send_sums(const Array *array, const volatile int64_t *sums) {
  Outlet outlets[LIMIT_LINKS];
  uint32_t open = 0;
  for (uint32_t link = 0; link < LIMIT_LINKS; link += 1) {
    uint32_t gap = ways.linkGaps[link];
    outlets[link].branch = -1u;
    outlets[link].upper = 0;
    outlets[link].moments = moments_of(gap, gap / config.workers * config.worker + gap / LIMIT_LINKS * link);
    open |= (uint32_t)next_tree(&outlets[link], link, array) << link;
  }
  while (open != 0) {
    uint32_t rest = ways.linkGaps[0];
    uint32_t missing = 0;
    bool idle = true;
    for (uint32_t link = 0; link < LIMIT_LINKS; link += 1) {
      if (!(open >> link & 1u)) {
        continue;
      }
      Outlet *outlet = &outlets[link];
      uint32_t more = missing_sums(outlet);
      uint32_t early = more == 0 ? cycles_to(&outlet->moments) : rest;
      missing += more;
      if (more != 0 || early != 0) {
        rest = smaller_of(rest, early);
        continue;
      }
      idle = false;
      send_sum(outlet, sums[outlet->place]);
      if (outlet->place == outlet->end && !next_tree(outlet, link, array)) {
        open &= ~(1u << link);
      }
    }
    if (idle) {
      if (receive_table.pending[0] != 0) {
        report_missing(WAITS_SUMS, missing);
      }
      doze_before(rest);
    }
  }
}

/* Numbers of an array that have room in the arena at a time. */
static uint32_t room_for(uint32_t bytes) {
  return LIMIT_ARENA_BYTES / bytes / config.replicas / PART * PART;
}

void reduce(uint32_t address, uint32_t count, uint32_t per) {
  int64_t *sums = (int64_t *)arena;
  transfer_in(&ways, config.exchange, sizeof ways);
  Array array = {address, count, per, 0, room_for(8)};
  for (; array.from < per; array.from += array.most) {
    for (uint32_t r = 0; r < config.replicas; r += 1) {
      Numbers numbers = numbers_of(&array, r);
      fetch(sums + r * array.most, address + numbers.first * 8, (numbers.end - numbers.first) * 8);
    }
    for (uint32_t i = 0; i < sizeof receive_table.halves / 4; i += 1) {
      receive_table.halves[i] = 0;
    }
    receive_table.sums = (uint64_t *)sums;
    meet();
    send_sums(&array, sums);
    Numbers own = numbers_of(&array, config.replica);
    uint32_t halves = 2 * branch_of(config.replicas - 1).children;
    uint32_t place = config.replica * array.most;
    for (uint32_t left = own.end - own.first; left != 0;) {
      uint32_t part = smaller_of(left, PART);
      await(&receive_table.halves[place / PART], part * halves, WAITS_SUMS);
      place += part;
      left -= part;
    }
    store(address + own.first * 8, sums + config.replica * array.most, (own.end - own.first) * 8);
  }
}

/*
 * Sends our words one by one, each after the gap that is for as many replicas as have some. Workers of one number do not
 * send at the same time: a core takes a packet in the time in which the router could bring several, and who waits for it
 * holds up all others.
 */
static void send_words(const Array *array, const uint32_t *words, uint32_t place, uint32_t count) {
  uint32_t sharing = smaller_of((array->count - 1) / (config.workers * array->per) + 1, config.replicas);
  uint32_t gap = ways.shareGaps[sharing - 1];
  uint32_t turn = (config.worker + config.replica) % config.workers;
  Moments moments = moments_of(gap, gap / config.workers * turn + gap / (config.workers * config.replicas) * config.replica);
  for (uint32_t i = 0; i < count; i += 1) {
    for (uint32_t early; (early = cycles_to(&moments)) != 0;) {
      doze_before(early);
    }
    send_now(config.shareKey + place + i, words[place + i]);
    moments.next -= gap;
  }
}

void share(uint32_t address, uint32_t count, uint32_t per) {
  uint32_t *words = (uint32_t *)arena;
  transfer_in(&ways, config.exchange, sizeof ways);
  receive_table.words = words;
  Array array = {address, count, per, 0, room_for(4)};
  for (; array.from < per; array.from += array.most) {
    Numbers own = numbers_of(&array, config.replica);
    uint32_t place = config.replica * array.most;
    fetch(words + place, address + own.first * 4, (own.end - own.first) * 4);
    meet();
    send_words(&array, words, place, own.end - own.first);
    for (uint32_t r = 0; r < config.replicas; r += 1) {
      Numbers numbers = numbers_of(&array, r);
      shared += r == config.replica ? 0 : numbers.end - numbers.first;
    }
    await(&receive_table.taken, shared, WAITS_WORDS);
    for (uint32_t r = 0; r < config.replicas; r += 1) {
      Numbers numbers = numbers_of(&array, r);
      if (r != config.replica) {
        store(address + numbers.first * 4, words + r * array.most, (numbers.end - numbers.first) * 4);
      }
    }
  }
}
