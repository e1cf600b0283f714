/* The devices that programs use, and what core and monitor share in System RAM. SpiNN-2 data sheet; SC&MP 4.0. */
#ifndef MACHINE_H
#define MACHINE_H

#include <stdbool.h>
#include <stdint.h>

#define REGISTER(address) (*(volatile uint32_t *)(address))

#define PACKET_CONTROL REGISTER(0x10000000)
#define PACKET_PAYLOAD REGISTER(0x10000004)
#define PACKET_KEY REGISTER(0x10000008)
#define PACKET_STATUS REGISTER(0x1000000c)
#define PACKET_RECEIVED_PAYLOAD REGISTER(0x10000010)
#define PACKET_RECEIVED_KEY REGISTER(0x10000014)
#define PACKET_NOT_FULL (1u << 28)
#define PACKET_RECEIVED (1u << 31)
#define PACKET_HAS_PAYLOAD (1u << 17)

#define TIMER_LOAD(timer) REGISTER(0x11000000 + 0x20 * (timer))
#define TIMER_VALUE(timer) REGISTER(0x11000004 + 0x20 * (timer))
#define TIMER_CONTROL(timer) REGISTER(0x11000008 + 0x20 * (timer))
#define TIMER_CLEAR(timer) REGISTER(0x1100000c + 0x20 * (timer))
/* Enabled, 32 bits; periodic or not; with interrupt or not; stopping at 0; every 16th clock. */
#define TIMER_FREE 0x82
#define TIMER_PERIODIC 0xe2
#define TIMER_ONCE 0xe3
#define TIMER_BY_16 0x04

#define INTERRUPT_SELECT REGISTER(0x1f00000c)
#define INTERRUPT_ENABLE REGISTER(0x1f000010)
#define INTERRUPT_DISABLE REGISTER(0x1f000014)
#define INTERRUPT_ADDRESS(slot) REGISTER(0x1f000100 + 4 * (slot))
#define INTERRUPT_CONTROL(slot) REGISTER(0x1f000200 + 4 * (slot))
#define SOURCE_TIMER_1 4
#define SOURCE_TIMER_2 5
#define SOURCE_DMA_DONE 12
#define SOURCE_DMA_ERROR 13
#define SOURCE_MONITOR 18
#define SOURCE_MULTICAST 24

#define DMA_SYSTEM_ADDRESS REGISTER(0x30000004)
#define DMA_CORE_ADDRESS REGISTER(0x30000008)
#define DMA_DESCRIPTION REGISTER(0x3000000c)
#define DMA_CONTROL REGISTER(0x30000010)
#define DMA_STATUS REGISTER(0x30000014)
#define DMA_GLOBAL_CONTROL REGISTER(0x30000018)
/* Double words in bursts of 16; from the core to the system. */
#define DMA_FAST ((1u << 24) | (4u << 21))
#define DMA_TO_SYSTEM (1u << 19)

#define SYSTEM_SET_INTERRUPT REGISTER(0xf2000008)
#define SYSTEM_CLEAR_INTERRUPT REGISTER(0xf200000c)
#define SYSTEM_FLAGS REGISTER(0xf2000058)
#define SYSTEM_TEST_AND_SET(lock) REGISTER(0xf2000100 + 4 * (lock))
#define SYSTEM_TEST_AND_CLEAR(lock) REGISTER(0xf2000180 + 4 * (lock))
#define SYSTEM_SECURITY_CODE 0x5ec00000u

#define SYSTEM_VARIABLE_BYTES(offset) ((volatile uint8_t *)(0xf5007f00 + (offset)))
#define SYSTEM_VARIABLE(offset) REGISTER(0xf5007f00 + (offset))
#define CHIP_ADDRESS (*(volatile uint16_t *)0xf5007f00)
#define IOBUF_BYTES SYSTEM_VARIABLE(0x50)
#define SDRAM_BUFFERS SYSTEM_VARIABLE(0x54)
#define SDRAM_BUFFER_WORDS SYSTEM_VARIABLE(0x58)
#define FREE_BUFFERS SYSTEM_VARIABLE(0x68)
#define BUFFERS_USED (*(volatile uint16_t *)0xf5007f6c)
#define BUFFERS_MOST (*(volatile uint16_t *)0xf5007f6e)
#define PHYSICAL_TO_VIRTUAL SYSTEM_VARIABLE_BYTES(0x94)
#define VIRTUAL_TO_PHYSICAL SYSTEM_VARIABLE_BYTES(0xa8)
#define BLOCKS SYSTEM_VARIABLE(0xcc)
#define MAILBOX_FLAGS SYSTEM_VARIABLE(0xec)

/* The block that a core shares with its monitor. */
struct block {
  uint32_t registers[8];
  uint32_t status, stack_pointer, link_register;
  uint8_t error, physical_core, state, application;
  uint32_t message_to_core, message_to_monitor;
  uint8_t command_to_core, command_to_monitor;
  uint16_t software_errors;
  uint32_t error_file, error_line, load_time;
  char name[16];
  uint32_t iobuf, version, spare[4];
  uint32_t user[4];
};
enum { STATE_WAIT = 5, STATE_RUN = 7, STATE_SYNC0 = 8, STATE_SYNC1 = 9, STATE_EXIT = 11 };
enum { COMMAND_IDLE, COMMAND_MESSAGE, COMMAND_NOTHING, COMMAND_SIGNAL };

/* An SDP message as it lies in a shared buffer; length counts from flags on. */
struct message {
  uint32_t link;
  uint16_t length, checksum;
  uint8_t flags, tag, destination_port, source_port;
  uint16_t destination, source;
  uint8_t data[272];
};

/* A piece of text output; the text follows. */
struct iobuf {
  uint32_t next, unix_time, time_ms, length;
};

#endif
