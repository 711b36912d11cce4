/* lua_state_per_heap.c: a heap of its own for each Lua state, so that a script can use up its own memory and nobody else's.
 *
 * SPDX-License-Identifier: MIT
 *
 * Lua takes every byte through one function, lua_Alloc. Over a heap that function is three lines, and the size of the heap is
 * the script's memory limit: no counting, and fragmentation is inside the limit too. A script that reaches it gets Lua's ordinary
 * error LUA_ERRMEM; Lua unwinds, its collector frees what the script held, and the state can go on. Other states notice nothing.
 *
 * When a script is done its state need not even be closed: the heap's memory can simply be used for the next one. This example
 * does close them, to see that nothing is left. */
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "heapmm/heap.h"

#define MEMORY_BYTES ((size_t)256 * 1024)

struct script {
    const char *name;
    hmm_heap *heap;
    lua_State *state;
};

static max_align_t greedy_memory[MEMORY_BYTES / sizeof(max_align_t)];
static max_align_t modest_memory[MEMORY_BYTES / sizeof(max_align_t)];

/* lua_Alloc: size 0 frees. Lua relies on shrinking to succeed: hmm_heap_realloc shrinks in place, which always can. */
static void *allocate(void *heap, void *p, size_t old_size, size_t size) {
    (void)old_size;
    if (size > 0) return hmm_heap_realloc(heap, p, size);
    hmm_heap_free(heap, p);
    return NULL;
}

/* Opening the libraries allocates too, so it runs protected like a script. */
static int open_libraries(lua_State *state) {
    luaL_openlibs(state);
    return 0;
}

static bool start(struct script *script, const char *name, void *memory) {
    script->name = name;
    script->state = NULL;
    script->heap = hmm_heap_create(memory, MEMORY_BYTES, NULL);
    if (script->heap != NULL) script->state = lua_newstate(allocate, script->heap);
    if (script->state == NULL) return false;
    lua_pushcfunction(script->state, open_libraries);
    return lua_pcall(script->state, 0, 0, 0) == LUA_OK;
}

/* Runs a piece of Lua that returns one string, and prints that, or the error. Returns Lua's status. */
static int run(struct script *script, const char *code) {
    int status = luaL_loadstring(script->state, code);
    if (status == LUA_OK) status = lua_pcall(script->state, 0, 1, 0);
    const char *text = lua_tostring(script->state, -1);
    printf("%-6s  %s%s\n", script->name,
           status == LUA_OK       ? ""
           : status == LUA_ERRMEM ? "LUA_ERRMEM: "
                                  : "error: ",
           text != NULL ? text : "(no text)");
    lua_pop(script->state, 1);
    return status;
}

/* Closes the state; then nothing may be left in its heap. */
static bool finish(struct script *script) {
    hmm_heap_statistics stats;
    lua_close(script->state);
    hmm_heap_stats(script->heap, &stats);
    const int result = hmm_heap_check(script->heap, NULL);
    printf("%-6s  closed: %zu blocks left, check %s\n", script->name, stats.blocks_in_use, hmm_result_name(result));
    hmm_heap_destroy(script->heap);
    return result == HMM_OK && stats.blocks_in_use == 0;
}

static const char begin_primes[] = "primes, number = {}, 2\n"
                                   "function search(last)\n"
                                   "    while number <= last do\n"
                                   "        local is_prime = true\n"
                                   "        for _, prime in ipairs(primes) do\n"
                                   "            if prime * prime > number then break end\n"
                                   "            if number % prime == 0 then is_prime = false break end\n"
                                   "        end\n"
                                   "        if is_prime then primes[#primes + 1] = number end\n"
                                   "        number = number + 1\n"
                                   "    end\n"
                                   "    return #primes .. ' primes up to ' .. last\n"
                                   "end\n"
                                   "return search(5000)";

static const char take_everything[] = "hoard = {}\n"
                                      "while true do hoard[#hoard + 1] = ('x'):rep(1000) .. #hoard end";

static const char let_go[] = "local count = #hoard\n"
                             "hoard = nil\n"
                             "collectgarbage()\n"
                             "return 'had hoarded ' .. (count > 100 and 'over 100' or count) .. ' strings, and works again'";

int main(void) {
    struct script modest, greedy;
    if (!start(&modest, "modest", modest_memory) || !start(&greedy, "greedy", greedy_memory)) {
        fprintf(stderr, "%zu bytes are too few to start Lua: raise MEMORY_BYTES\n", MEMORY_BYTES);
        return EXIT_FAILURE;
    }

    bool good = run(&modest, begin_primes) == LUA_OK;
    good = run(&greedy, take_everything) == LUA_ERRMEM && good;
    good = hmm_heap_check(greedy.heap, NULL) == HMM_OK && good;
    good = run(&modest, "return search(10000)") == LUA_OK && good;
    good = run(&greedy, let_go) == LUA_OK && good;

    good = finish(&greedy) && good;
    good = finish(&modest) && good;
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
