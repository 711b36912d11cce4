/* shrink.h: the shortest trace for which a command still fails.
 *
 * SPDX-License-Identifier: MIT
 *
 * Delta debugging: A. Zeller and R. Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", IEEE Transactions on Software
 * Engineering 28(2), 2002. Their ddmin leaves out parts of the input, large ones first; what still fails takes the place of the input;
 * when no single unit can be left out, it ends: the result is 1-minimal. It is run here over units of a trace, see variant.h: threads,
 * then blocks, then single calls; then sizes and alignments are made smaller; and all of it again until a round changes nothing.
 *
 * Two things differ from the paper. Only a part is kept, instead of left out, where there are few parts: else most of the trials would
 * be in vain. After a part was left out it goes on where it was, and not from the first one on: those before it are tried again in
 * the next pass, and there is one until one leaves out nothing. */
#ifndef HEAPMM_TOOLS_SHRINK_H
#define HEAPMM_TOOLS_SHRINK_H

#include "blocks.h"
#include "variant.h"

typedef enum shrink_end {
    SHRINK_DONE,
    SHRINK_INTERRUPTED, /* the best so far is there, if there is any */
    SHRINK_FAILED       /* and it was said why */
} shrink_end;

typedef struct shrinking {
    const char *path;    /* the trace, which is only read */
    const char *best;    /* where the best so far is put: each is a whole trace */
    const char *attempt; /* where variants are made */
    const char *command;
    unsigned seconds; /* a command may take */

    uint64_t trials;
    uint64_t events;    /* of the whole trace */
    variant_counts now; /* what the best has */
    bool has_best;

    blocks tried; /* checksums of variants that did not fail, as addresses */
    bool hangs;   /* the whole trace does, so that is what is looked for */
    shrink_end end;
} shrinking;

/* Shrinks it; what it has come to is in trials, events and now. */
shrink_end shrink_run(shrinking *s);

#endif
