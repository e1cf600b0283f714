/* What the run-time offers the programs: a core that is started, interrupted and stopped as the monitor expects. */
#ifndef RUNTIME_H
#define RUNTIME_H
#include <stdbool.h>
#include <stdint.h>
#include "machine.h"

/* Each program defines these. */
extern const char program_name[16];
/* Sets the program up; interrupts are off. */
void program_start(void);
/* Does what can be done now; true when something was done. Interrupts are on. */
bool program_step(void);
/* Changes whenever a received packet gives program_step something to do. */
uint32_t program_events(void);
/* A signal from the monitor, in interrupt context; START and EXIT are dealt with by the run-time. */
void program_signal(uint32_t signal);
/* FIQ handler of received multicast packets (assembly); r11 and r13 of FIQ mode are its own. */
void receive_interrupt(void);

enum { SIGNAL_START = 3, SIGNAL_EXIT = 8, SIGNAL_USER0 = 10 };

/* Start of region `number`, NULL when the region is absent. Run-time error 13 when the table is not one. */
void *region(uint32_t number);

/* Gives FIQ mode its table (r11) and clears its packet counter (r13). */
void receive_setup(void *table);
/* Packets received so far; wraps. */
uint32_t received_packets(void);

/* Starts the send queue: one packet every `gap` core cycles, the first of a burst after `delay`. */
void send_setup(uint32_t gap, uint32_t delay);
/* Packets whose keys have the top byte of `key` keep another gap to the next. */
void send_setup_class(uint32_t key, uint32_t gap);
/* Queues a packet; sleeps while the queue is full. */
void send_packet(uint32_t key, uint32_t payload);
/* Queues sums 0, 2, 1, 3 under key, key + 1, key + step, key + step + 1. */
void send_square(uint32_t key, uint32_t step, const int32_t sums[4]);
/* Forgets all packets that wait. */
void send_flush(void);
/* Sends a packet when the queue is empty and then `delay` core cycles have passed. */
void send_later(uint32_t key, uint32_t payload, uint32_t delay);
typedef struct {
  uint32_t sent, highWater;
} SendStatistics;
/* Counts since the last report. */
SendStatistics send_report(void);

/* Starts a DMA read of `bytes` (a multiple of 4) from the system address; one at a time. */
void dma_read(void *target, uint32_t source, uint32_t bytes);
/* Called in interrupt context when it has finished. */
extern void (*dma_finished)(void);
/* Transfers that failed. */
extern volatile uint32_t dma_errors;

/* Binds a VIC slot; handlers are written in C with __attribute__((interrupt("IRQ"))) and end with VIC_VECTOR = 0. */
void interrupt_bind(uint32_t slot, uint32_t source, void (*handler)(void));

/* Something that program_step should look at happened in an IRQ. */
extern volatile uint32_t interrupt_events;

/* Core cycles in which the program had something to do; needs timer 2 to run free. Packets stored meanwhile are not counted. */
extern uint64_t busy_cycles;
extern bool measures_busy_cycles;

/* Core cycles by what the program says that it does, under the same condition; it numbers its phases itself. */
#define PHASES 16
extern uint64_t phase_cycles[PHASES];
/* From now on cycles count for `phase`. Not in interrupts. */
void phase_begin(uint32_t phase);
/* Phase while program_step has nothing to do, and while the send queue is full. */
extern uint32_t rest_phase, queue_phase;

/* Handlers of interrupts are ARM code, whatever the rest of a source is. */
#define INTERRUPT_HANDLER __attribute__((interrupt("IRQ"), target("arm")))

/* Around every wait of the program, so that it does not count as busy. */
void rest_begin(void);
void rest_end(void);

uint32_t stack_used(void);

/* Stops the core in state RTE with the registers in its vcpu block. */
__attribute__((noreturn)) void run_time_error(uint32_t code);

/* Appends text to the IOBUF that the host reads; printed at once. */
void print(const char *text);
void print_number(uint32_t value);

/* Mask IRQ and FIQ; the previous state goes back to interrupts_restore. Thumb code calls them, since it has no such instructions. */
#ifdef __thumb__
uint32_t interrupts_disable(void);
void interrupts_restore(uint32_t previous);
void wait_for_interrupt(void);
#else
static inline uint32_t interrupts_disable(void) {
  uint32_t previous, masked;
  __asm__ volatile("mrs %0, cpsr\n\torr %1, %0, #0xc0\n\tmsr cpsr_c, %1"
                   : "=&r"(previous), "=&r"(masked)::"memory", "cc");
  return previous;
}
static inline void interrupts_restore(uint32_t previous) {
  __asm__ volatile("msr cpsr_c, %0" ::"r"(previous) : "memory", "cc");
}
static inline void wait_for_interrupt(void) {
  __asm__ volatile("mcr p15, 0, %0, c7, c0, 4" ::"r"(0) : "memory");
}
#endif

#endif
