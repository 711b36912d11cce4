#!/bin/sh
# Runs the model test of every instance on a big-endian processor: IBM Z, emulated by qemu-user. Compiled by clang, since Debian's
# GCC for other processors cannot be installed beside the one for 32 bit.
# SPDX-License-Identifier: MIT
#
#     check-big-endian.sh ROOT
set -eu
cd "$1"
libraries=/usr/s390x-linux-gnu
compiler=/usr/lib/gcc-cross/s390x-linux-gnu/12
for needed in "$libraries/include" "$compiler"; do
    [ -d "$needed" ] || { echo "there is no $needed: run scripts/setup.sh test"; exit 1; }
done
command -v qemu-s390x > /dev/null || { echo "qemu-s390x is missing: run scripts/setup.sh test"; exit 1; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for instance in default tiny wide; do
    source=src/heap/${instance}_heap.c
    [ $instance != default ] || source=src/heap/heap.c
    clang --target=s390x-linux-gnu -isystem "$libraries/include" -B"$compiler" -L"$compiler" -L"$libraries/lib" -static \
        -std=gnu11 -O1 -include tests/instances/$instance.h -DHMM_HOSTED=1 -Iinclude -Isrc -Itests \
        tests/heap/model_test.c tests/heap/model.c tests/heap/model_program.c "$source" src/heap/result.c src/os/fault.c \
        -o "$work/model_test"
    echo "$instance instance:"
    for shape in tiny_odd regions; do qemu-s390x "$work/model_test" $shape; done
done
