@ Vectors, start-up, and run-time errors.
@ The loader calls address 0 in SVC mode with interrupts off and r0 = app_flags << 8 | app_id.

        .syntax unified
        .cpu    arm968e-s
        .arm

        .equ    MODE_FIQ, 0xd1                  @ modes with IRQ and FIQ masked
        .equ    MODE_IRQ, 0xd2
        .equ    MODE_SVC, 0xd3
        .equ    MODE_SYS, 0xdf
        .equ    MODE_SYS_OPEN, 0x1f             @ interrupts on
        .equ    CONTROL_TCM_LOW_VECTORS, 0x1f7e @ TCMs, write buffer and alignment faults on, vectors at 0
        .equ    STACK_FILL, 0xdeaddead
        .equ    VCPU_PSR, 0x20
        .equ    VCPU_SP, 0x24
        .equ    VCPU_LR, 0x28
        .equ    VCPU_CODE, 0x2c
        .equ    VCPU_STATE, 0x2e
        .equ    STATE_ERROR, 2
        .equ    ERROR_LED_PERIOD, 8

        .section .vectors, "ax"
        .global vectors
vectors:
        ldr     pc, vector_reset
        ldr     pc, vector_undefined
        ldr     pc, vector_supervisor
        ldr     pc, vector_prefetch
        ldr     pc, vector_data
        nop
        ldr     pc, [pc, #-0xff0]               @ VIC vector register at 0xfffff030
        ldr     pc, vector_fast
vector_reset:           .word start
vector_undefined:       .word error_undefined
vector_supervisor:      .word error_supervisor
vector_prefetch:        .word error_prefetch
vector_data:            .word error_data
                        .word 0
                        .word 0
vector_fast:            .word receive_interrupt

        .text
start:
        ldr     r1, =CONTROL_TCM_LOW_VECTORS
        mcr     p15, 0, r1, c1, c0, 0
        ldr     r1, =error_zero                 @ from now on a branch through zero is an error
        ldr     r2, =vector_reset
        str     r1, [r2]
        ldr     r1, =stack_bottom
        ldr     r2, =stack_top
        ldr     r3, =STACK_FILL
1:      str     r3, [r1], #4
        cmp     r1, r2
        blo     1b
        msr     cpsr_c, #MODE_SVC
        mov     sp, r2
        msr     cpsr_c, #MODE_IRQ
        sub     sp, r2, #0x100
        msr     cpsr_c, #MODE_FIQ
        sub     sp, r2, #0x200
        msr     cpsr_c, #MODE_SYS
        sub     sp, r2, #0x300
        bl      runtime_start                   @ returns when the core may run
        msr     cpsr_c, #MODE_SYS_OPEN
        b       runtime_loop

@ void receive_setup(void *table): FIQ mode's r11 = table, r13 = 0.
        .global receive_setup
        .type   receive_setup, %function
receive_setup:
        mrs     r1, cpsr
        mov     r2, r0
        msr     cpsr_c, #MODE_FIQ
        mov     r11, r2
        mov     r13, #0
        msr     cpsr_c, r1
        bx      lr

@ uint32_t received_packets(void): FIQ mode's r13.
        .global received_packets
        .type   received_packets, %function
received_packets:
        mrs     r1, cpsr
        msr     cpsr_c, #MODE_FIQ
        mov     r0, r13
        msr     cpsr_c, r1
        bx      lr

@ Exceptions: r0-r7, PSR, SP of the interrupted mode and the exception's LR go to the vcpu block.
        .macro  exception label, code
\label:
        ldr     sp, =vcpu
        ldr     sp, [sp]
        stmia   sp, {r0-r7}
        mov     r7, #\code
        b       exception_common
        .endm

        exception error_undefined, 2
        exception error_supervisor, 3
        exception error_prefetch, 4
        exception error_data, 5

exception_common:
        str     lr, [sp, #VCPU_LR]
        mrs     r1, spsr
        str     r1, [sp, #VCPU_PSR]
        mov     r4, sp
        and     r2, r1, #0x1f
        cmp     r2, #0x10
        moveq   r2, #0x1f                       @ user mode shares its registers with SYS
        orr     r2, r2, #0xc0
        msr     cpsr_c, r2
        str     sp, [r4, #VCPU_SP]
        b       stop

error_zero:
        mov     r0, #1
@ void run_time_error(uint32_t code)
        .global run_time_error
        .type   run_time_error, %function
run_time_error:
        msr     cpsr_c, #MODE_SYS
        ldr     r12, =vcpu
        ldr     r12, [r12]
        stmia   r12, {r0-r7}
        mov     r7, r0
        mov     r4, r12
        str     lr, [r4, #VCPU_LR]
        str     sp, [r4, #VCPU_SP]
        mrs     r1, cpsr
        str     r1, [r4, #VCPU_PSR]
stop:                                           @ r4 = vcpu block, r7 = code
        strb    r7, [r4, #VCPU_CODE]
        mov     r1, #STATE_ERROR
        strb    r1, [r4, #VCPU_STATE]
        ldr     r1, =0xf5007f2b                 @ led_period of the system variables
        mov     r2, #ERROR_LED_PERIOD
        strb    r2, [r1]
        mrs     r1, cpsr
        orr     r1, r1, #0xc0
        msr     cpsr_c, r1
        ldr     r1, =0x1f000014                 @ VIC: disable every source
        mvn     r2, #0
        str     r2, [r1]
2:      mov     r0, #0
        mcr     p15, 0, r0, c7, c0, 4
        b       2b
        .ltorg
