/*
 * The loops of `pnpm bench arm`, for ARM and for Thumb code. main runs one of them (LOOP) a number of times,
 * leaves a sum by which all simulators are seen to have done the same, and stops.
 *
 * SOURCE: address of 1,024 words to copy. TARGET: of 3,072 words to work on, data memory of a SpiNNaker core.
 */
    .syntax unified
    .text
    .balign 4
    .global main
#ifdef __thumb__
    .thumb
    .thumb_func
#endif

/*
 * In: r0 repetitions; on Linux 4,096 for each argument, the name of the program being one. Fills the words by a
 * generator of random numbers. r7 counts down, r6 is the sum.
 */
main:
#ifdef LINUX
    ldr r0, [sp]
    lsl r0, r0, #12
#elif !defined(__thumb__)
    ldr sp, =TARGET + 0xf000
#endif
    mov r7, r0
    movs r6, #0
    ldr r0, =SOURCE
    bl fill
    ldr r0, =TARGET
    bl fill
    bl fill
    bl fill
1:  bl LOOP
    adds r6, r6, r0
    subs r7, r7, #1
    bne 1b
    ldr r1, =TARGET
    str r6, [r1]
#ifdef __thumb__
    bkpt 0
#elif defined(LINUX)
    mov r0, r6
    mov r7, #1
    svc 0
#else
2:  mcr p15, 0, r0, c7, c0, 4
    b 2b
#endif
    .ltorg

/* 1,024 words of 19 random bits with sign, from r0 on; r0 is behind them then. */
#ifdef __thumb__
    .thumb_func
#endif
fill:
    ldr r1, =1664525
    ldr r2, =1013904223
    ldr r3, =1024
    movs r4, r3
1:  mov r5, r4
    muls r5, r1, r5
    adds r4, r5, r2
    asrs r5, r4, #13
    str r5, [r0]
    adds r0, r0, #4
    subs r3, r3, #1
    bne 1b
    bx lr
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

#ifdef LINUX
    .section .words, "aw", %nobits
    .space 0x3000
    .section .source, "aw", %nobits
    .space 0x1000
#endif
