
@ FIQ handler of the program `layers`: r11 = ReceiveTable, r13 = packets received.
@ The top byte of a key is its class: 1 control, 3 a worker has arrived at a barrier, 4 a sum for this worker, 5 a word
@ of another replica. Bits of their keys: LayersConfiguration.

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
        .equ    ENDS, 88
        .equ    PROMISED, 92
        .equ    TAKEN, 96
        .equ    SUMS, 100
        .equ    WORDS, 104
        .equ    SHARE_SHIFT, 108
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
        bne     2f

        mov     r12, r10, lsl #21               @ number in 31:23, kind of packet in 22:21
        mov     r8, r12, lsr #23
        ands    r12, r12, #3 << 21
        ldr     r10, [r11, #SUMS]
        add     r10, r10, r8, lsl #3
        bne     1f
        ldr     r8, [r10]
        ldr     r12, [r10, #4]
        adds    r8, r8, r9
        adc     r12, r12, r9, asr #31
        str     r8, [r10]
        str     r12, [r10, #4]
        count   TAKEN
1:      cmp     r12, #1 << 21
        ldreq   r8, [r10, #4]                   @ upper half
        addeq   r8, r8, r9
        streq   r8, [r10, #4]
        ldrne   r8, [r11, #PROMISED]            @ end
        addne   r8, r8, r9
        strne   r8, [r11, #PROMISED]
        ldrne   r8, [r11, #ENDS]
        addne   r8, r8, #1
        strne   r8, [r11, #ENDS]
        subsne  pc, lr, #4
        count   TAKEN

2:      cmp     r12, #5
        bne     6f
        tst     r10, #1 << 10
        bne     5f
        and     r8, r10, #0xff0000
        mov     r8, r8, lsr #16
        ldr     r12, [r11, #SHARE_SHIFT]
        mov     r10, r10, lsl #22
        mov     r10, r10, lsr #22
        add     r8, r10, r8, lsl r12
        ldr     r12, [r11, #WORDS]
        str     r9, [r12, r8, lsl #2]
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

5:      count   READY

6:      count   UNEXPECTED
