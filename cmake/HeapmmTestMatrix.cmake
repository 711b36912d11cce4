# The configurations in which the tests of the heap run: one program per row, for each compiler (make test builds with gcc and
# with clang). Short rows run in `make test`, all rows in `make test-long`.
# SPDX-License-Identifier: MIT
#
# The short rows show every value of every option at least once, and every tool; the long rows the products of those that meet
# in the same code: optimisation x audit level, word size x audit level, sanitizers x audit level.
set(asan "-O1 -fsanitize=address -fno-omit-frame-pointer")
set(ubsan "-O1 -fsanitize=undefined -fno-sanitize-recover=all")
set(asan_ubsan "${asan} -fsanitize=undefined -fno-sanitize-recover=all")
set(HEAPMM_TEST_ROWS
    # row              | tier  | run by   | compiler options | values of the heap's macros
    "O0-level1         | short | direct   | -O0              | HMM_AUDIT_LEVEL=1"
    "O2-level0         | short | direct   | -O2              | HMM_AUDIT_LEVEL=0"
    "Os-level2         | short | direct   | -Os              | HMM_AUDIT_LEVEL=2"
    "O2-nostats        | short | direct   | -O2              | HMM_STATS=0"
    "O2-granule8       | short | direct   | -O2              | HMM_HEAP_GRANULE=8"
    "O2-granule32      | short | direct   | -O2              | HMM_HEAP_GRANULE=32"
    "m32-level1        | short | direct   | -m32 -O2         | HMM_AUDIT_LEVEL=1"
    "asan-level1       | short | direct   | ${asan}          | HMM_AUDIT_LEVEL=1"
    "ubsan-level2      | short | direct   | ${ubsan}         | HMM_AUDIT_LEVEL=2"
    "valgrind-level1   | short | valgrind | -O1              | HMM_AUDIT_LEVEL=1 HMM_VALGRIND=1"
    "tiny-level1       | short | direct   | -O2              | HMM_AUDIT_LEVEL=1"
    "tiny-m32-level2   | short | direct   | -m32 -Os         | HMM_AUDIT_LEVEL=2"
    "wide-level1       | short | direct   | -O2              | HMM_AUDIT_LEVEL=1"

    "O0-level0         | long  | direct   | -O0              | HMM_AUDIT_LEVEL=0"
    "O0-level2         | long  | direct   | -O0              | HMM_AUDIT_LEVEL=2"
    "O2-level1         | long  | direct   | -O2              | HMM_AUDIT_LEVEL=1"
    "O2-level2         | long  | direct   | -O2              | HMM_AUDIT_LEVEL=2"
    "Os-level0         | long  | direct   | -Os              | HMM_AUDIT_LEVEL=0"
    "Os-level1         | long  | direct   | -Os              | HMM_AUDIT_LEVEL=1"
    "m32-level0        | long  | direct   | -m32 -O2         | HMM_AUDIT_LEVEL=0"
    "m32-level2        | long  | direct   | -m32 -Os         | HMM_AUDIT_LEVEL=2"
    "m32-nostats       | long  | direct   | -m32 -O2         | HMM_STATS=0"
    "nostats-level0    | long  | direct   | -O2              | HMM_STATS=0 HMM_AUDIT_LEVEL=0"
    "nostats-level2    | long  | direct   | -O2              | HMM_STATS=0 HMM_AUDIT_LEVEL=2"
    "granule8-level2   | long  | direct   | -O2              | HMM_HEAP_GRANULE=8 HMM_AUDIT_LEVEL=2"
    "granule64         | long  | direct   | -O2              | HMM_HEAP_GRANULE=64"
    "asan-level0       | long  | direct   | ${asan}          | HMM_AUDIT_LEVEL=0"
    "asan-level2       | long  | direct   | ${asan}          | HMM_AUDIT_LEVEL=2"
    "asan-m32          | long  | direct   | -m32 ${asan}     | HMM_AUDIT_LEVEL=1"
    "ubsan-level0      | long  | direct   | ${ubsan}         | HMM_AUDIT_LEVEL=0"
    "ubsan-level1      | long  | direct   | ${ubsan}         | HMM_AUDIT_LEVEL=1"
    "ubsan-m32         | long  | direct   | -m32 ${ubsan}    | HMM_AUDIT_LEVEL=1"
    "valgrind-level2   | long  | valgrind | -O1              | HMM_AUDIT_LEVEL=2 HMM_VALGRIND=1"
    "tiny-level0       | short | direct   | -O2              | HMM_AUDIT_LEVEL=0"
    "tiny-asan-level1  | long  | direct   | ${asan}          | HMM_AUDIT_LEVEL=1"
    "tiny-ubsan-level2 | long  | direct   | ${ubsan}         | HMM_AUDIT_LEVEL=2"
    "tiny-granule4     | long  | direct   | -O2              | HMM_TINY_HEAP_GRANULE=4"
    "wide-level0       | short | direct   | -O2              | HMM_AUDIT_LEVEL=0"
    "wide-level2       | long  | direct   | -O2              | HMM_AUDIT_LEVEL=2"
    "wide-m32-level1   | long  | direct   | -m32 -O2         | HMM_AUDIT_LEVEL=1"
    "wide-ubsan-level1 | long  | direct   | ${ubsan}         | HMM_AUDIT_LEVEL=1")

# An instance with the lowest limits, see tests/instances/hostile.h, into which few tests fit: for those that ask for it.
set(HEAPMM_HOSTILE_ROWS
    "hostile-level1    | short | direct   | -O2              | HMM_AUDIT_LEVEL=1"
    "hostile-level2    | short | direct   | ${asan_ubsan}    | HMM_AUDIT_LEVEL=2 HMM_CHECK_INTERVAL=7"
    "hostile-level0    | short | direct   | -O2              | HMM_AUDIT_LEVEL=0"
    "hostile-m32       | long  | direct   | -m32 -O2         | HMM_AUDIT_LEVEL=2 HMM_CHECK_INTERVAL=7")

set(HEAPMM_COMPILER_NAME ${CMAKE_C_COMPILER_ID})
if(CMAKE_C_COMPILER_ID STREQUAL GNU)
    set(HEAPMM_COMPILER_NAME gcc)
endif()
string(TOLOWER ${HEAPMM_COMPILER_NAME} HEAPMM_COMPILER_NAME)
