/* How a line `expression => value` of a sample is checked.
 *
 * SPDX-License-Identifier: MIT */
#ifndef SAMPLES_EXPECT_H
#define SAMPLES_EXPECT_H

#define EXPECT(condition)                                                                       \
    do {                                                                                        \
        if (!(condition)) {                                                                     \
            fprintf(stderr, "%s:%d: this does not hold: %s\n", __FILE__, __LINE__, #condition); \
            exit(1);                                                                            \
        }                                                                                       \
    } while (0)

#endif
