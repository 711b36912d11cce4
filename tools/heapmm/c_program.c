/* c_program.c: see c_program.h.
 *
 * SPDX-License-Identifier: MIT */
#include "c_program.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "input.h"
#include "say.h"
#include "step.h"
#include "text.h"

#define FIRST_WORDS "/* What a trace tells, as a program: made by heapmm shrink"

/* Calls of a function: compilers take more than linear time for long ones. */
enum { CALLS = 500 };

static const char beginning[] =
    " *\n"
    " *     cc -std=c11 %s && ./a.out                on the malloc of the system\n"
    " *     cc -std=c11 -DARENA=65536 %s $(pkg-config --cflags --libs heapmm) && ./a.out\n"
    " *                                                in a heap of heapmm with so many bytes; -DHEAP=hmm_tiny_heap: in that one\n"
    " *\n"
    " * Status 1: there was no memory for a block, or one was not as it should be. */\n"
    "#include <stdint.h>\n"
    "#include <stdio.h>\n"
    "#include <stdlib.h>\n"
    "#include <string.h>\n"
    "\n"
    "#ifdef ARENA\n"
    "#include <heapmm/heap.h>\n"
    "#include <heapmm/tiny_heap.h>\n"
    "#include <heapmm/wide_heap.h>\n"
    "#ifndef HEAP\n"
    "#define HEAP hmm_heap\n"
    "#endif\n"
    "#define JOINED(heap, call) heap##_##call\n"
    "#define CALL_OF(heap, call) JOINED(heap, call)\n"
    "#define CALL(call) CALL_OF(HEAP, call)\n"
    "static _Alignas(4096) unsigned char arena[ARENA];\n"
    "static HEAP *heap;\n"
    "#define MALLOC(size) CALL(alloc)(heap, size)\n"
    "#define CALLOC(size) CALL(alloc_zeroed)(heap, 1, size)\n"
    "#define ALIGNED_ALLOC(alignment, size) CALL(alloc_aligned)(heap, alignment, size)\n"
    "#define REALLOC(p, size) CALL(realloc)(heap, p, size)\n"
    "#define FREE(p) CALL(free)(heap, p)\n"
    "#else\n"
    "#define MALLOC(size) malloc(size)\n"
    "#define CALLOC(size) calloc(1, size)\n"
    "#define ALIGNED_ALLOC(alignment, size) aligned_alloc(alignment, (size) + (0 - (size)) %% (alignment))\n"
    "#define REALLOC(p, size) realloc(p, size)\n"
    "#define FREE(p) free(p)\n"
    "#endif\n"
    "\n"
    "enum { BLOCKS = %" PRIu32 " };\n"
    "\n"
    "static unsigned char *blocks[BLOCKS];\n"
    "static size_t sizes[BLOCKS];\n"
    "static unsigned long event;\n"
    "\n"
    "static void expect(int holds, const char *what, size_t b) {\n"
    "    if (holds) return;\n"
    "    fprintf(stderr, \"event %%lu: block %%lu: %%s\\n\", event, (unsigned long)b, what);\n"
    "    exit(1);\n"
    "}\n"
    "\n"
    "/* Each block has a pattern of its own. */\n"
    "static unsigned char pattern(size_t b, size_t at) {\n"
    "    return (unsigned char)((b + 1) * 151 + at * 7 + at / 256);\n"
    "}\n"
    "\n"
    "static void expect_pattern(size_t b, size_t count) {\n"
    "    for (size_t at = 0; at < count; at++) expect(blocks[b][at] == pattern(b, at), \"its contents have changed\", b);\n"
    "}\n"
    "\n"
    "static void expect_apart(size_t b) {\n"
    "    const uintptr_t start = (uintptr_t)blocks[b], end = start + (sizes[b] == 0 ? 1 : sizes[b]);\n"
    "    for (size_t i = 0; i < BLOCKS; i++) {\n"
    "        const uintptr_t other = (uintptr_t)blocks[i], its_end = other + (sizes[i] == 0 ? 1 : sizes[i]);\n"
    "        if (i != b && blocks[i] != NULL) expect(end <= other || its_end <= start, \"it overlaps another\", b);\n"
    "    }\n"
    "}\n"
    "\n"
    "/* A block is new, or was resized and had `kept` bytes. */\n"
    "static void have(size_t b, void *p, size_t size, size_t alignment, size_t kept) {\n"
    "    blocks[b] = p;\n"
    "    expect(p != NULL, \"there is no memory for it\", b);\n"
    "    sizes[b] = size;\n"
    "    expect((uintptr_t)p %% alignment == 0, \"it is not aligned\", b);\n"
    "    expect_apart(b);\n"
    "    expect_pattern(b, kept < size ? kept : size);\n"
    "    for (size_t at = 0; at < size; at++) blocks[b][at] = pattern(b, at);\n"
    "    event++;\n"
    "}\n"
    "\n"
    "/* The compiler must not know sizes: it would leave calls out. */\n"
    "static size_t unknown(size_t size) {\n"
    "    volatile size_t known = size;\n"
    "    return known;\n"
    "}\n"
    "\n"
    "static void free_block(size_t b) {\n"
    "    if (blocks[b] != NULL) expect_pattern(b, sizes[b]);\n"
    "    FREE(blocks[b]);\n"
    "    blocks[b] = NULL;\n"
    "    event++;\n"
    "}\n"
    "\n"
    "static void malloc_block(size_t b, size_t size) {\n"
    "    have(b, MALLOC(unknown(size)), size, 1, 0);\n"
    "}\n"
    "\n"
    "static void calloc_block(size_t b, size_t size) {\n"
    "    unsigned char *p = CALLOC(unknown(size));\n"
    "    for (size_t at = 0; p != NULL && at < size; at++) expect(p[at] == 0, \"it is not zero\", b);\n"
    "    have(b, p, size, 1, 0);\n"
    "}\n"
    "\n"
    "static void aligned_block(size_t b, size_t alignment, size_t size) {\n"
    "    have(b, ALIGNED_ALLOC(unknown(alignment), unknown(size)), size, alignment, 0);\n"
    "}\n"
    "\n"
    "/* Of 0 bytes it would free the block. */\n"
    "static void realloc_block(size_t b, size_t size) {\n"
    "    const size_t kept = blocks[b] == NULL ? 0 : sizes[b];\n"
    "    if (blocks[b] != NULL) expect_pattern(b, kept);\n"
    "    have(b, REALLOC(blocks[b], unknown(size == 0 ? 1 : size)), size, 1, kept);\n"
    "}\n"
    "\n"
    "/* Not every part needs all of them. */\n"
    "static void use(void) {\n"
    "    (void)free_block;\n"
    "    (void)malloc_block;\n"
    "    (void)calloc_block;\n"
    "    (void)aligned_block;\n"
    "    (void)realloc_block;\n"
    "}\n"
    "\n";

