@ Inner loops of int16 operands: two products from every pair of words.
        .syntax unified
        .arm

@ 2 columns of two positions and two outputs: 8 products in 12 instructions.
        .macro  two_columns
        ldr     r8, [r0], #4
        ldr     r9, [r2], #4
        ldr     r10, [r3], #4
        ldr     r11, [r1], #4
        smlabb  r4, r8, r9, r4
        smlatt  r4, r8, r9, r4
        smlabb  r5, r8, r10, r5
        smlatt  r5, r8, r10, r5
        smlabb  r6, r11, r9, r6
        smlatt  r6, r11, r9, r6
        smlabb  r7, r11, r10, r7
        smlatt  r7, r11, r10, r7
        .endm

        .macro  eight_columns
        two_columns
        two_columns
        two_columns
        two_columns
        .endm

@ void dots_2xn(const void *row0, const void *row1, const void *weights, uint32_t pitch, uint32_t bytes, uint32_t step, int32_t *sums, int32_t *end, uint32_t ahead, uint32_t pairs)
@ Sums of two rows of operands by pairs of rows of weights, `pitch` bytes apart: of row 0 from `sums` up to `end`, an even
@ number of them and at least 2; of row 1 `step` bytes behind. Rows have `bytes` bytes, a multiple of 16 and at least 16.
@ So for `pairs` pairs of rows, each `ahead` bytes behind the one before, with sums 2 * step bytes behind; pairs is at least 1.
        .equ    DOTS_WEIGHTS, 0
        .equ    DOTS_PITCH, 4
        .equ    DOTS_SKIP, 8                    @ bytes from the end of a pair of rows of weights to the next
        .equ    DOTS_BYTES, 48
        .equ    DOTS_STEP, 52
        .equ    DOTS_SUMS, 56
        .equ    DOTS_END, 60
        .equ    DOTS_AHEAD, 64
        .equ    DOTS_PAIRS, 68
        .section .text.dots_2xn, "ax"
        .global dots_2xn
        .type   dots_2xn, %function
