@ Rows of elements: words copied and cleared eight at a time, sums rounded and clamped. Counts are at least 1.
        .syntax unified
        .arm

@ void copy_row(void *to, const void *from, uint32_t bytes): elements of 2 bytes, as words where all are multiples of 4.
        .section .text.copy_row, "ax"
        .global copy_row
        .type   copy_row, %function
copy_row:
        orr     r3, r0, r1
        orr     r3, r3, r2
        tst     r3, #3
        bne     4f
        subs    r2, r2, #32
        blo     2f
        push    {r4-r9, lr}
1:      ldmia   r1!, {r3-r9, r12}
        subs    r2, r2, #32
        stmia   r0!, {r3-r9, r12}
        bhs     1b
        pop     {r4-r9, lr}
2:      adds    r2, r2, #32
        bxeq    lr
3:      ldr     r3, [r1], #4
        subs    r2, r2, #4
        str     r3, [r0], #4
        bne     3b
        bx      lr
4:      subs    r2, r2, #2
        bxlo    lr
        ldrh    r3, [r1], #2
        strh    r3, [r0], #2
        b       4b
        .size   copy_row, . - copy_row

@ void clear_row(void *to, uint32_t bytes): elements of 2 bytes.
        .section .text.clear_row, "ax"
        .global clear_row
        .type   clear_row, %function
clear_row:
        mov     r2, #0
        orr     r3, r0, r1
        tst     r3, #3
        bne     4f
        mov     r3, #0
        subs    r1, r1, #32
        blo     2f
        push    {r4-r9}
        mov     r4, #0
        mov     r5, #0
        mov     r6, #0
        mov     r7, #0
        mov     r8, #0
        mov     r9, #0
1:      subs    r1, r1, #32
        stmia   r0!, {r2-r9}
        bhs     1b
        pop     {r4-r9}
2:      adds    r1, r1, #32
        bxeq    lr
3:      subs    r1, r1, #4
        str     r2, [r0], #4
        bne     3b
        bx      lr
4:      subs    r1, r1, #2
        bxlo    lr
        strh    r2, [r0], #2
        b       4b
        .size   clear_row, . - clear_row

@ Sums with their biases, or with 0 where there are none: r5 steps through biases at r2.
        .macro  biases_or_zero
        mov     r5, #4
        cmp     r2, #0
        ldreq   r2, =no_bias
        moveq   r5, #0
        .endm

@ void round_row(int32_t *z, const int32_t *sums, const int32_t *biases, uint32_t count, int32_t shift)
        .section .text.round_row, "ax"
        .global round_row
        .type   round_row, %function
round_row:
        push    {r4-r7, lr}
        ldr     r4, [sp, #20]
        biases_or_zero
1:      ldr     r6, [r2], r5
        ldr     r7, [r1], #4
        subs    r3, r3, #1
        add     r7, r7, r6
        mov     r6, r7, asr r4
        mov     r7, r7, ror r4
        add     r6, r6, r7, lsr #31             @ the highest bit that was shifted out
        str     r6, [r0], #4
        bne     1b
        pop     {r4-r7, pc}
        .ltorg
        .size   round_row, . - round_row

@ uint32_t raise(int32_t *z, const int32_t *sums, const int32_t *biases, uint32_t count, uint32_t shift): how many were clamped.
        .section .text.raise, "ax"
        .global raise
        .type   raise, %function
raise:
        push    {r4-r7, lr}
        ldr     r4, [sp, #20]
        mov     r12, #0
        biases_or_zero
1:      ldr     r6, [r2], r5
        ldr     r7, [r1], #4
        sub     r3, r3, #1
        add     r7, r7, r6
        mov     r6, r7, lsl r4
        cmp     r7, r6, asr r4
        bne     3f
2:      str     r6, [r0], #4
        cmp     r3, #0
        bne     1b
        mov     r0, r12
        pop     {r4-r7, pc}
3:      mvn     r6, #0x80000000
        eor     r6, r6, r7, asr #31
        add     r12, r12, #1
        b       2b
        .ltorg
        .size   raise, . - raise

@ uint32_t narrow(int16_t *to, const int32_t *z, uint32_t count, int32_t shift, int32_t least, int32_t most): how many were clamped.
        .section .text.narrow, "ax"
        .global narrow
        .type   narrow, %function
narrow:
        push    {r4-r6, lr}
        ldr     r4, [sp, #16]
        ldr     r5, [sp, #20]
        mov     r12, #0
1:      ldr     r6, [r1], #4
        subs    r2, r2, #1
        cmp     r6, r4
        movlt   r6, r4
        cmp     r6, r5
        movgt   r6, r5
        movs    r6, r6, asr r3
        adc     r6, r6, #0
        mov     lr, r6, lsl #16
        cmp     r6, lr, asr #16
        bne     3f
2:      strh    r6, [r0], #2
        cmp     r2, #0
        bne     1b
        mov     r0, r12
        pop     {r4-r6, pc}
3:      mov     lr, #0x8000
        sub     lr, lr, #1
        eor     r6, lr, r6, asr #31
        add     r12, r12, #1
        b       2b
        .size   narrow, . - narrow

@ uint32_t narrow_deltas(int16_t *to, const int32_t *errors, const int16_t *values, uint32_t count, int32_t shift, uint32_t *lost)
@ How many were clamped; adds to `lost` how many became 0.
        .section .text.narrow_deltas, "ax"
        .global narrow_deltas
        .type   narrow_deltas, %function
narrow_deltas:
        push    {r4-r11, lr}
        ldr     r4, [sp, #36]
        mov     r12, #0
        mov     r11, #0
        mov     r5, #2
        cmp     r2, #0
        ldreq   r2, =any_value
        moveq   r5, #0
        mov     r9, #0x8000
        sub     r9, r9, #1                      @ 32767
        add     r10, r9, r9
1:      ldrsh   r6, [r2], r5
        ldr     r7, [r1], #4
        sub     r3, r3, #1
        cmp     r6, #0
        movle   r7, #0
        movs    r6, r7, asr r4
        adcs    r6, r6, #0
        cmpeq   r7, #1                          @ without this the carry is 0
        addhs   r11, r11, #1
        add     r8, r6, r9
        cmp     r8, r10
        bhi     3f
2:      strh    r6, [r0], #2
        cmp     r3, #0
        bne     1b
        ldr     r1, [sp, #40]
        ldr     r2, [r1]
        mov     r0, r12
        add     r2, r2, r11
        str     r2, [r1]
        pop     {r4-r11, pc}
3:      eor     r8, r9, r6, asr #31
        sub     r6, r8, r6, asr #31
        add     r12, r12, #1
        b       2b
        .ltorg
        .size   narrow_deltas, . - narrow_deltas

        .section .rodata.no_bias, "a"
        .balign 4
no_bias:
        .word   0
any_value:
        .word   1