static const char ending[] =
    "    for (size_t b = 0; b < BLOCKS; b++)\n"
    "        if (blocks[b] != NULL) expect_pattern(b, sizes[b]);\n"
    "#ifdef ARENA\n"
    "    expect(CALL(check)(heap, NULL) == 0, \"the check of the heap at the end found something\", 0);\n"
    "#endif\n"
    "    puts(\"nothing is wrong\");\n"
    "    return 0;\n"
    "}\n";

bool c_program_may_be(const char *path) {
    char first[sizeof FIRST_WORDS] = "";
    FILE *file = fopen(path, "re");
    if (file == NULL) return true;
    const size_t length = fread(first, 1, sizeof first - 1, file);
    const bool is_ours = length == 0 || strcmp(first, FIRST_WORDS) == 0;
    fclose(file);
    if (!is_ours) say("%s is there, and is not of heapmm shrink: remove it, or give -o another name", path);
    return is_ours;
}

/* ---- Calls --------------------------------------------------------------------------------------------------------------- */

static void write_call(FILE *to, const step *s) {
    switch (s->kind) {
    case STEP_FREE: fprintf(to, "    free_block(%" PRIu32 ");\n", s->slot); break;
    case STEP_ZEROED: fprintf(to, "    calloc_block(%" PRIu32 ", %" PRIu64 "u);\n", s->slot, s->size); break;
    case STEP_REALLOC: fprintf(to, "    realloc_block(%" PRIu32 ", %" PRIu64 "u);\n", s->slot, s->size); break;
    case STEP_ALIGNED:
        fprintf(to, "    aligned_block(%" PRIu32 ", %" PRIu64 "u, %" PRIu64 "u);\n", s->slot, UINT64_C(1) << s->alignment_bits,
                s->size);
        break;
    default: fprintf(to, "    malloc_block(%" PRIu32 ", %" PRIu64 "u);\n", s->slot, s->size);
    }
}

