@ Inner loop of `exact` mode: 32-bit operands, 64-bit sums. The compiler does nearly as well on the others.
@ Layouts: inputs [sample][columns], masters [row pair][column pair][row 0: 2 columns, row 1: 2 columns].

        .syntax unified
        .cpu    arm968e-s
        .arm
        .text

@ Two columns (r8, r9) of two rows onto r4:r5 and r6:r7.
        .macro  forward_columns
        ldmia   r1!, {r8, r9, r10, r11}
        ldmia   r0!, {r12, lr}
        smlal   r4, r5, r8, r12
        smlal   r6, r7, r10, r12
        smlal   r4, r5, r9, lr
        smlal   r6, r7, r11, lr
        .endm

@ void exact_forward(const int32_t *inputs, const int32_t *master, uint32_t columnPairs, int64_t sums[2])
@ Two rows, one sample: per 8 columns 16 products in 26 instructions.
        .global exact_forward
exact_forward:
        push    {r4-r11, lr}
        mov     r4, #0
        mov     r5, #0
        mov     r6, #0
        mov     r7, #0
        subs    r2, r2, #4
        blo     2f
1:      forward_columns
        forward_columns
        forward_columns
        forward_columns
        subs    r2, r2, #4
        bhs     1b
2:      adds    r2, r2, #4
        beq     4f
3:      forward_columns
        subs    r2, r2, #1
        bne     3b
4:      stmia   r3, {r4-r7}
        pop     {r4-r11, pc}
