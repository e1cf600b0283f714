
@ FIQ handler of the program `layers`: r11 = ReceiveTable, r13 = packets received.
@ The top byte of a key is its class: 1 control, 3 a worker has arrived at a barrier, 4 and 5 a sum for this worker, 6 a
@ word of another replica, 7 another replica is ready. Bits of their keys: LayersConfiguration.

        .syntax unified
        .cpu    arm968e-s
        .arm
        .text

        .equ    EVENT, 0
        .equ    ARRIVED, 4
        .equ    PENDING, 8
        .equ    UNEXPECTED, 16
        .equ    CONTROL, 20
        .equ    READY, 84
        .equ    TAKEN, 88
        .equ    SUMS, 92
        .equ    WORDS, 96
        .equ    HALVES, 100
        .equ    PART_SHIFT, 5                   @ of LIMIT_REDUCE_PART
        .equ    FIRST_EVENT, 14                 @ control fields from here on ask for something

        .macro  count field
        ldr     r9, [r11, #\field]
        add     r9, r9, #1
        str     r9, [r11, #\field]
        subs    pc, lr, #4
        .endm

        .global receive_interrupt
receive_interrupt:
        mov     r8, #0x10000000                 @ communications controller
        ldr     r9, [r8, #0x10]                 @ payload
        ldr     r10, [r8, #0x14]                @ key; reading it takes the packet
        add     r13, r13, #1
        mov     r12, r10, lsr #24
        cmp     r12, #4
        blo     3f
        cmp     r12, #6
        bhs     2f

        mov     r8, r10, lsl #18
        movs    r8, r8, lsr #19                 @ place; carry: upper half
        mov     r12, r8, lsr #PART_SHIFT
        add     r12, r11, r12, lsl #2
        bcs     1f
        tst     r10, #1 << 24                   @ the upper half follows
        ldr     r10, [r12, #HALVES]
        addeq   r10, r10, #2
        addne   r10, r10, #1
        str     r10, [r12, #HALVES]
        ldr     r12, [r11, #SUMS]
        add     r12, r12, r8, lsl #3
        ldr     r8, [r12]
        ldr     r10, [r12, #4]
        adds    r8, r8, r9
        adc     r10, r10, r9, asr #31
        str     r8, [r12]
        str     r10, [r12, #4]
        subs    pc, lr, #4
1:      ldr     r10, [r12, #HALVES]
        add     r10, r10, #1
        str     r10, [r12, #HALVES]
        ldr     r12, [r11, #SUMS]
        add     r12, r12, r8, lsl #3
        ldr     r10, [r12, #4]
        add     r10, r10, r9
        str     r10, [r12, #4]
        subs    pc, lr, #4

2:      bne     5f
        mov     r8, r10, lsl #18                @ place
        ldr     r12, [r11, #WORDS]
        str     r9, [r12, r8, lsr #16]
        count   TAKEN

3:      cmp     r12, #3
        bne     4f
        count   ARRIVED

4:      cmp     r12, #1
        bne     6f
        and     r10, r10, #15
        add     r8, r11, #CONTROL
        str     r9, [r8, r10, lsl #2]
        subs    r10, r10, #FIRST_EVENT
        addhs   r8, r11, #PENDING
        movhs   r9, #1
        strhs   r9, [r8, r10, lsl #2]
        strhs   r13, [r11, #EVENT]              @ a value that it did not have before
        subs    pc, lr, #4

5:      cmp     r12, #7
        bne     6f
        count   READY

6:      count   UNEXPECTED
