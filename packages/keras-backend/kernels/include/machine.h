/* Registers and shared structures that the programs use; sources: SpiNN-2 data sheet 2.02, SC&MP's system variables. */
#ifndef MACHINE_H
#define MACHINE_H
#include <stdint.h>

#define REGISTER(address) (*(volatile uint32_t *)(address))

/* Communications controller, data sheet section 8. */
#define COMMS 0x10000000u
#define COMMS_TRANSMIT_CONTROL REGISTER(COMMS + 0x00)
#define COMMS_TRANSMIT_DATA REGISTER(COMMS + 0x04)
#define COMMS_TRANSMIT_KEY REGISTER(COMMS + 0x08)
#define COMMS_NOT_FULL (1u << 28)
#define COMMS_MULTICAST_WITH_PAYLOAD 0x00020000u

/* Timers: two SP804-like counters at the core clock. */
#define TIMER1_LOAD REGISTER(0x11000000)
#define TIMER1_CONTROL REGISTER(0x11000008)
#define TIMER1_CLEAR REGISTER(0x1100000c)
#define TIMER1_NEXT_LOAD REGISTER(0x11000018) /* from the next reload on */
#define TIMER2_LOAD REGISTER(0x11000020)
#define TIMER2_VALUE REGISTER(0x11000024)
#define TIMER2_CONTROL REGISTER(0x11000028)
#define TIMER2_CLEAR REGISTER(0x1100002c)
#define TIMER2_RAW REGISTER(0x11000030)
#define TIMER_OFF 0u
#define TIMER_PERIODIC_INTERRUPT 0xe2u /* enable, periodic, interrupt, 32 bit */
#define TIMER_FREE_RUNNING 0x82u       /* enable, 32 bit */

/* Vectored interrupt controller, PL190. */
#define VIC_SELECT REGISTER(0x1f00000c)
#define VIC_ENABLE REGISTER(0x1f000010)
#define VIC_DISABLE REGISTER(0x1f000014)
#define VIC_VECTOR REGISTER(0x1f000030)
#define VIC_DEFAULT_VECTOR REGISTER(0x1f000034)
#define VIC_VECTOR_SLOT(n) REGISTER(0x1f000100 + 4 * (n))
#define VIC_CONTROL_SLOT(n) REGISTER(0x1f000200 + 4 * (n))
#define VIC_SLOT_ENABLE 0x20u
#define INTERRUPT_TIMER1 4u
#define INTERRUPT_TIMER2 5u
#define INTERRUPT_DMA_DONE 12u
#define INTERRUPT_DMA_ERROR 13u
#define INTERRUPT_MONITOR 18u
#define INTERRUPT_MULTICAST 24u

/* DMA controller. */
#define DMA_SYSTEM_ADDRESS REGISTER(0x30000004)
#define DMA_CORE_ADDRESS REGISTER(0x30000008)
#define DMA_DESCRIPTION REGISTER(0x3000000c)
#define DMA_CONTROL REGISTER(0x30000010)
#define DMA_STATUS REGISTER(0x30000014)
#define DMA_GLOBAL_CONTROL REGISTER(0x30000018)
#define DMA_READ_WIDE_BURST16 ((1u << 24) | (4u << 21)) /* 64-bit wide, bursts of 2^4, system to core */
#define DMA_RESET 0x3fu
#define DMA_CLEAR_DONE 0x08u
#define DMA_INTERRUPTS 0xec00u /* done pair; TCM, AXI and user-abort errors */

/* System controller. */
#define SYSTEM_CLEAR_INTERRUPT REGISTER(0xf200000c)
#define SYSTEM_SECURITY_CODE 0x5ec00000u
#define SYSTEM_TEST_AND_SET(n) REGISTER(0xf2000100 + 4 * (n))
#define SYSTEM_TEST_AND_CLEAR(n) REGISTER(0xf2000180 + 4 * (n))
#define LOCK_MESSAGES 0u
#define LOCK_HEAP 6u

/* System variables of the chip, kept by the monitor in System RAM. */
#define SYSTEM_VARIABLES 0xf5007f00u
#define SV_BYTE(offset) (*(volatile uint8_t *)(SYSTEM_VARIABLES + (offset)))
#define SV_HALF(offset) (*(volatile uint16_t *)(SYSTEM_VARIABLES + (offset)))
#define SV_WORD(offset) REGISTER(SYSTEM_VARIABLES + (offset))
#define SV_TIME_MS SV_HALF(0x18)
#define SV_UNIX_TIME SV_WORD(0x1c)
#define SV_CPU_CLOCK_MHZ SV_HALF(0x24)
#define SV_LED_PERIOD SV_BYTE(0x2b)
#define SV_IOBUF_SIZE SV_WORD(0x50)
#define SV_FREE_MESSAGES SV_WORD(0x68)
#define SV_MESSAGES_USED SV_HALF(0x6c)
#define SV_PHYSICAL_TO_VIRTUAL(core) SV_BYTE(0x94 + (core))
#define SV_VCPU_BASE SV_WORD(0xcc)
#define SV_SYSTEM_HEAP SV_WORD(0xd0)

/* One core's block in System RAM, 128 bytes. */
typedef struct {
  uint32_t registers[8];
  uint32_t psr, sp, lr;
  uint8_t errorCode, physicalCore, state, appId;
  uint32_t mailboxMessage, monitorMailboxMessage;
  uint8_t mailboxCommand, monitorMailboxCommand;
  uint16_t softwareErrors;
  uint32_t softwareErrorFile, softwareErrorLine, loadTime;
  char appName[16];
  uint32_t iobuf, softwareVersion, spare[4];
  uint32_t user[4];
} Vcpu;
_Static_assert(sizeof(Vcpu) == 128, "vcpu block");

enum {
  CORE_RUN_TIME_ERROR = 2,
  CORE_INIT = 4,
  CORE_WAIT = 5,
  CORE_RUN = 7,
  CORE_EXIT = 11,
};

/* Run-time error codes as SARK numbers them. */
enum {
  ERROR_BRANCH_THROUGH_ZERO = 1,
  ERROR_UNDEFINED_INSTRUCTION = 2,
  ERROR_SUPERVISOR_CALL = 3,
  ERROR_PREFETCH_ABORT = 4,
  ERROR_DATA_ABORT = 5,
  ERROR_UNCONFIGURED_VECTOR = 8,
  ERROR_NO_MEMORY = 10,
  ERROR_SOFTWARE = 13,
};

#endif
