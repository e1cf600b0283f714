@ FIQ handler of the sequencer: a done packet marks its core; r11 = table, r13 = packets received.
@ The status is kept plus 1, so that 0 means "not done". Packets of another attempt, and second ones, are only counted.

        .syntax unified
        .cpu    arm968e-s
        .arm
        .text

        .global receive_interrupt
receive_interrupt:
        mov     r8, #0x10000000                 @ communications controller
        ldr     r9, [r8, #0x10]                 @ payload: tag << 8 | status
        ldr     r10, [r8, #0x14]                @ key; reading it takes the packet
        add     r13, r13, #1
        mov     r10, r10, lsl #16               @ core index
        mov     r10, r10, lsr #16
        ldmia   r11, {r8, r12}                  @ number of cores, tag
        cmp     r12, r9, lsr #8
        bne     1f                              @ another attempt
        cmp     r10, r8
        bhs     1f                              @ no such core
        add     r8, r11, #16
        ldrb    r12, [r8, r10]
        cmp     r12, #0
        bne     1f                              @ reported already
        add     r9, r9, #1
        strb    r9, [r8, r10]
        ldr     r12, [r11, #8]
        add     r12, r12, #1
        str     r12, [r11, #8]
        subs    pc, lr, #4
1:      ldr     r12, [r11, #12]
        add     r12, r12, #1
        str     r12, [r11, #12]
        subs    pc, lr, #4
