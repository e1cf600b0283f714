@ Runs into the error that user0 names, with r0 to r7 set to what a host can recognise: 0 a jump to 0, 1 an
@ undefined instruction, 2 SVC, 3 a fetch from nowhere, 4 a load from nowhere, 5 a store to the boot ROM,
@ 6 an unaligned load, 7 a load of several from nowhere, 8 the same as 1 in Thumb state.
        .syntax unified
        .arm
        .section .rodata
        .global program_name
program_name: .asciz "errors"
        .space 9

        .text
        .global main
        .type main, %function
main:   ldr     r0, =block
        ldr     r0, [r0]
        ldr     r8, [r0, #0x70]
        cmp     r8, #8
        movhi   r8, #8
        mov     r9, #0x50000000                 @ nothing is there
        mov     r10, #0xf6000000                @ boot ROM
        mov     r11, #0x00400000
        mov     r0, #0x70
        mov     r1, #0x71
        mov     r2, #0x72
        mov     r3, #0x73
        mov     r4, #0x74
        mov     r5, #0x75
        mov     r6, #0x76
        mov     r7, #0x77
        add     pc, pc, r8, lsl #3
        nop
        mov     pc, #0
        nop
        .global error_undefined
error_undefined:
        .word   0xe7f000f0
        nop
        svc     0x123
        nop
        bx      r9
        nop
        ldr     r0, [r9]
        nop
        str     r0, [r10]
        nop
        ldr     r0, [r11, #2]
        nop
        ldmia   r9, {r0-r3}
        nop
        blx     1f
        nop
        .thumb
1:      .inst.n 0xde00
