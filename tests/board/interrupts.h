/* interrupts.h: critical sections for a pool on a single Cortex-M core: what a user of HMM_CRITICAL_SECTIONS=1 writes there.
 *
 * SPDX-License-Identifier: MIT */
#ifndef HMM_TESTS_INTERRUPTS_H
#define HMM_TESTS_INTERRUPTS_H

/* Keeps interrupts away, and returns whether they were kept away before. */
static inline unsigned interrupts_off(void) {
    unsigned before;
    __asm volatile("mrs %0, primask\n\tcpsid i" : "=r"(before) : : "memory");
    return before;
}

static inline void interrupts_as_before(unsigned before) {
    __asm volatile("msr primask, %0" : : "r"(before) : "memory");
}

#define HMM_CRITICAL_ENTER() interrupts_off()
#define HMM_CRITICAL_LEAVE(state) interrupts_as_before(state)

#endif
