// malloc_operators.cpp: C++'s operators new and delete, and what they do when there is no memory.
//
// SPDX-License-Identifier: MIT
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <new>
#include <string>
#include <thread>
#include <vector>

#include "heapmm/malloc.h"

#define EXPECT(condition) ((condition) ? (void)0 : failed(#condition, __LINE__))

static void failed(const char *condition, int line) {
    std::fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, line, condition);
    std::exit(EXIT_FAILURE);
}

static volatile std::size_t too_much = std::size_t(1) << 60;

// Whether the block is one of this library: a pointer of another would end the process.
static bool is_ours(void *p, std::size_t size) {
    return hmm_malloc_usable_size(p) >= size;
}

static void every_form_allocates_and_frees() {
    for (const std::size_t size : {0u, 1u, 16u, 100u, 3000u, 5000u, 1000000u}) {
        const auto align = std::align_val_t(256);
        void *blocks[] = {::operator new(size),
                          ::operator new[](size),
                          ::operator new(size, std::nothrow),
                          ::operator new[](size, std::nothrow),
                          ::operator new(size, align),
                          ::operator new[](size, align),
                          ::operator new(size, align, std::nothrow),
                          ::operator new[](size, align, std::nothrow)};
        for (int i = 0; i < 8; i++) EXPECT(is_ours(blocks[i], size));
        for (int i = 4; i < 8; i++) EXPECT(reinterpret_cast<std::uintptr_t>(blocks[i]) % 256 == 0);
        ::operator delete(blocks[0]);
        ::operator delete[](blocks[1]);
        ::operator delete(blocks[2], std::nothrow);
        ::operator delete[](blocks[3], std::nothrow);
        ::operator delete(blocks[4], align);
        ::operator delete[](blocks[5], align);
        ::operator delete(blocks[6], align, std::nothrow);
        ::operator delete[](blocks[7], align, std::nothrow);
        ::operator delete(::operator new(size), size);
        ::operator delete[](::operator new[](size), size);
        ::operator delete(::operator new(size, align), size, align);
        ::operator delete[](::operator new[](size, align), size, align);
    }
}

template <typename Function> static bool throws_bad_alloc(Function function) {
    try {
        function();
    } catch (const std::bad_alloc &) {
        return true;
    }
    return false;
}

static int handled;

static void give_up_at_third() {
    if (++handled == 3) std::set_new_handler(nullptr);
}

static void throw_at_once() {
    handled++;
    throw std::bad_alloc();
}

static void no_memory_is_an_exception() {
    EXPECT(throws_bad_alloc([] { ::operator delete(::operator new(too_much)); }));
    EXPECT(throws_bad_alloc([] { ::operator delete(::operator new(too_much, std::align_val_t(64)), std::align_val_t(64)); }));
    EXPECT(::operator new(too_much, std::nothrow) == nullptr);
    EXPECT(::operator new[](too_much, std::align_val_t(64), std::nothrow) == nullptr);
    std::set_new_handler(give_up_at_third);
    EXPECT(throws_bad_alloc([] { ::operator delete(::operator new(too_much)); }));
    EXPECT(handled == 3);
    std::set_new_handler(throw_at_once);
    EXPECT(::operator new(too_much, std::nothrow) == nullptr);
    EXPECT(handled == 4);
    std::set_new_handler(nullptr);
}

struct at_thread_end {
    std::unique_ptr<std::string> text;
    ~at_thread_end() {
        std::string more = *text + std::string(5000, 'x');
        text.reset();
        EXPECT(more.size() > 5000);
    }
};

static thread_local at_thread_end end;

static void thread_local_objects_allocate() {
    for (int i = 0; i < 200; i++) std::thread([] { end.text = std::make_unique<std::string>(100, 'a'); }).join();
    end.text = std::make_unique<std::string>("main");
}

int main() {
    every_form_allocates_and_frees();
    no_memory_is_an_exception();
    thread_local_objects_allocate();
    std::puts("every form of new and delete");
}
