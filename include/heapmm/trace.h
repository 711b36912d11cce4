/* heapmm/trace.h: traces of what a program allocates: reading them and writing them.
 *
 * SPDX-License-Identifier: MIT
 *
 * A trace is a list of events in the order in which they happened, whichever threads they happened in: a block was allocated, resized,
 * freed, or could not be had. `heapmm record` writes traces of programs, firmware writes its own with the functions here, and the other
 * commands of heapmm read them. docs/trace-format.md describes the bytes.
 *
 *     hmm_trace_fault fault;
 *     hmm_trace_reader *reader = hmm_trace_reader_open("app.hmt", &fault);
 *     hmm_trace_event event;
 *     while (hmm_trace_reader_next(reader, &event) == HMM_TRACE_OK) count++;
 *     hmm_trace_reader_fault(reader)->result => HMM_TRACE_END
 *     hmm_trace_reader_close(reader);
 *
 * A library of its own, libheapmm-trace, linked with `heapmm::trace`. src/trace/ by itself needs no operating system, no C library but
 * memcpy, memmove and memset, and no compression: all functions but the four that open and close files are there.
 *
 * ## Words
 *
 * event     one call that allocates, resizes or frees.
 * sequence  the number of an event in the order of all threads, from 0 on. Missing numbers are events that were lost.
 * frame     some hundreds to thousands of events that are stored together. Frames do not depend on each other: what stands in whole
 *           frames is read, whatever happened to the rest.
 *
 * ## Parameters that are the same everywhere
 *
 * reader   a reader, as hmm_trace_reader_create or hmm_trace_reader_open returned it.
 * writer   a writer, as hmm_trace_writer_create or hmm_trace_writer_open returned it.
 *
 * ## What holds everywhere
 *
 * A reader trusts nothing: whatever bytes there are, each function ends, and says what is wrong and at which offset. Readers and
 * writers take no more memory than they got at the beginning, however long the trace. Calls for one reader or writer must not
 * overlap; different ones know nothing of each other. */
#ifndef HEAPMM_TRACE_H
#define HEAPMM_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "heapmm/export.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Events -------------------------------------------------------------------------------------------------------------- */

/* The version of the format that is written, and the highest that is read. */
#define HMM_TRACE_VERSION 1

/* Which call an event is. */
typedef enum hmm_trace_kind {
    HMM_TRACE_MALLOC = 0,        /* malloc, and everything that comes to the same */
    HMM_TRACE_CALLOC = 1,        /* the contents are zero; the size is the product */
    HMM_TRACE_REALLOC = 2,       /* the block was at old_address, 0 if there was none, and is at address */
    HMM_TRACE_ALIGNED_ALLOC = 3, /* with an alignment */
    HMM_TRACE_FREE = 4           /* of the block at old_address; of NULL is no event */
} hmm_trace_kind;

/* One event. */
typedef struct hmm_trace_event {
    uint64_t sequence;    /* its number; a writer counts by itself and ignores it */
    uint64_t time;        /* nanoseconds since some moment; never falls within a trace */
    uint64_t size;        /* bytes asked for; 0 for a free */
    uint64_t alignment;   /* bytes; 0 but for HMM_TRACE_ALIGNED_ALLOC */
    uint64_t address;     /* of the block that the call returned; 0 for a free and a failure */
    uint64_t old_address; /* of the block that the call was given: resized or freed; else 0 */
    uint32_t thread;      /* its number: 0, 1, 2 ... */
    hmm_trace_kind kind;  /* which call */
    bool failed;          /* there was no memory: nothing has changed, a block at old_address is still there */
} hmm_trace_event;

/* Names a kind of event.
 *
 * kind: any.
 * Returns "malloc", "calloc", "realloc", "aligned_alloc" or "free"; "?" for a number that is no kind. */
HMM_API const char *hmm_trace_kind_name(hmm_trace_kind kind);

/* ---- Results ------------------------------------------------------------------------------------------------------------- */

/* What a function comes to. */
typedef enum hmm_trace_result {
    HMM_TRACE_OK = 0,       /* done; an event was read */
    HMM_TRACE_END,          /* no more events: the end of a whole trace */
    HMM_TRACE_UNFINISHED,   /* no more events, and no mark of the end: the writer was stopped before it was finished */
    HMM_TRACE_TRUNCATED,    /* no more events: the file ends inside a frame */
    HMM_TRACE_RESTARTED,    /* no more events: another trace begins here, as in a log of firmware that restarted */
    HMM_TRACE_MISSING,      /* events are missing here; read on */
    HMM_TRACE_DAMAGED,      /* bytes that are no frame; read on, with the next whole frame */
    HMM_TRACE_NOT_A_TRACE,  /* the file is something else */
    HMM_TRACE_NEWER,        /* of a version that is not known here */
    HMM_TRACE_COMPRESSED,   /* a compressed frame, and no function to decompress it */
    HMM_TRACE_READ_FAILED,  /* the source failed */
    HMM_TRACE_WRITE_FAILED, /* the sink failed; everything later fails too */
    HMM_TRACE_NO_MEMORY,    /* too little memory for a reader or writer */
    HMM_TRACE_INVALID       /* an event that cannot be: unknown kind */
} hmm_trace_result;

