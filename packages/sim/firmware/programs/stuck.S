@ Masks interrupts and never comes back: the monitor's watchdog has to find it.
        .syntax unified
        .arm
        .section .rodata
        .global program_name
program_name: .asciz "stuck"
        .space 10

        .text
        .global main
        .type main, %function
main:   mrs     r0, cpsr
        orr     r0, r0, #0xc0
        msr     cpsr_c, r0
        b       .