/* What no program can repeat: a call that failed, or for a block that the trace does not know. */
static void write_nothing(FILE *to, const hmm_trace_event *e) {
    fprintf(to, "    event++; /* %s(%" PRIu64 ") %s */\n", hmm_trace_kind_name(e->kind), e->size,
            e->failed ? "failed" : "of an unknown block");
}

/* How many blocks are live at once, and one more; 0: no memory. */
static uint32_t count_slots(input *in) {
    steps all = {0};
    step made;
    hmm_trace_event event;
    bool is_made = true;
    while (is_made && input_next(in, &event)) is_made = steps_make(&all, &event, &made);
    const uint32_t slots = is_made ? all.slots + 1 : 0;
    steps_free(&all);
    return slots;
}

static bool write_calls(FILE *to, input *in, uint64_t *functions) {
    steps all = {0};
    step made;
    hmm_trace_event event;
    uint64_t calls = 0;
    bool is_made = true;
    while (is_made && input_next(in, &event)) {
        is_made = steps_make(&all, &event, &made);
        if (calls++ % CALLS == 0)
            fprintf(to, "%sstatic void part_%" PRIu64 "(void) {\n", calls > 1 ? "}\n\n" : "", (*functions)++);
        if (made.ended != NO_SLOT)
            fprintf(to, "    free_block(%" PRIu32 "); /* its free is missing in the trace */\n", made.ended);
        if (made.kind == STEP_NOTHING)
            write_nothing(to, &event);
        else
            write_call(to, &made);
    }
    if (*functions > 0) fputs("}\n\n", to);
    steps_free(&all);
    return is_made;
}

static void write_main(FILE *to, uint64_t functions) {
    fputs("int main(void) {\n    use();\n"
          "#ifdef ARENA\n"
          "    heap = CALL(create)(arena, sizeof arena, NULL);\n"
          "    expect(heap != NULL, \"the arena is too small or too large for a heap\", 0);\n"
          "#endif\n",
          to);
    for (uint64_t i = 0; i < functions; i++) fprintf(to, "    part_%" PRIu64 "();\n", i);
    fputs(ending, to);
}

/* ---- The file ------------------------------------------------------------------------------------------------------------ */

/* Asterisks could end it: in their place stand question marks. */
static void print_in_comment(FILE *to, const char *text) {
    for (; *text != '\0'; text++) text_print(to, *text == '*' ? "?" : (const char[]){*text, '\0'});
}

static bool write_program(FILE *to, const char *path, const char *trace, const char *from) {
    input in;
    uint64_t functions = 0;
    const char *last = strrchr(path, '/'), *name = last == NULL ? path : last + 1;
    if (!input_open(&in, trace)) return false;
    const uint32_t slots = count_slots(&in);
    input_close(&in);
    if (slots == 0 || !input_open(&in, trace)) return false;
    fputs(FIRST_WORDS " of ", to);
    print_in_comment(to, from);
    fputs(".\n", to);
    fprintf(to, beginning, name, name, slots);
    const bool is_written = write_calls(to, &in, &functions);
    write_main(to, functions);
    input_close(&in);
    return is_written;
}

bool c_program_write(const char *path, const char *trace, const char *from) {
    FILE *to = fopen(path, "we");
    const bool is_open = to != NULL, is_written = is_open && write_program(to, path, trace, from);
    if ((is_open && fclose(to) != 0) || !is_written) {
        say("%s: %s", path, errno != 0 ? strerror(errno) : "no memory for its blocks");
        return false;
    }
    return true;
}
