@ Start of every program: the table that the loader reads, exception vectors, stacks, and what an exception
@ that is none of the program's business leaves in the core's block for hosts to read.
        .syntax unified
        .arm

        .equ INTERRUPTS, 0x1f000000
        .equ BLOCK_STATUS, 0x20
        .equ BLOCK_ERROR, 0x2c
        .equ BLOCK_STATE, 0x2e
        .equ STATE_ERROR, 2

        .section .table, "a"
        .word 2, 0, 0x40, text_bytes            @ copy code, from 0x40 behind this entry
        .word 3, 0x00400000, bss_bytes, 0       @ clear variables
        .word 4, 0, 0, 0                        @ call 0
        .word 0, 0, 0, 0

        .section .vectors, "ax"
        .global vectors
vectors:
        b       start
        ldr     pc, =undefined_entry
        ldr     pc, =software_entry
        ldr     pc, =prefetch_entry
        ldr     pc, =data_entry
        b       .
        ldr     pc, =interrupt_entry
        ldr     pc, =fast_interrupt_entry
        .ltorg

@ r0: application's flags and number.
start:  mov     r4, r0
        mrc     p15, 0, r1, c1, c0, 0
        bic     r1, r1, #0x2000                 @ vectors at 0
        orr     r1, r1, #2                      @ unaligned accesses abort
        mcr     p15, 0, r1, c1, c0, 0
        ldr     r1, =zero_entry - 8             @ from now on a jump to 0 is an error
        mov     r1, r1, lsr #2
        orr     r1, r1, #0xea000000
        mov     r2, #0
        str     r1, [r2]
        ldr     r1, =stack_top
        msr     cpsr_c, #0xd1
        mov     sp, r1
        sub     r1, r1, #0x200
        msr     cpsr_c, #0xd2
        mov     sp, r1
        sub     r1, r1, #0x200
        msr     cpsr_c, #0xd3
        mov     sp, r1
        sub     r1, r1, #0x200
        msr     cpsr_c, #0xdf
        mov     sp, r1
        mov     r0, r4
        ldr     r1, =runtime_start
        bx      r1
        .ltorg

@ Interrupts: the controller gives the handler, which is called with the interrupted address.
interrupt_entry:
        sub     lr, lr, #4
        stmfd   sp!, {r0-r3, r12, lr}
        mov     r0, lr
        mov     r1, #INTERRUPTS
        ldr     r1, [r1, #0x30]
        mov     lr, pc
        bx      r1
        mov     r1, #INTERRUPTS
        str     r1, [r1, #0x30]
        ldmfd   sp!, {r0-r3, r12, pc}^

fast_interrupt_entry:
        sub     lr, lr, #4
        stmfd   sp!, {r0-r3, lr}
        sub     sp, sp, #4
        ldr     r8, =fast_interrupt_handler
        ldr     r8, [r8]
        mov     lr, pc
        bx      r8
        add     sp, sp, #4
        ldmfd   sp!, {r0-r3, pc}^
        .ltorg

@ Errors: note r0 to r7, status, stack pointer and link register of what was interrupted, and the reason.
        .macro error code
        mov     r8, #\code
        b       fail
        .endm
zero_entry:
        mrs     r8, cpsr
        mov     r9, lr
        msr     cpsr_c, #0xdb
        msr     spsr_cxsf, r8
        mov     lr, r9
        error   1
undefined_entry:
        error   2
software_entry:
        error   3
prefetch_entry:
        error   4
data_entry:
        error   5
fail:   ldr     sp, =block
        ldr     sp, [sp]
        stmia   sp, {r0-r7}
        mov     r0, sp
        mov     r3, lr
        mrs     r1, spsr
        mrs     r4, cpsr
        ands    r2, r1, #0x1f
        moveq   r2, #0x1f
        cmp     r2, #0x10
        moveq   r2, #0x1f
        orr     r2, r2, #0xc0
        msr     cpsr_c, r2
        mov     r2, sp
        msr     cpsr_c, r4
        add     r0, r0, #BLOCK_STATUS
        stmia   r0, {r1-r3}
        strb    r8, [r0, #BLOCK_ERROR - BLOCK_STATUS]
        mov     r1, #STATE_ERROR
        strb    r1, [r0, #BLOCK_STATE - BLOCK_STATUS]
        mov     r0, #INTERRUPTS
        mvn     r1, #0
        str     r1, [r0, #0x14]
1:      mcr     p15, 0, r0, c7, c0, 4
        b       1b
        .ltorg

@ What C has no words for.
        .irp name, interrupts_off, interrupts_restore, interrupts_on, wait_for_interrupt
        .global \name
        .type   \name, %function               @ so that calls from Thumb code change state
        .endr
interrupts_off:
        mrs     r0, cpsr
        orr     r1, r0, #0xc0
        msr     cpsr_c, r1
        bx      lr
interrupts_restore:
        msr     cpsr_c, r0
        bx      lr
interrupts_on:
        mrs     r0, cpsr
        bic     r0, r0, #0xc0
        msr     cpsr_c, r0
        bx      lr
wait_for_interrupt:
        mcr     p15, 0, r0, c7, c0, 4
        bx      lr
