#!/bin/sh
# Runs the model test of the default and of the tiny instance, and what the pool does in one thread, with atomics and with critical
# sections, on a Cortex-M4 without an operating system: a board that qemu-system-arm emulates. What the test prints and its exit status leave the board by semihosting; a fault of the processor is
# printed and ends it with status 1. The C library is picolibc, since Debian's newlib prints no size_t.
# SPDX-License-Identifier: MIT
#
#     check-cortex-m4.sh ROOT
set -eu
cd "$1"
. scripts/emulated.sh
needs arm-none-eabi-gcc /usr/lib/picolibc/arm-none-eabi qemu-system-arm

run_emulated() {
    arguments=arg=model_test
    for argument in "$@"; do arguments=$arguments,arg=$argument; done
    timeout 100 qemu-system-arm -machine mps2-an386 -display none -monitor none -serial none \
        -semihosting-config enable=on,target=native,$arguments -kernel "$work/model_test"
}

compile="arm-none-eabi-gcc -mcpu=cortex-m4 -mthumb --specs=picolibc.specs --oslib=semihost --crt0=semihost"
compile="$compile -T tests/board/mps2_an386.ld -O2"
for level in 1 2; do
    echo "Audit level $level"
    for name in default tiny; do instance $name "tiny_odd regions large" $compile -DHMM_AUDIT_LEVEL=$level; done
    pool units $compile -DHMM_AUDIT_LEVEL=$level
done
echo "Critical sections"
pool units $compile -DHMM_CRITICAL_SECTIONS=1 -include tests/board/interrupts.h
