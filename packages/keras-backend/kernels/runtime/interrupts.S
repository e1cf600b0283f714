@ What Thumb code calls in place of the instructions that it has not.

        .syntax unified
        .cpu    arm968e-s
        .arm

        .section .text.interrupts_disable, "ax"
        .global interrupts_disable
        .type   interrupts_disable, %function
interrupts_disable:
        mrs     r0, cpsr
        orr     r1, r0, #0xc0
        msr     cpsr_c, r1
        bx      lr

        .section .text.interrupts_restore, "ax"
        .global interrupts_restore
        .type   interrupts_restore, %function
interrupts_restore:
        msr     cpsr_c, r0
        bx      lr

        .section .text.wait_for_interrupt, "ax"
        .global wait_for_interrupt
        .type   wait_for_interrupt, %function
wait_for_interrupt:
        mov     r0, #0
        mcr     p15, 0, r0, c7, c0, 4
        bx      lr
