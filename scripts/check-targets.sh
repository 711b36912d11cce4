#!/bin/sh
# Compiles every instance of the heap for processors without an operating system, at every audit level, with warnings as errors.
# SPDX-License-Identifier: MIT
#
#     check-targets.sh ROOT
#
# No header and no function of a C library may be needed but memcpy, memmove and memset; what the compiler calls of its own run-time
# library begins with two underscores.
set -eu
cd "$1"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0
count=0

# target NAME PREFIX OPTIONS...
target() {
    name=$1
    prefix=$2
    shift 2
    command -v "${prefix}gcc" > /dev/null || { echo "${prefix}gcc is missing: run scripts/setup.sh test"; exit 1; }
    for instance in tiny_heap heap wide_heap; do
        sizes=""
        for level in 0 1 2; do
            count=$((count + 1))
            if ! "${prefix}gcc" -std=c11 -Os -ffreestanding -Wall -Wextra -Wconversion -Wsign-conversion -Wundef -Wshadow -Werror \
                "$@" -DHMM_AUDIT_LEVEL=$level -Iinclude -c src/heap/$instance.c -o "$work/heap.o" > "$work/log" 2>&1; then
                echo "$name: src/heap/$instance.c at audit level $level does not compile:"
                head -20 "$work/log"
                failures=$((failures + 1))
                continue
            fi
            needed=$("${prefix}nm" --undefined-only "$work/heap.o" | awk '{ print $NF }' |
                grep -vE '^(memcpy|memmove|memset|abort|__.*)$' || true)
            if [ -n "$needed" ]; then
                echo "$name: src/heap/$instance.c at audit level $level needs" $needed
                failures=$((failures + 1))
            fi
            sizes="$sizes $("${prefix}size" "$work/heap.o" | awk 'NR == 2 { print $1 }')"
        done
        printf '%-26s %-10s bytes of code and constants at levels 0, 1, 2: %6s %6s %6s\n' "$name" $instance $sizes
    done
}

target 'Cortex-M4' arm-none-eabi- -mcpu=cortex-m4 -mthumb
target 'Cortex-M0 (no bit scans)' arm-none-eabi- -mcpu=cortex-m0 -mthumb
target 'AVR (16-bit pointers)' avr- -mmcu=atmega1284
target 'RISC-V 32 (no C library)' riscv64-unknown-elf- -march=rv32imac -mabi=ilp32
target 'x86-64' ''

[ $failures -eq 0 ] && echo "$count builds, none needs more than memcpy, memmove, memset and the compiler's own library"
[ $failures -eq 0 ]
