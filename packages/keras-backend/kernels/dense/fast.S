@ Inner loops of `fast` mode: packed 16-bit operands, two products from every pair of words.
@ Layouts: inputs [sample][columns] halfwords; weights as multiplied [row pair][column pair][row of the pair], a word of
@ two columns each; deltas [row pair / 2][sample][row pair % 2], a word of two rows each; masters [row pair][column pair][4].

#include "fast.h"
        .syntax unified
        .cpu    arm968e-s
        .arm
        .text

@ Two columns of two rows (\w0, \w1) times two samples (\a, \b) onto r4-r7.
        .macro  forward_pair a, b, w0, w1
        smlabb  r4, \a, \w0, r4
        smlatt  r4, \a, \w0, r4
        smlabb  r5, \a, \w1, r5
        smlatt  r5, \a, \w1, r5
        smlabb  r6, \b, \w0, r6
        smlatt  r6, \b, \w0, r6
        smlabb  r7, \b, \w1, r7
        smlatt  r7, \b, \w1, r7
        .endm

@ Four columns.
        .macro  forward_quad
        ldmia   r0!, {r8, r9}
        ldmia   r1!, {r10, r11}
        ldmia   r2!, {r12, lr}
        forward_pair r8, r10, r12, lr
        ldmia   r2!, {r12, lr}
        forward_pair r9, r11, r12, lr
        .endm

@ void fast_forward(const void *sample0, const void *sample1, const void *weights, uint32_t columnPairs, int32_t sums[4])
@ sums of sample 0 row 0, sample 0 row 1, sample 1 row 0, sample 1 row 1. Per 16 columns: 64 products in 82 instructions.
        .global fast_forward
fast_forward:
        push    {r4-r11, lr}
        mov     r4, #0
        mov     r5, #0
        mov     r6, #0
        mov     r7, #0
        subs    r3, r3, #8
        blo     2f
1:      forward_quad
        forward_quad
        forward_quad
        forward_quad
        subs    r3, r3, #8
        bhs     1b
2:      adds    r3, r3, #8
        beq     4f
3:      ldr     r8, [r0], #4
        ldr     r10, [r1], #4
        ldmia   r2!, {r12, lr}
        forward_pair r8, r10, r12, lr
        subs    r3, r3, #1
        bne     3b
