/* critical.h: critical sections for the tests, where the "interrupts" are those of pool_interrupt.c.
 *
 * SPDX-License-Identifier: MIT */
#ifndef HMM_TESTS_CRITICAL_H
#define HMM_TESTS_CRITICAL_H

unsigned interrupts_off(void);
void interrupts_as_before(unsigned state);

#define HMM_CRITICAL_ENTER() interrupts_off()
#define HMM_CRITICAL_LEAVE(state) interrupts_as_before(state)

#endif
