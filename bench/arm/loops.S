/*
 * The loops of `pnpm bench arm`, for ARM and for Thumb code. main runs one of them (LOOP) a number of times,
 * leaves a sum by which all simulators are seen to have done the same, and stops.
 *
 * SOURCE: address of 1,024 words to copy. TARGET: of 3,072 words to work on, data memory of a SpiNNaker core.
 */
    .syntax unified
    .text
    .global main
#ifdef __thumb__
    .thumb
    .thumb_func
#endif

/* In: r0 repetitions. r10 (Thumb: r7) counts down, r9 (Thumb: r6) is the sum. */
main:
#ifdef __thumb__
    mov r7, r0
    movs r6, #0
1:  bl LOOP
    adds r6, r6, r0
    subs r7, r7, #1
    bne 1b
    ldr r1, =TARGET
    str r6, [r1]
    bkpt 0
#else
    mov r10, r0
    mov r9, #0
1:  bl LOOP
    add r9, r9, r0
    subs r10, r10, #1
    bne 1b
    ldr r1, =TARGET
    str r9, [r1]
#ifdef LINUX
    mov r0, #0
    mov r7, #1
    svc 0
#else
2:  mcr p15, 0, r0, c7, c0, 4
    b 2b
#endif
#endif
    .ltorg

/* Two loads, multiply-accumulate, comparison, conditional addition, comparison, store, branch; 1,024 times. */
#ifdef __thumb__
    .thumb_func
#endif
mac:
#ifdef __thumb__
    push {r4, r5, lr}
    ldr r1, =TARGET
    ldr r2, =TARGET + 4096
    mov r3, r2
    movs r0, #0
1:  ldm r1!, {r4}
    ldr r5, [r2]
    muls r4, r5, r4
    adds r0, r0, r4
    cmp r0, #100
    ble 2f
    adds r0, r0, #3
2:  str r0, [r2]
    adds r2, r2, #4
    cmp r1, r3
    bne 1b
    pop {r4, r5, pc}
#else
    ldr r1, =TARGET
    add r2, r1, #4096
    mov r3, r2
    mov r0, #0
1:  ldr r4, [r1], #4
    ldr r5, [r2]
    mla r0, r4, r5, r0
    cmp r0, #100
    addgt r0, r0, #3
    cmp r1, r3
    str r0, [r2], #4
    bne 1b
    bx lr
#endif
    .ltorg

/* 1,024 words. */
#ifdef __thumb__
    .thumb_func
#endif
copy:
#ifdef __thumb__
    push {r4, lr}
    ldr r1, =SOURCE
    ldr r2, =TARGET
    ldr r3, =TARGET + 4096
1:  ldm r1!, {r4}
    stm r2!, {r4}
    cmp r2, r3
    bne 1b
    mov r0, r4
    pop {r4, pc}
#else
    ldr r1, =SOURCE
    ldr r2, =TARGET
    add r3, r2, #4096
1:  ldr r0, [r1], #4
    str r0, [r2], #4
    cmp r2, r3
    bne 1b
    bx lr
#endif
    .ltorg

/* The 12th Fibonacci number by calls, returns and branches. */
#ifdef __thumb__
    .thumb_func
#endif
fib:
    movs r0, #12
#ifdef __thumb__
    .thumb_func
#endif
fibonacci:
    cmp r0, #2
    bge 1f
    bx lr
1:  push {r4, r5, lr}
    mov r4, r0
    subs r0, r0, #1
    bl fibonacci
    mov r5, r0
    subs r0, r4, #2
    bl fibonacci
    adds r0, r0, r5
    pop {r4, r5, pc}
