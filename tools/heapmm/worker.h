/* worker.h: the process in which a trace is replayed on one allocator.
 *
 * SPDX-License-Identifier: MIT
 *
 * It allocates nothing itself, and does nothing else: no trace is read here, and no table of addresses kept. */
#ifndef HEAPMM_TOOLS_WORKER_H
#define HEAPMM_TOOLS_WORKER_H

/* Replays what comes, see session.h. Returns the exit status. */
int worker_run(void);

#endif
