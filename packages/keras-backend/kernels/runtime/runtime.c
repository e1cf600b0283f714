/* Life of a core: vcpu block, interrupts, waiting for START, the event loop, signals from the monitor. */
#include "runtime.h"
#include <stddef.h>
#include "layouts.h"

#define SOFTWARE_VERSION 0x00040000u /* the run-time conventions of SARK 4.0.0 */
#define FLAG_WAIT (1u << 8)          /* bit 0 of the application flags in the argument word */
#define STACK_FILL 0xdeaddeadu

/* Commands in a core's mailbox. */
enum { MAILBOX_IDLE = 0, MAILBOX_MESSAGE = 1, MAILBOX_NOP = 2, MAILBOX_SIGNAL = 3 };

Vcpu *vcpu;
uint32_t application_id;
static volatile bool waiting, leaving;
volatile uint32_t interrupt_events;
uint64_t busy_cycles;
bool measures_busy_cycles;
static uint32_t awake_since;
uint64_t phase_cycles[PHASES];
uint32_t rest_phase, queue_phase;
static uint32_t phase, phase_since, phase_resumed;

extern uint32_t bss_start[], bss_end[], stack_bottom[], stack_top[];
void send_initialise(void);
void dma_initialise(void);

static void unconfigured_vector(void) {
  run_time_error(ERROR_UNCONFIGURED_VECTOR);
}

void interrupt_bind(uint32_t slot, uint32_t source, void (*handler)(void)) {
  VIC_VECTOR_SLOT(slot) = (uint32_t)handler;
  VIC_CONTROL_SLOT(slot) = VIC_SLOT_ENABLE | source;
  VIC_ENABLE = 1u << source;
}

/* Gives a shared message buffer back: nothing here takes SDP. */
static void free_message(uint32_t message) {
  while (SYSTEM_TEST_AND_SET(LOCK_MESSAGES) & 0x80000000u) {
  }
  REGISTER(message) = SV_FREE_MESSAGES;
  SV_FREE_MESSAGES = message;
  SV_MESSAGES_USED -= 1;
  (void)SYSTEM_TEST_AND_CLEAR(LOCK_MESSAGES);
}

static void take_signal(uint32_t signal) {
  interrupt_events += 1;
  if (signal == SIGNAL_START) {
    waiting = false;
  } else if (signal == SIGNAL_EXIT) {
    leaving = true;
  } else {
    program_signal(signal);
  }
}

/* The monitor wrote our mailbox. A NOP is its watchdog's ping. */
INTERRUPT_HANDLER static void monitor_interrupt(void) {
  SYSTEM_CLEAR_INTERRUPT = SYSTEM_SECURITY_CODE | (1u << vcpu->physicalCore);
  volatile Vcpu *block = vcpu;
  uint32_t command = block->mailboxCommand;
  uint32_t message = block->mailboxMessage;
  if (command == MAILBOX_MESSAGE) {
    free_message(message);
  }
  if (command == MAILBOX_NOP) {
    block->mailboxMessage = 0;
  }
  block->mailboxCommand = MAILBOX_IDLE;
  if (command == MAILBOX_SIGNAL) {
    take_signal(message);
  }
  VIC_VECTOR = 0;
}

static void vcpu_initialise(uint32_t argument) {
  uint32_t physical = DMA_STATUS >> 24;
  vcpu = (Vcpu *)SV_VCPU_BASE + SV_PHYSICAL_TO_VIRTUAL(physical);
  uint32_t loaded = vcpu->loadTime;
  for (uint32_t *word = vcpu->registers; word < vcpu->user; word += 1) {
    *word = 0;
  }
  application_id = argument & 0xff;
  vcpu->physicalCore = (uint8_t)physical;
  vcpu->appId = (uint8_t)application_id;
  vcpu->softwareVersion = SOFTWARE_VERSION;
  vcpu->loadTime = loaded;
  for (uint32_t i = 0; i < sizeof vcpu->appName; i += 1) {
    vcpu->appName[i] = program_name[i];
  }
  vcpu->state = CORE_INIT;
}

static void vic_initialise(void) {
  VIC_DISABLE = 0xffffffffu;
  VIC_DEFAULT_VECTOR = (uint32_t)unconfigured_vector;
  for (uint32_t slot = 0; slot < 16; slot += 1) {
    VIC_CONTROL_SLOT(slot) = 0;
  }
  VIC_SELECT = 1u << INTERRUPT_MULTICAST;
}

/* Called by start.S in SYS mode, interrupts off. */
void runtime_start(uint32_t argument) {
  vcpu_initialise(argument);
  vic_initialise();
  interrupt_bind(15, INTERRUPT_MONITOR, monitor_interrupt);
  waiting = (argument & FLAG_WAIT) != 0;
  if (waiting) {
    vcpu->state = CORE_WAIT;
  }
  while (waiting) {
    wait_for_interrupt();
    interrupts_restore(0x1f);
    interrupts_disable();
  }
  send_initialise();
  dma_initialise();
  program_start();
  vcpu->state = CORE_RUN;
}

static uint32_t events(void) {
  return interrupt_events + program_events();
}

void phase_begin(uint32_t next) {
  uint32_t now = TIMER2_VALUE;
  phase_cycles[phase] += phase_since - now;
  phase_since = now;
  phase = next;
}

void rest_begin(void) {
  if (measures_busy_cycles) {
    busy_cycles += awake_since - TIMER2_VALUE;
    phase_resumed = phase;
    phase_begin(rest_phase);
  }
}

void rest_end(void) {
  awake_since = TIMER2_VALUE;
  if (measures_busy_cycles) {
    phase_begin(phase_resumed);
  }
}

/* Sleeps until something happened since `seen`; a wake-up between check and sleep is not lost, WFI ignores the masks. */
static void sleep_since(uint32_t seen) {
  rest_begin();
  uint32_t previous = interrupts_disable();
  while (events() == seen && !leaving) {
    wait_for_interrupt();
    interrupts_restore(previous);
    interrupts_disable();
  }
  interrupts_restore(previous);
  rest_end();
}

__attribute__((noreturn)) void runtime_loop(void) {
  awake_since = phase_since = TIMER2_VALUE;
  while (!leaving) {
    uint32_t seen = events();
    if (!program_step()) {
      sleep_since(seen);
    }
  }
  vcpu->state = CORE_EXIT;
  VIC_DISABLE = ~(1u << INTERRUPT_MONITOR); /* the monitor's watchdog goes on asking */
  for (;;) {
    wait_for_interrupt();
  }
}

void *region(uint32_t number) {
  const uint32_t *table = (const uint32_t *)vcpu->user[0];
  if (table == NULL || table[0] != REGION_TABLE_MAGIC || table[1] != REGION_TABLE_VERSION) {
    run_time_error(ERROR_SOFTWARE);
  }
  return (void *)table[2 + 3 * number];
}

uint32_t stack_used(void) {
  const uint32_t *word = stack_bottom;
  while (word < stack_top && *word == STACK_FILL) {
    word += 1;
  }
  return (uint32_t)((const uint8_t *)stack_top - (const uint8_t *)word);
}
