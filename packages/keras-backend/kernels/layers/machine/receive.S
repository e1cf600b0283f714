@ FIQ handler of the program `layers`: r11 = ReceiveTable, r13 = packets received.
@ The top byte of a key is its class: 1 control, 3 a worker has arrived at a barrier.

        .syntax unified
        .cpu    arm968e-s
        .arm
        .text

        .equ    EVENT, 0
        .equ    ARRIVED, 4
        .equ    PENDING, 8
        .equ    UNEXPECTED, 16
        .equ    CONTROL, 20
        .equ    FIRST_EVENT, 14                 @ control fields from here on ask for something

        .global receive_interrupt
receive_interrupt:
        mov     r8, #0x10000000                 @ communications controller
        ldr     r9, [r8, #0x10]                 @ payload
        ldr     r10, [r8, #0x14]                @ key; reading it takes the packet
        add     r13, r13, #1
        mov     r12, r10, lsr #24
        cmp     r12, #3
        bne     1f
        ldr     r9, [r11, #ARRIVED]
        add     r9, r9, #1
        str     r9, [r11, #ARRIVED]
        subs    pc, lr, #4

1:      cmp     r12, #1
        bne     2f
        and     r10, r10, #15
        add     r8, r11, #CONTROL
        str     r9, [r8, r10, lsl #2]
        subs    r10, r10, #FIRST_EVENT
        addhs   r8, r11, #PENDING
        movhs   r9, #1
        strhs   r9, [r8, r10, lsl #2]
        strhs   r13, [r11, #EVENT]              @ a value that it did not have before
        subs    pc, lr, #4

2:      ldr     r9, [r11, #UNEXPECTED]
        add     r9, r9, #1
        str     r9, [r11, #UNEXPECTED]
        subs    pc, lr, #4
