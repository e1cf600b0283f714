/* Start, states, interrupts, signals and packets. */
#include "runtime.h"

volatile struct block *block;
uint32_t core;
void (*fast_interrupt_handler)(uint32_t);
void serve_mailbox(uint32_t interrupted);

static volatile uint32_t signals;
enum { SIGNAL_START = 3, SIGNAL_EXIT = 8, WAIT_FLAG = 0x100, MAILBOX_SLOT = 15 };

void on_interrupt(unsigned source, unsigned slot, void (*handler)(uint32_t)) {
  INTERRUPT_ADDRESS(slot) = (uint32_t)handler;
  INTERRUPT_CONTROL(slot) = 0x20 | source;
  INTERRUPT_ENABLE = 1u << source;
}

void on_fast_interrupt(unsigned source, void (*handler)(uint32_t)) {
  fast_interrupt_handler = handler;
  INTERRUPT_SELECT = 1u << source;
  INTERRUPT_ENABLE = 1u << source;
}

void take_signal(uint32_t number) {
  signals |= 1u << number;
}

uint32_t take_signals(void) {
  uint32_t status = interrupts_off();
  uint32_t taken = signals;
  signals = 0;
  interrupts_restore(status);
  return taken;
}

/* Sleeps unless a condition holds already; interrupts are off between the look and the sleep. */
static void wait_until(bool (*holds)(uint32_t), uint32_t argument) {
  for (;;) {
    uint32_t status = interrupts_off();
    bool is_over = holds(argument);
    if (!is_over) wait_for_interrupt();
    interrupts_restore(status);
    if (is_over) return;
  }
}

static bool flag_is(uint32_t wanted) {
  return ((SYSTEM_FLAGS >> core) & 1) == wanted;
}

static bool was_started(uint32_t unused) {
  (void)unused;
  return (signals >> SIGNAL_START) & 1;
}

void synchronise(unsigned number) {
  block->state = number == 0 ? STATE_SYNC0 : STATE_SYNC1;
  wait_until(flag_is, number);
  block->state = STATE_RUN;
}

void send_packet(uint32_t key, uint32_t payload) {
  while (!(PACKET_CONTROL & PACKET_NOT_FULL)) continue;
  PACKET_CONTROL = PACKET_HAS_PAYLOAD;
  PACKET_PAYLOAD = payload;
  PACKET_KEY = key;
}

/* Clears this core's block but for what the host, the monitor and the loader have put there. */
static void clear_block(void) {
  for (unsigned index = 0; index < 8; index++) block->registers[index] = 0;
  block->status = block->stack_pointer = block->link_register = 0;
  block->error = 0;
  block->command_to_core = block->command_to_monitor = COMMAND_IDLE;
  block->software_errors = 0;
  block->iobuf = 0;
  for (unsigned index = 0; index < 16; index++) block->name[index] = program_name[index];
}

void runtime_start(uint32_t argument) {
  uint32_t physical = DMA_STATUS >> 24;
  core = PHYSICAL_TO_VIRTUAL[physical];
  block = (volatile struct block *)BLOCKS + core;
  clear_block();
  block->physical_core = physical;
  INTERRUPT_DISABLE = 0xffffffff;
  on_interrupt(SOURCE_MONITOR, MAILBOX_SLOT, serve_mailbox);
  interrupts_on();
  if (argument & WAIT_FLAG) {
    block->state = STATE_WAIT;
    wait_until(was_started, 0);
  }
  block->state = STATE_RUN;
  main();
  block->state = STATE_EXIT;
  INTERRUPT_DISABLE = ~(1u << SOURCE_MONITOR);
  for (;;) wait_for_interrupt();
}
