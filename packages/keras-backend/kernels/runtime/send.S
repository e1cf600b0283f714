@ The send queue where it is hot: packets go in one by one or four at a time, timer 1 takes them out.

#include "send.h"
        .syntax unified
        .cpu    arm968e-s
        .arm
        .text

@ r0 = state, r3 = number of the packet -> r12 = its key; the packet is on its way. r2 = communications controller.
        .macro  transmit
        add     r12, r3, #1
        str     r12, [r0, #SEND_SENT]
        and     r3, r3, #QUEUE_LENGTH - 1
        add     r3, r0, r3, lsl #3
        ldr     r12, [r3, #SEND_QUEUE + 4]
        str     r12, [r2, #4]                   @ payload
        ldr     r12, [r3, #SEND_QUEUE]
        str     r12, [r2, #8]                   @ key; sends
        .endm

@ IRQ of timer 1: sends one or two packets and sets the time to the next by the class of the last. A full transmit
@ register leaves them for the next time; an empty queue stops the timer.
        .global send_interrupt
        .type   send_interrupt, %function
send_interrupt:
        push    {r0-r3, r12}
        ldr     r0, =send_state
        mov     r1, #0x11000000                 @ timer 1
        str     r1, [r1, #0x0c]                 @ clear
        ldmia   r0, {r2, r3}                    @ appended, sent
        subs    r3, r2, r3
        beq     3f
        sub     r3, r2, r3
        mov     r2, #0x10000000                 @ communications controller
        ldr     r12, [r2]
        tst     r12, #1 << 28                   @ not full
        beq     2f
        transmit
        ldr     r3, [r0, #SEND_BACK_CLASS]
        cmp     r3, r12, lsr #24
        ldrne   r12, [r0, #SEND_GAP]
        ldreq   r12, [r0, #SEND_BACK_GAP]
        str     r12, [r1]                       @ counts from now
        cmp     r12, #SEND_PAIR_GAP
        bhi     2f
        ldmia   r0, {r2, r3}
        cmp     r2, r3
        beq     2f
        mov     r2, #0x10000000
        ldr     r12, [r2]
        tst     r12, #1 << 28
        beq     2f
        transmit
        ldr     r3, [r0, #SEND_BACK_CLASS]
        cmp     r3, r12, lsr #24
        ldrne   r12, [r0, #SEND_GAP]
        ldreq   r12, [r0, #SEND_BACK_GAP]
        mov     r12, r12, lsl #1
        str     r12, [r1]
2:      mov     r0, #0x1f000000                 @ VIC
        str     r0, [r0, #0x30]
        pop     {r0-r3, r12}
        subs    pc, lr, #4
3:      mov     r2, #0
        str     r2, [r1, #8]                    @ control: off
        str     r2, [r0, #SEND_RUNS]
        b       2b

@ void send_packet(uint32_t key, uint32_t payload)
        .global send_packet
        .type   send_packet, %function
send_packet:
        ldr     r2, =send_state
        ldr     r3, [r2, #SEND_APPENDED]
        ldr     r12, [r2, #SEND_SENT]
        sub     r12, r3, r12                    @ waiting
        cmp     r12, #QUEUE_LENGTH
        bhs     full_one
        str     lr, [sp, #-4]!
        ldr     lr, [r2, #SEND_HIGH_WATER]
        cmp     r12, lr
        strhi   r12, [r2, #SEND_HIGH_WATER]
        and     r12, r3, #QUEUE_LENGTH - 1
        add     r12, r2, r12, lsl #3
        str     r0, [r12, #SEND_QUEUE]
        str     r1, [r12, #SEND_QUEUE + 4]
        add     r3, r3, #1
        str     r3, [r2, #SEND_APPENDED]
        ldr     r0, [r2, #SEND_RUNS]            @ had the timer just stopped, it would have seen the packet
        ldr     lr, [sp], #4
        cmp     r0, #0
        bxne    lr
        b       send_start
full_one:
        push    {r0, r1, r2, lr}
        bl      send_wait_for_room
        pop     {r0, r1, r2, lr}
        b       send_packet

@ void send_square(uint32_t key, uint32_t step, const int32_t sums[4]): two neighbouring keys for two samples of one
@ sum, and two that are step higher for the next sum: sums 0, 2, 1, 3.
        .global send_square
        .type   send_square, %function
send_square:
        push    {r4-r7, lr}
        ldr     r4, =send_state
1:      ldmia   r4, {r3, r12}                   @ appended, sent
        sub     r12, r3, r12
        cmp     r12, #QUEUE_LENGTH - 4
        bhi     full_four
        ldr     lr, [r4, #SEND_HIGH_WATER]
        add     r12, r12, #3
        cmp     r12, lr
        strhi   r12, [r4, #SEND_HIGH_WATER]
        ldmia   r2, {r5, r6, r7, lr}
        .macro  enqueue key, payload
        and     r12, r3, #QUEUE_LENGTH - 1
        add     r12, r4, r12, lsl #3
        str     \key, [r12, #SEND_QUEUE]
        str     \payload, [r12, #SEND_QUEUE + 4]
        add     r3, r3, #1
        .endm
        enqueue r0, r5
        add     r2, r0, #1
        enqueue r2, r7
        add     r0, r0, r1
        enqueue r0, r6
        add     r2, r0, #1
        enqueue r2, lr
        str     r3, [r4, #SEND_APPENDED]
        ldr     r0, [r4, #SEND_RUNS]
        cmp     r0, #0
        bleq    send_start
        pop     {r4-r7, pc}
full_four:
        push    {r0-r2}
        bl      send_wait_for_room
        pop     {r0-r2}
        b       1b
        .ltorg
