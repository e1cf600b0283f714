/* Messages and signals from the monitor and to it, through blocks and buffers in System RAM. */
#include "runtime.h"

enum { BUFFER_LOCK = 0, FLAGS_LOCK = 1 };

void take_signal(uint32_t number);

static struct message received;
static volatile bool has_message;

static void lock(unsigned number) {
  while (SYSTEM_TEST_AND_SET(number) >> 31) continue;
}

static void unlock(unsigned number) {
  (void)SYSTEM_TEST_AND_CLEAR(number);
}

static void copy(void *to, const volatile void *from) {
  for (unsigned index = 0; index < sizeof(struct message) / 4; index++) {
    ((uint32_t *)to)[index] = ((const volatile uint32_t *)from)[index];
  }
}

static void free_buffer(volatile struct message *buffer) {
  lock(BUFFER_LOCK);
  buffer->link = FREE_BUFFERS;
  FREE_BUFFERS = (uint32_t)buffer;
  BUFFERS_USED = BUFFERS_USED - 1;
  unlock(BUFFER_LOCK);
}

static volatile struct message *allocate_buffer(void) {
  lock(BUFFER_LOCK);
  volatile struct message *buffer = (volatile struct message *)FREE_BUFFERS;
  if (buffer) {
    FREE_BUFFERS = buffer->link;
    BUFFERS_USED = BUFFERS_USED + 1;
    if (BUFFERS_USED > BUFFERS_MOST) BUFFERS_MOST = BUFFERS_USED;
  }
  unlock(BUFFER_LOCK);
  return buffer;
}

/* The monitor has put something into this core's mailbox. */
void serve_mailbox(uint32_t interrupted) {
  SYSTEM_CLEAR_INTERRUPT = SYSTEM_SECURITY_CODE | (1u << block->physical_core);
  switch (block->command_to_core) {
    case COMMAND_MESSAGE: {
      if (has_message) return;
      volatile struct message *buffer = (volatile struct message *)block->message_to_core;
      copy(&received, buffer);
      free_buffer(buffer);
      has_message = true;
      break;
    }
    case COMMAND_NOTHING:
      block->message_to_core = interrupted;
      break;
    case COMMAND_SIGNAL:
      take_signal(block->message_to_core);
      break;
  }
  block->command_to_core = COMMAND_IDLE;
}

bool take_message(struct message *message) {
  if (!has_message) return false;
  copy(message, &received);
  uint32_t status = interrupts_off();
  has_message = false;
  if (block->command_to_core == COMMAND_MESSAGE) serve_mailbox(0);
  interrupts_restore(status);
  return true;
}

void send_message(const struct message *message) {
  while (block->command_to_monitor != COMMAND_IDLE) continue;
  uint32_t status = interrupts_off();
  volatile struct message *buffer;
  do buffer = allocate_buffer();
  while (!buffer);
  uint32_t *to = (uint32_t *)buffer;
  copy(to, message);
  block->message_to_monitor = (uint32_t)buffer;
  block->command_to_monitor = COMMAND_MESSAGE;
  lock(FLAGS_LOCK);
  uint32_t flags = MAILBOX_FLAGS;
  MAILBOX_FLAGS = flags | (1u << core);
  if (flags == 0) SYSTEM_SET_INTERRUPT = SYSTEM_SECURITY_CODE | (1u << VIRTUAL_TO_PHYSICAL[0]);
  unlock(FLAGS_LOCK);
  interrupts_restore(status);
}
