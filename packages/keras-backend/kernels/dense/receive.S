@ FIQ handler of multicast packets: stores or adds the payload and counts it for its sample, nothing else.
@ FIQ mode keeps r11 = class table and r13 = packets received; r8-r10 and r12 are free.

#include "receive.h"
        .syntax unified
        .cpu    arm968e-s
        .arm
        .text

        .global receive_interrupt
receive_interrupt:
        mov     r8, #0x10000000                 @ communications controller
        ldr     r9, [r8, #0x10]                 @ payload
        ldr     r10, [r8, #0x14]                @ key; reading it takes the packet
        add     r13, r13, #1
        ldrb    r12, [r11, r10, lsr #24]
        ldr     pc, [r11, -r12]

        .macro  count offset                    @ counter at r11 + offset
        ldr     r9, [r11, #\offset]
        add     r9, r9, #1
        str     r9, [r11, #\offset]
        subs    pc, lr, #4
        .endm

        .global receive_unexpected
receive_unexpected:
        count   RECEIVE_UNEXPECTED
ignored:
        count   RECEIVE_IGNORED
late:
        count   RECEIVE_LATE

        .global receive_control
receive_control:
        and     r10, r10, #15
        add     r8, r11, #RECEIVE_CONTROL & 0xff
        add     r8, r8, #RECEIVE_CONTROL & 0xf00
        str     r9, [r8, r10, lsl #2]
        cmp     r10, #CONTROL_FIRST_EVENT
        addhs   r8, r8, #64 - 4 * CONTROL_FIRST_EVENT
        movhs   r9, #1
        strhs   r9, [r8, r10, lsl #2]
        strhs   r13, [r11, #RECEIVE_EVENT]
        subs    pc, lr, #4

@ r10 = key -> r10 = index of the operand (pair), r12 = sample; leaves when the key is outside the range.
        .macro  operand_index range
        ldr     r12, [r11, #\range + RANGE_BASE]
        sub     r10, r10, r12
        ldr     r12, [r11, #\range + RANGE_LIMIT]
        cmp     r10, r12
        bhs     ignored
        ldr     r12, [r11, #RECEIVE_SAMPLE_MASK]
        ldr     r8, [r11, #RECEIVE_SAMPLE_BITS]
        and     r12, r10, r12
        mov     r10, r10, lsr r8
        .endm

@ One more packet for sample r12 -> r9 = how many.
        .macro  count_sample counts
        ldr     r8, [r11, #\counts]
        ldr     r9, [r8, r12, lsl #2]
        add     r9, r9, #1
        str     r9, [r8, r12, lsl #2]
        .endm

@ The program looks again only when the sample is complete; r13 is a value that no event had before.
        .macro  count_operand range
        count_sample \range + RANGE_COUNTS
        ldr     r8, [r11, #\range + RANGE_EXPECTED]
        cmp     r9, r8
        streq   r13, [r11, #RECEIVE_EVENT]
        bhi     late
        subs    pc, lr, #4
        .endm

        .macro  count_sum
        count_sample RECEIVE_SUM + SUM_COUNTS
        ldr     r8, [r11, #RECEIVE_SUM + SUM_PARTIALS_EXPECTED]
        ldr     r10, [r11, #RECEIVE_SUM + SUM_BACKS_EXPECTED]
        cmp     r9, r8
        cmpne   r9, r10
        streq   r13, [r11, #RECEIVE_EVENT]
        cmp     r9, r8
        cmphi   r9, r10
        bhi     late
        subs    pc, lr, #4
        .endm

@ Word [sample][index].
        .macro  store_by_sample range
        operand_index \range
        ldr     r8, [r11, #\range + RANGE_BUFFER]
        add     r10, r8, r10, lsl #2
        ldr     r8, [r11, #\range + RANGE_STRIDE]
        mla     r10, r8, r12, r10
        str     r9, [r10]
        count_operand \range
        .endm

        .global receive_activation
receive_activation:
        store_by_sample RECEIVE_ACTIVATION

        .global receive_delta_exact
receive_delta_exact:
        store_by_sample RECEIVE_DELTA

@ Pairs of rows lie as [pair / 2][sample][pair % 2].
        .global receive_delta_fast
receive_delta_fast:
        operand_index RECEIVE_DELTA
        ldr     r8, [r11, #RECEIVE_DELTA + RANGE_BUFFER]
        tst     r10, #1
        addne   r8, r8, #4
        add     r8, r8, r12, lsl #3
        mov     r10, r10, lsr #1
        str     r9, [r11, #RECEIVE_PAYLOAD] @ keeps the payload while r9 holds the stride
        ldr     r9, [r11, #RECEIVE_DELTA + RANGE_STRIDE]
        mla     r8, r9, r10, r8
        ldr     r9, [r11, #RECEIVE_PAYLOAD]
        str     r9, [r8]
        count_operand RECEIVE_DELTA

        .global receive_sum_fast
receive_sum_fast:
        ldr     r12, [r11, #RECEIVE_SUM + SUM_MASK]
        and     r10, r10, r12
        ldr     r12, [r11, #RECEIVE_SUM + SUM_FIRST]
        sub     r10, r10, r12
        ldr     r12, [r11, #RECEIVE_SUM + SUM_LIMIT]
        cmp     r10, r12
        bhs     ignored
        ldr     r12, [r11, #RECEIVE_SUM + SUM_BUFFER]
        ldr     r8, [r12, r10, lsl #2]
        add     r8, r8, r9
        str     r8, [r12, r10, lsl #2]
        ldr     r12, [r11, #RECEIVE_SAMPLE_MASK]
        and     r12, r10, r12
        count_sum

@ The lowest bit of the key says which half of the sum the payload is; it is added with its weight.
        .global receive_sum_exact
receive_sum_exact:
        ldr     r12, [r11, #RECEIVE_SUM + SUM_MASK]
        and     r12, r12, r10, lsr #1
        ldr     r8, [r11, #RECEIVE_SUM + SUM_FIRST]
        sub     r12, r12, r8
        ldr     r8, [r11, #RECEIVE_SUM + SUM_LIMIT]
        cmp     r12, r8
        bhs     ignored
        ldr     r8, [r11, #RECEIVE_SUM + SUM_BUFFER]
        add     r8, r8, r12, lsl #3
        tst     r10, #1
        bne     1f
        ldr     r10, [r8]
        adds    r10, r10, r9
        str     r10, [r8]
        ldr     r10, [r8, #4]
        adc     r10, r10, #0
        str     r10, [r8, #4]
        b       2f
1:      ldr     r10, [r8, #4]
        add     r10, r10, r9
        str     r10, [r8, #4]
2:      ldr     r8, [r11, #RECEIVE_SAMPLE_MASK]
        and     r12, r12, r8
        count_sum
