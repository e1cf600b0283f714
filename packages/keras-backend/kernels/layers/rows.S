@ Rows of words: copied and cleared eight at a time.
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