/* What is wrong, and where. */
typedef struct hmm_trace_fault {
    hmm_trace_result result; /* which */
    uint64_t offset;         /* bytes from the beginning of the trace */
    uint64_t events;         /* how many events are missing, for HMM_TRACE_MISSING; else 0 */
    const char *text;        /* the same in words, for people; never NULL */
} hmm_trace_fault;

/* Names a result.
 *
 * result: any.
 * Returns the name of the constant; "HMM_TRACE_?" for a number that is no result. */
HMM_API const char *hmm_trace_result_name(int result);

/* ---- Reading ------------------------------------------------------------------------------------------------------------- */

/* Reads a trace. Opaque: it stands at the start of the memory that hmm_trace_reader_create got. */
typedef struct hmm_trace_reader hmm_trace_reader;

/* Most bytes of the contents of a frame. */
#define HMM_TRACE_FRAME_BYTES UINT32_C(65536)

/* Memory that a reader needs. */
#define HMM_TRACE_READER_BYTES (2 * HMM_TRACE_FRAME_BYTES + 8192)

/* Where a trace comes from. */
typedef struct hmm_trace_source {
    /* Reads bytes at an offset. Offsets rise, but where a trace is damaged, and with hmm_trace_reader_seek. Returns how many it read:
     * fewer than asked for at the end, and SIZE_MAX if it failed. */
    size_t (*read)(void *context, uint64_t offset, void *to, size_t bytes);

    /* Decompresses one zstd frame. Returns how many bytes came out; SIZE_MAX if it is no such frame or does not fit. NULL: compressed
     * traces cannot be read. */
    size_t (*decompress)(void *context, void *to, size_t room, const void *from, size_t bytes);

    /* Handed to both functions. */
    void *context;

    /* Bytes of the whole trace, if known; else 0: then hmm_trace_reader_seek goes through all frames. */
    uint64_t bytes;
} hmm_trace_source;

/* Makes a reader in memory of the caller's, and reads what the trace says of itself.
 *
 * memory: aligned as any block of malloc; the reader's until its end, for which nothing needs to be done.
 * bytes: HMM_TRACE_READER_BYTES at least.
 * source: copied.
 * fault: what is wrong; may be NULL.
 * Returns the reader; or NULL if it is no trace, of another version, or the memory too small. */
HMM_API HMM_NODISCARD hmm_trace_reader *hmm_trace_reader_create(void *memory, size_t bytes, const hmm_trace_source *source,
                                                                hmm_trace_fault *fault);

/* Opens a file.
 *
 * path: "-" is standard input.
 * fault: what is wrong; may be NULL. HMM_TRACE_READ_FAILED leaves errno saying why.
 * Returns the reader, or NULL. */
HMM_API HMM_NODISCARD hmm_trace_reader *hmm_trace_reader_open(const char *path, hmm_trace_fault *fault);

/* Closes the file of hmm_trace_reader_open.
 *
 * reader: NULL does nothing. */
HMM_API void hmm_trace_reader_close(hmm_trace_reader *reader);

/* Reads the next event.
 *
 * event: set if there is one.
 * Returns HMM_TRACE_OK; or HMM_TRACE_END; or what is wrong, of which hmm_trace_reader_fault tells more. After HMM_TRACE_MISSING and
 * HMM_TRACE_DAMAGED the next call goes on; after all others it gives the same again.
 * Time: constant, and for the first event of a frame linear in the frame. */
HMM_API int hmm_trace_reader_next(hmm_trace_reader *reader, hmm_trace_event *event);

/* Tells what hmm_trace_reader_next found wrong last.
 *
 * Returns the fault, with HMM_TRACE_OK if nothing was. */
HMM_API const hmm_trace_fault *hmm_trace_reader_fault(const hmm_trace_reader *reader);

/* Tells what the trace says of itself. Known names: program, command, pid, parent, started (seconds since 1970), source.
 *
 * name: what is asked for.
 * Returns the text; or NULL if the trace does not say. */
HMM_API const char *hmm_trace_reader_about(const hmm_trace_reader *reader, const char *name);

