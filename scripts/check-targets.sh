#!/bin/sh
# Compiles every instance of the heap, the pool, and the writer of traces, for processors without an operating system, at every audit
# level, with warnings as errors.
# SPDX-License-Identifier: MIT
#
#     check-targets.sh ROOT
#
# No header and no function of a C library may be needed but memcpy, memmove and memset, and abort on AVR, where it is what GCC makes of a
# trap; what the compiler calls of its own run-time
# library begins with two underscores. The pool needs its heap, and on processors without compare-and-swap two functions that keep
# interrupts away; calls of __atomic_... would be a library that is not there.
set -eu
cd "$1"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0
count=0

# compile NAME PREFIX SOURCE LEVEL ALLOWED OPTIONS...: adds its size to $sizes.
compile() {
    name=$1
    prefix=$2
    source=$3
    level=$4
    allowed=$5
    shift 5
    count=$((count + 1))
    if ! "${prefix}gcc" -std=c11 -Os -ffreestanding -Wall -Wextra -Wconversion -Wsign-conversion -Wundef -Wshadow -Werror \
        "$@" -DHMM_AUDIT_LEVEL=$level -Iinclude -c src/$source.c -o "$work/object.o" > "$work/log" 2>&1; then
        echo "$name: src/$source.c at audit level $level does not compile:"
        head -20 "$work/log"
        failures=$((failures + 1))
        return
    fi
    needed=$("${prefix}nm" --undefined-only "$work/object.o" | awk '{ print $NF }' |
        grep -vE "^(memcpy|memmove|memset|$allowed)\$" || true)
    if [ -n "$needed" ]; then
        echo "$name: src/$source.c at audit level $level needs" $needed
        failures=$((failures + 1))
    fi
    sizes="$sizes $("${prefix}size" "$work/object.o" | awk 'NR == 2 { print $1 }')"
}

# target NAME PREFIX cas|sections OPTIONS...: whether it has a compare-and-swap, or critical sections must do.
target() {
    name=$1
    prefix=$2
    swap=$3
    trap_function=
    shift 3
    [ "$prefix" != avr- ] || trap_function='|abort'
    command -v "${prefix}gcc" > /dev/null || { echo "${prefix}gcc is missing: run scripts/setup.sh test"; exit 1; }
    for source in heap/tiny_heap heap/heap heap/wide_heap pool/pool trace/writer; do
        sizes=""
        for level in 0 1 2; do
            case $source-$swap in
                pool*-sections)
                    compile "$name" "$prefix" $source $level 'hmm_heap_.*|interrupts_.*|__[^a].*|__aeabi_.*'$trap_function "$@" -DHMM_CRITICAL_SECTIONS=1 \
                        -include "$work/port.h"
                    ;;
                pool*) compile "$name" "$prefix" $source $level 'hmm_heap_.*|__[^a].*|__aeabi_.*'$trap_function "$@" ;;
                *) compile "$name" "$prefix" $source $level '__.*'$trap_function "$@" ;;
            esac
        done
        printf '%-26s %-14s bytes of code and constants at levels 0, 1, 2: %6s %6s %6s\n' "$name" $source $sizes
    done
}

cat > "$work/port.h" << END
unsigned interrupts_off(void);
void interrupts_as_before(unsigned);
#define HMM_CRITICAL_ENTER() interrupts_off()
#define HMM_CRITICAL_LEAVE(state) interrupts_as_before(state)
END

target 'Cortex-M4' arm-none-eabi- cas -mcpu=cortex-m4 -mthumb
target 'Cortex-M0 (no bit scans)' arm-none-eabi- sections -mcpu=cortex-m0 -mthumb
target 'AVR (16-bit pointers)' avr- sections -mmcu=atmega1284
target 'RISC-V 32 (no C library)' riscv64-unknown-elf- cas -march=rv32imac -mabi=ilp32
target 'x86-64' '' cas

[ $failures -eq 0 ] && echo "$count builds, none needs more than memcpy, memmove, memset, its heap and the compiler's own library"
[ $failures -eq 0 ]
