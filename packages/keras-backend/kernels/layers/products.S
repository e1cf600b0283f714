@ Inner loops of int16 operands: dots_2x2 makes 32 products in 44 instructions, outer_2x2 8 in 17.
        .syntax unified
        .arm
        .section .text.dots_2x2, "ax"

@ 4 products of each pair of rows: r0, r1 operands, r2, r3 weights, all stepped.
        .macro  four_products
        ldmia   r0!, {r8, r9}
        ldmia   r2!, {r10, r11}
        ldmia   r3!, {r12, lr}
        smlabb  r4, r8, r10, r4
        smlabb  r5, r8, r12, r5
        smlatt  r4, r8, r10, r4
        smlatt  r5, r8, r12, r5
        smlabb  r4, r9, r11, r4
        smlabb  r5, r9, lr, r5
        smlatt  r4, r9, r11, r4
        smlatt  r5, r9, lr, r5
        ldmia   r1!, {r8, r9}
        smlabb  r6, r8, r10, r6
        smlabb  r7, r8, r12, r7
        smlatt  r6, r8, r10, r6
        smlatt  r7, r8, r12, r7
        smlabb  r6, r9, r11, r6
        smlabb  r7, r9, lr, r7
        smlatt  r6, r9, r11, r6
        smlatt  r7, r9, lr, r7
        .endm

@ void dots_2x2(const void *row0, const void *row1, const void *weights0, const void *weights1, int32_t sums[4], uint32_t eights)
@ sums of row 0 weights 0, row 0 weights 1, row 1 weights 0, row 1 weights 1 over 8 * eights operands, eights at least 1.
        .global dots_2x2
        .type   dots_2x2, %function
dots_2x2:
        push    {r4-r11, lr}
        mov     r4, #0
        mov     r5, #0
        mov     r6, #0
        mov     r7, #0
1:      four_products
        four_products
        ldr     lr, [sp, #40]
        subs    lr, lr, #1
        str     lr, [sp, #40]
        bne     1b
        ldr     r12, [sp, #36]
        stmia   r12, {r4-r7}
        pop     {r4-r11, pc}
        .size   dots_2x2, . - dots_2x2

@ void outer_2x2(const uint32_t *x, const uint32_t *d, uint32_t pairs, uint32_t x_bytes, uint32_t d_bytes, int64_t sums0[2], int64_t sums1[2])
@ Adds x[0] d[0], x[1] d[0] to sums0 and x[0] d[1], x[1] d[1] to sums1, both halves of each word, over pairs, at least 1;
@ x and d are stepped by x_bytes and d_bytes.
        .section .text.outer_2x2, "ax"
        .global outer_2x2
        .type   outer_2x2, %function
outer_2x2:
        push    {r3-r11, lr}
        ldr     r12, [sp, #44]
        ldmia   r12, {r4-r7}
        ldr     r12, [sp, #48]
        ldmia   r12, {r8-r11}
1:      ldr     r3, [r1]
        ldmia   r0, {r12, lr}
        smlalbb r4, r5, r12, r3
        smlalbb r6, r7, lr, r3
        smlaltt r4, r5, r12, r3
        smlaltt r6, r7, lr, r3
        ldr     r3, [r1, #4]
        subs    r2, r2, #1
        smlalbb r8, r9, r12, r3
        smlalbb r10, r11, lr, r3
        smlaltt r8, r9, r12, r3
        smlaltt r10, r11, lr, r3
        ldr     r12, [sp]
        ldr     lr, [sp, #40]
        add     r0, r0, r12
        add     r1, r1, lr
        bne     1b
        ldr     r12, [sp, #44]
        stmia   r12, {r4-r7}
        ldr     r12, [sp, #48]
        stmia   r12, {r8-r11}
        pop     {r3-r11, pc}
        .size   outer_2x2, . - outer_2x2
