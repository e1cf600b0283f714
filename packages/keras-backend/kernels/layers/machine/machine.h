/* The program `layers` on a core: what its parts share. */
#ifndef LAYERS_MACHINE_H
#define LAYERS_MACHINE_H
#include "layouts.h"
#include "runtime.h"

/* The FIQ handler's table; receive.S knows the order. */
typedef struct {
  volatile uint32_t event;      /* changes when something is asked for */
  volatile uint32_t arrived;    /* workers at barriers, since the start */
  volatile uint32_t pending[2]; /* control fields 14 and 15 */
  volatile uint32_t unexpected; /* packets of unknown classes */
  volatile uint32_t control[16];
} ReceiveTable;

extern ReceiveTable receive_table;
extern LayersConfiguration config;

/* Copies between SDRAM and the core's memory, by DMA; addresses and bytes are multiples of 4. */
void transfer_in(void *to, uint32_t address, uint32_t bytes);
void transfer_out(uint32_t address, const void *from, uint32_t bytes);
void transfer_setup(void);

/* Checks the block of overlays that the configuration names; see overlays.c. */
void overlays_setup(void);

#endif
