/* clock.h: seconds that only go forward.
 *
 * SPDX-License-Identifier: MIT */
#ifndef CLOCK_H
#define CLOCK_H

/* Since some moment in the past. */
double clock_seconds(void);

#endif