dots_2xn:
        push    {r4-r11, lr}
        ldr     r8, [sp, #36]
        rsb     r9, r8, r3, lsl #1
        push    {r2, r3, r9}
        ldr     lr, [sp, #DOTS_SUMS]
1:      ldr     r2, [sp, #DOTS_WEIGHTS]
        ldr     r3, [sp, #DOTS_PITCH]
        ldr     r12, [sp, #DOTS_BYTES]
        add     r3, r2, r3
2:      mov     r4, #0
        mov     r5, #0
        mov     r6, #0
        mov     r7, #0
        tst     r12, #16
        bne     4f
3:      eight_columns
4:      eight_columns
        subs    r12, r12, #32
        bgt     3b
        ldr     r12, [sp, #DOTS_STEP]
        ldr     r8, [sp, #DOTS_BYTES]
        ldr     r9, [sp, #DOTS_SKIP]
        ldr     r10, [sp, #DOTS_END]
        str     r6, [lr, r12]!
        str     r7, [lr, #4]
        str     r4, [lr, -r12]!
        str     r5, [lr, #4]
        add     lr, lr, #8
        sub     r0, r0, r8
        sub     r1, r1, r8
        add     r2, r2, r9
        add     r3, r3, r9
        cmp     lr, r10
        mov     r12, r8
        bne     2b
        ldr     r9, [sp, #DOTS_STEP]
        ldr     r11, [sp, #DOTS_SUMS]
        ldr     r8, [sp, #DOTS_AHEAD]
        ldr     r12, [sp, #DOTS_PAIRS]
        add     lr, r11, r9, lsl #1
        add     r10, r10, r9, lsl #1
        add     r0, r0, r8
        add     r1, r1, r8
        str     lr, [sp, #DOTS_SUMS]
        str     r10, [sp, #DOTS_END]
        subs    r12, r12, #1
        str     r12, [sp, #DOTS_PAIRS]
        bne     1b
        add     sp, sp, #12
        pop     {r4-r11, pc}
        .size   dots_2xn, . - dots_2xn

@ A position's two operands by four deltas: 8 products in 11 instructions.
        .macro  one_position
        ldr     r12, [r0], r2
        ldr     lr, [r1, #4]
        ldr     r3, [r1], r2
        smlabb  r8, r12, lr, r8
        smlabt  r9, r12, lr, r9
        smlatb  r10, r12, lr, r10
        smlatt  r11, r12, lr, r11
        smlabb  r4, r12, r3, r4
        smlabt  r5, r12, r3, r5
        smlatb  r6, r12, r3, r6
        smlatt  r7, r12, r3, r7
        .endm

@ Adds two sums of 32 bits to those of 64 at r12, and steps it by r3.
        .macro  add_sums first, second
        ldmia   r12, {r0, r1, r2, lr}
        adds    r0, r0, \first
        adc     r1, r1, \first, asr #31
        adds    r2, r2, \second
        adc     lr, lr, \second, asr #31
        stmia   r12, {r0, r1, r2, lr}
        add     r12, r12, r3
        .endm

@ void outer_4xn(const void *x, const void *d, uint32_t pitch, uint32_t positions, int64_t *sums, uint32_t row, uint32_t pairs)
@ Adds operands by four deltas over positions to sums of 64 bits, of each delta `row` bytes behind those of the one before:
@ `pairs` pairs of operands from x on, four deltas from d on, both `pitch` bytes behind those of the position before; an even
@ number of positions, whose sums fit 32 bits. The stack pointer counts positions; interrupts have their own.
        .equ    OUTER_X, 0
        .equ    OUTER_POSITIONS, 12
        .equ    OUTER_SUMS, 52
        .equ    OUTER_ROW, 56
        .equ    OUTER_PAIRS, 60
        .section .text.outer_4xn, "ax"
        .global outer_4xn
        .type   outer_4xn, %function
outer_4xn:
        push    {r0-r11, lr}
        ldr     r12, =outer_stack
        str     sp, [r12]
1:      ldmia   sp, {r0-r2, lr}
        mov     r4, #0
        mov     r5, #0
        mov     r6, #0
        mov     r7, #0
        mov     r8, #0
        mov     r9, #0
        mov     r10, #0
        mov     r11, #0
        mov     sp, lr
        tst     lr, #2
        addne   sp, lr, #2
        bne     3f
2:      one_position
        one_position
3:      one_position
        one_position
        subs    sp, sp, #4
        bne     2b
        ldr     r12, =outer_stack
        ldr     sp, [r12]
        ldr     r0, [sp, #OUTER_X]
        ldr     r12, [sp, #OUTER_SUMS]
        ldr     r3, [sp, #OUTER_ROW]
        add     r0, r0, #4
        str     r0, [sp, #OUTER_X]
        add     r0, r12, #16
        str     r0, [sp, #OUTER_SUMS]
        add_sums r4, r6
        add_sums r5, r7
        add_sums r8, r10
        add_sums r9, r11
        ldr     r0, [sp, #OUTER_PAIRS]
        subs    r0, r0, #1
        str     r0, [sp, #OUTER_PAIRS]
        bne     1b
        pop     {r0-r11, pc}
        .ltorg
        .size   outer_4xn, . - outer_4xn

        .section .bss.outer_stack, "aw", %nobits
        .balign 4
outer_stack:
        .space  4

@ uint32_t spread_of(const void *row, uint32_t quads): the bits in which neighbouring bits of int16 differ, 4 elements at a time.
        .section .text.spread_of, "ax"
        .global spread_of
        .type   spread_of, %function
spread_of:
        mov     r12, #0
1:      ldmia   r0!, {r2, r3}
        subs    r1, r1, #1
        eor     r2, r2, r2, lsl #1
        eor     r3, r3, r3, lsl #1
        orr     r12, r12, r2
        orr     r12, r12, r3
        bne     1b
        mov     r1, r12, lsr #17
        mov     r0, r12, lsl #16
        orr     r0, r1, r0, lsr #17
        bx      lr
        .size   spread_of, . - spread_of
