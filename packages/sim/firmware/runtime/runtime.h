/* What programs can ask for. A program is a function `main` and a name. */
#ifndef RUNTIME_H
#define RUNTIME_H

#include "machine.h"

extern const char program_name[16];
void main(void);

/* The block of this core, its virtual number, and its bit among the chip's virtual cores. */
extern volatile struct block *block;
extern uint32_t core;

/* Calls `handler` with the interrupted address when a source interrupts; slot 0 goes first. */
void on_interrupt(unsigned source, unsigned slot, void (*handler)(uint32_t));
/* The same as a fast interrupt, of which there is one. */
void on_fast_interrupt(unsigned source, void (*handler)(uint32_t));

uint32_t interrupts_off(void);
void interrupts_restore(uint32_t status);
void interrupts_on(void);
/* Sleeps until an interrupt was served. */
void wait_for_interrupt(void);

/* Sends a multicast packet with a payload. */
void send_packet(uint32_t key, uint32_t payload);

/* Waits for SYNC0 or SYNC1: until the core's flag is clear, or set. */
void synchronise(unsigned number);
/* Signals that came since the last call, one bit each. */
uint32_t take_signals(void);

/* Copies a message that came, if one did. Another can only come afterwards. */
bool take_message(struct message *message);
/* Hands a message to the monitor. */
void send_message(const struct message *message);

/* Text output that hosts read as IOBUF. */
void print(const char *text);
void print_decimal(uint32_t number);

#endif