4:      ldr     r12, [sp, #36]
        stmia   r12, {r4-r7}
        pop     {r4-r11, pc}

@ void fast_back(const void *weights, const void *deltas, uint32_t groups, uint32_t rowPairBytes, uint32_t groupBytes, int32_t sums[4])
@ Transposed product for one column pair and two samples over groups of four rows: 16 products in 24 instructions.
@ sums of column 0 sample 0, column 1 sample 0, column 0 sample 1, column 1 sample 1.
        .macro  back_rows d0, d1                @ row pair of weights (r8, r9)
        smlabb  r4, r8, \d0, r4
        smlabt  r4, r9, \d0, r4
        smlatb  r5, r8, \d0, r5
        smlatt  r5, r9, \d0, r5
        smlabb  r6, r8, \d1, r6
        smlabt  r6, r9, \d1, r6
        smlatb  r7, r8, \d1, r7
        smlatt  r7, r9, \d1, r7
        .endm

        .global fast_back
fast_back:
        push    {r4-r11, lr}
        ldr     r12, [sp, #36]                  @ groupBytes
        sub     r3, r3, #4
        mov     r4, #0
        mov     r5, #0
        mov     r6, #0
        mov     r7, #0
1:      ldr     r8, [r0], #4
        ldr     r9, [r0], r3
        ldr     r10, [r1]
        ldr     r11, [r1, #8]
        back_rows r10, r11
        ldr     r8, [r0], #4
        ldr     r9, [r0], r3
        ldr     r10, [r1, #4]
        ldr     r11, [r1, #12]
        back_rows r10, r11
        add     r1, r1, r12
        subs    r2, r2, #1
        bne     1b
        ldr     r12, [sp, #40]
        stmia   r12, {r4-r7}
        pop     {r4-r11, pc}

@ One sample of the gradient of two rows (delta word \d) and two columns (input word r12).
        .macro  outer_product d, g00, g01, g10, g11
        smlabb  \g00, \d, r12, \g00
        smlabt  \g01, \d, r12, \g01
        smlatb  \g10, \d, r12, \g10
        smlatt  \g11, \d, r12, \g11
        .endm

        .macro  gradient_sample2                @ two rows
        ldr     r12, [r0], r2
        ldr     r3, [r1], #8
        outer_product r3, r4, r5, r6, r7
        .endm

        .macro  gradient_sample4                @ four rows: 8 products in 10 instructions
        ldr     r12, [r0], r2
        ldmia   r1!, {r3, lr}
        outer_product r3, r4, r5, r6, r7
        outer_product lr, r8, r9, r10, r11
        .endm

@ sp samples (at least 1), eight at a time, then one at a time; flags and sp are used up.
        .macro  over_samples one
        subs    sp, sp, #8
        blo     2f
1:      \one
        \one
        \one
        \one
        \one
        \one
        \one
        \one
        subs    sp, sp, #8
        bhs     1b
2:      adds    sp, sp, #8
        beq     4f
3:      \one
        subs    sp, sp, #1
        bne     3b
4:
        .endm

@ void fast_gradient(const void *inputs, const void *deltas, uint32_t inputBytes, uint32_t samples, int32_t gradient[4])
@ The gradient of two rows and two columns alone, for batches and shifts that fast_update does not take.
        .global fast_gradient
fast_gradient:
        push    {r4-r7, lr}
        ldr     lr, [sp, #20]
        push    {r3}
        mov     r4, #0
        mov     r5, #0
        mov     r6, #0
        mov     r7, #0
1:      gradient_sample2
        ldr     r3, [sp]
        subs    r3, r3, #1
        str     r3, [sp]
        bne     1b
        stmia   lr, {r4-r7}
        add     sp, sp, #4
        pop     {r4-r7, pc}

@ \w -= ((int64_t)\g * mantissa + 2^(shift-1)) >> shift for 33 <= shift <= 63: only the high word of the sum counts.
@ r0 mantissa, r1 shift - 32, r2 2^(shift-33).
        .macro  update_weight g, w, saturated
        smull   lr, \g, r0, \g
        add     \g, \g, r2
        subs    \w, \w, \g, asr r1
        bvs     \saturated
        .endm

@ \t = \w rounded to an operand; r3 = 27 - weightFraction >= 1; the carry is the highest bit shifted out.
        .macro  round_operand w, t
        movs    \t, \w, asr r3
        adc     \t, \t, #0
        .endm

@ \low = \low | \high << 16, both checked to fit 16 bits.
        .macro  pack_operands low, high, saturated
        mov     lr, \low, lsl #16
        cmp     \low, lr, asr #16
        bne     \saturated
        mov     sp, \high, lsl #16
        cmp     \high, sp, asr #16
        bne     \saturated
        orr     \low, sp, lr, lsr #16
        .endm

@ Updates two rows by two columns: gradient in r4-r7, scale in r0-r3, r12 = masters -> lr = parameters, both pointers
@ stepped. Goes to \saturated, with nothing stored yet, when something saturates.
        .macro  update_block saturated, master, operand
        ldmia   r12, {r8-r11}
        update_weight r4, r8, \saturated
        update_weight r5, r9, \saturated
        update_weight r6, r10, \saturated
        update_weight r7, r11, \saturated
        round_operand r8, r4
        round_operand r9, r5
        round_operand r10, r6
        round_operand r11, r7
        pack_operands r4, r5, \saturated
        pack_operands r6, r7, \saturated
        stmia   r12!, {r8-r11}
        ldr     lr, =fast_update_parameters
        str     r12, [lr, #\master]
        ldr     r12, [lr, #\operand]
        stmia   r12!, {r4, r6}
        str     r12, [lr, #\operand]
        .endm

@ The same by C, from memory -> lr = parameters, scale in r0-r3.
        .macro  update_saturated gradient, master, operand
        ldr     lr, =fast_update_parameters
        ldr     sp, [lr, #UPDATE_STACK]
        add     r0, lr, #\gradient
        ldr     r1, [lr, #\master]
        add     r2, r1, #16
        str     r2, [lr, #\master]
        ldr     r2, [lr, #\operand]
        add     r3, r2, #8
        str     r3, [lr, #\operand]
        bl      fast_update_saturated
        ldr     lr, =fast_update_parameters
        load_scale
        .endm

        .macro  load_scale                      @ lr = parameters
        add     r12, lr, #UPDATE_MANTISSA
        ldmia   r12, {r0-r3}
        .endm

@ lr = parameters -> r0 = inputs of this column pair, r1 = deltas, r2 = bytes to the next sample, sp = samples.
        .macro  next_column_pair
        ldmia   lr, {r0-r3}
        mov     sp, r3
        add     r12, r0, #4
        str     r12, [lr, #UPDATE_INPUTS]
        mov     r4, #0
        mov     r5, #0
        mov     r6, #0
        mov     r7, #0
        .endm

        .macro  step_pointers master, operand   @ over a block that does not change
        ldr     r0, [lr, #\master]
        add     r0, r0, #16
        str     r0, [lr, #\master]
        ldr     r0, [lr, #\operand]
        add     r0, r0, #8
        str     r0, [lr, #\operand]
        .endm

        .macro  until_last_pair again           @ lr = parameters
        ldr     r0, [lr, #UPDATE_COLUMN_PAIRS]
        subs    r0, r0, #1
        str     r0, [lr, #UPDATE_COLUMN_PAIRS]
        bne     \again
        ldr     sp, [lr, #UPDATE_STACK]
        pop     {r4-r11, pc}
        .endm

@ void fast_update4(void), void fast_update2(void): gradient and update of four or two rows over all column pairs, as
@ fast_update_parameters says. The gradient of a block stays in registers; memory has it for the case of saturation.
@ The stack pointer counts samples; interrupts have their own.
        .global fast_update4
fast_update4:
        push    {r4-r11, lr}
        ldr     lr, =fast_update_parameters
        str     sp, [lr, #UPDATE_STACK]
next_pair4:
        next_column_pair
        mov     r8, #0
        mov     r9, #0
        mov     r10, #0
        mov     r11, #0
        over_samples gradient_sample4
        ldr     lr, =fast_update_parameters
        orr     r0, r4, r5                      @ columns that are always 0 change nothing
        orr     r1, r6, r7
        orr     r2, r8, r9
        orr     r3, r10, r11
        orr     r0, r0, r1
        orr     r2, r2, r3
        orrs    r0, r0, r2
        beq     unchanged4
        add     r12, lr, #UPDATE_GRADIENT
        stmia   r12, {r4-r11}
        load_scale
        ldr     r12, [lr, #UPDATE_MASTER]
        update_block saturated4, UPDATE_MASTER, UPDATE_OPERAND
second_pair4:
        add     r12, lr, #UPDATE_GRADIENT + 16
        ldmia   r12, {r4-r7}
        ldr     r12, [lr, #UPDATE_MASTER_NEXT]
        update_block saturated_next4, UPDATE_MASTER_NEXT, UPDATE_OPERAND_NEXT
done4:  until_last_pair next_pair4
unchanged4:
        step_pointers UPDATE_MASTER, UPDATE_OPERAND
        step_pointers UPDATE_MASTER_NEXT, UPDATE_OPERAND_NEXT
        b       done4
saturated4:
        update_saturated UPDATE_GRADIENT, UPDATE_MASTER, UPDATE_OPERAND
        b       second_pair4
saturated_next4:
        update_saturated UPDATE_GRADIENT + 16, UPDATE_MASTER_NEXT, UPDATE_OPERAND_NEXT
        b       done4
        .ltorg

        .global fast_update2
fast_update2:
        push    {r4-r11, lr}
        ldr     lr, =fast_update_parameters
        str     sp, [lr, #UPDATE_STACK]
next_pair2:
        next_column_pair
        over_samples gradient_sample2
        ldr     lr, =fast_update_parameters
        add     r12, lr, #UPDATE_GRADIENT
        stmia   r12, {r4-r7}
        load_scale
        ldr     r12, [lr, #UPDATE_MASTER]
        update_block saturated2, UPDATE_MASTER, UPDATE_OPERAND
done2:  until_last_pair next_pair2
saturated2:
        update_saturated UPDATE_GRADIENT, UPDATE_MASTER, UPDATE_OPERAND
        b       done2
        .ltorg
