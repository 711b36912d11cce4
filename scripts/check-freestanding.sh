#!/bin/sh
# Compiles the heap, or a layer above it, by itself, as a user does who copies the files, and looks at what its object needs from
# others.
# SPDX-License-Identifier: MIT
#
#     check-freestanding.sh COMPILER ROOT [SOURCE]     SOURCE: default src/heap/heap.c, relative to ROOT
#
# Nothing but memcpy, memmove and memset may be needed, whatever the options; in a layer above the heap, also the heap. A program that
# allocates and frees is linked without a C library. With an explicit SOURCE the check can be tried on a file that breaks the rule.
set -eu
compiler=$1
cd "$2"
source=${3:-src/heap/heap.c}
allowed='memcpy|memmove|memset|_GLOBAL_OFFSET_TABLE_'
case $source in
    src/pool/*) allowed="$allowed|hmm_heap_[a-z_]*" ;;
esac

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0
count=0

try() {
    count=$((count + 1))
    if ! "$compiler" -std=c11 -c "$source" -Iinclude "$@" -o "$work/heap.o" > "$work/log" 2>&1; then
        echo "$compiler -std=c11 -c $source -Iinclude $*: does not compile"
        cat "$work/log"
        failures=$((failures + 1))
        return
    fi
    needed=$(nm --undefined-only "$work/heap.o" | awk '{ print $NF }' |
        grep -vxE "$allowed" || true)
    if [ -n "$needed" ]; then
        echo "$compiler -c $source -Iinclude $*: needs" $needed
        failures=$((failures + 1))
    fi
}

for machine in -m64 -m32; do
    try $machine -O0 -ffreestanding -DHMM_AUDIT_LEVEL=2
    try $machine -O2 -ffreestanding -DHMM_AUDIT_LEVEL=0
    try $machine -O2 -ffreestanding
    try $machine -O2
    try $machine -Os -ffreestanding -DHMM_STATS=0
done

if [ "$source" = src/heap/heap.c ] &&
    ! "$compiler" -std=c11 -O2 -ffreestanding -Iinclude -DHEADER='"heapmm/heap.h"' -DTYPE=hmm_heap -DALLOC=hmm_heap_alloc \
        -DFREE=hmm_heap_free bench/size_user.c "$source" -nostdlib -static -Wl,--gc-sections -Wl,-estart -Wl,--defsym=memcpy=start \
        -Wl,--defsym=memmove=start -Wl,--defsym=memset=start -o "$work/linked"; then
    echo "$compiler: a program cannot be linked with -nostdlib"
    failures=$((failures + 1))
fi

[ $failures -eq 0 ] && echo "$count ways to compile $source: none needs more than memcpy, memmove, memset"
[ $failures -eq 0 ]