/* Goes to an event, forward or back. If that fails, hmm_trace_reader_next says so.
 *
 * sequence: hmm_trace_reader_next gives the first event that has this number or a higher one.
 * Time: a look at the index, and linear in the frames between two entries of the index; without an index, in all frames. */
HMM_API void hmm_trace_reader_seek(hmm_trace_reader *reader, uint64_t sequence);

/* Tells how far the reader is.
 *
 * Returns the bytes from the beginning up to the end of the frame that is being read. */
HMM_API uint64_t hmm_trace_reader_offset(const hmm_trace_reader *reader);

/* Tells how long the trace is.
 *
 * Returns the bytes of the source; 0 if it does not know. */
HMM_API uint64_t hmm_trace_reader_bytes(const hmm_trace_reader *reader);

/* ---- Writing ------------------------------------------------------------------------------------------------------------- */

/* Writes a trace. Opaque: it stands at the start of the memory that hmm_trace_writer_create got. */
typedef struct hmm_trace_writer hmm_trace_writer;

/* Memory with which a writer makes the largest frames, compressed and with an index. */
#define HMM_TRACE_WRITER_BYTES (2 * HMM_TRACE_FRAME_BYTES + 24576)

/* The least memory that a writer takes. A frame of that has room for about ten events. */
#define HMM_TRACE_WRITER_LEAST_BYTES ((size_t)512)

/* Where a trace goes. */
typedef struct hmm_trace_sink {
    /* Writes bytes behind those written before. Returns whether it did. */
    bool (*write)(void *context, const void *bytes, size_t count);

    /* Compresses to one zstd frame. Returns how many bytes came out; SIZE_MAX if it failed or they do not fit, and then the frame is
     * written as it is. NULL: nothing is compressed. */
    size_t (*compress)(void *context, void *to, size_t room, const void *from, size_t bytes);

    /* Handed to both functions. */
    void *context;
} hmm_trace_sink;

/* Makes a writer in memory of the caller's, and writes the first frame.
 *
 * memory: aligned as any block of malloc; the writer's until its end, for which nothing needs to be done.
 * bytes: HMM_TRACE_WRITER_LEAST_BYTES at least. What is beyond makes frames larger, up to HMM_TRACE_WRITER_BYTES.
 * sink: copied.
 * about: what the trace is to say of itself, each "name=text", and NULL at the end; NULL: nothing. What does not fit into a frame is
 * left out.
 * Returns the writer; or NULL if there is too little memory or the sink failed. */
HMM_API HMM_NODISCARD hmm_trace_writer *hmm_trace_writer_create(void *memory, size_t bytes, const hmm_trace_sink *sink,
                                                                const char *const *about);

/* Makes a file, compressed and with an index.
 *
 * path: replaced if it is there. "-" is standard output.
 * about: as for hmm_trace_writer_create.
 * Returns the writer; or NULL, with errno saying why. */
HMM_API HMM_NODISCARD hmm_trace_writer *hmm_trace_writer_open(const char *path, const char *const *about);

/* Finishes the trace, as hmm_trace_writer_finish does, and closes the file of hmm_trace_writer_open.
 *
 * writer: NULL does nothing.
 * Returns HMM_TRACE_OK; or HMM_TRACE_WRITE_FAILED, with errno saying why, if anything of the trace was not written. */
HMM_API int hmm_trace_writer_close(hmm_trace_writer *writer);

/* Writes an event. It stands in the file when its frame is full, or after hmm_trace_writer_flush.
 *
 * event: its sequence is ignored; a time before that of the event before counts as that one.
 * Returns HMM_TRACE_OK, HMM_TRACE_WRITE_FAILED or HMM_TRACE_INVALID. */
HMM_API int hmm_trace_writer_put(hmm_trace_writer *writer, const hmm_trace_event *event);

/* Says that events are missing here: their numbers are left out, and the reader tells.
 *
 * events: how many.
 * Returns HMM_TRACE_OK or HMM_TRACE_WRITE_FAILED. */
HMM_API int hmm_trace_writer_lose(hmm_trace_writer *writer, uint64_t events);

/* Writes the frame with the events that wait, if there are any.
 *
 * Returns HMM_TRACE_OK or HMM_TRACE_WRITE_FAILED. */
HMM_API int hmm_trace_writer_flush(hmm_trace_writer *writer);

/* Writes what waits, the index and the mark of the end. Nothing may be written afterwards.
 *
 * Returns HMM_TRACE_OK or HMM_TRACE_WRITE_FAILED. */
HMM_API int hmm_trace_writer_finish(hmm_trace_writer *writer);

#ifdef __cplusplus
}
#endif

#endif
