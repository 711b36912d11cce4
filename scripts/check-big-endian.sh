#!/bin/sh
# Runs the model test of every instance, and the tests of the pool, on a big-endian processor: IBM Z, emulated by qemu-user. Compiled
# by clang, since Debian's GCC for other processors cannot be installed beside the one for 32 bit.
# SPDX-License-Identifier: MIT
#
#     check-big-endian.sh ROOT
set -eu
cd "$1"
. scripts/emulated.sh
libraries=/usr/s390x-linux-gnu
compiler=/usr/lib/gcc-cross/s390x-linux-gnu/12
needs "$libraries/include" "$compiler" clang qemu-s390x

run_emulated() {
    timeout 100 qemu-s390x "$work/model_test" "$@"
}

compile="clang --target=s390x-linux-gnu -isystem $libraries/include -B$compiler -L$compiler -L$libraries/lib -static -O1"
for name in default tiny wide; do instance $name "tiny_odd regions" $compile; done
for name in units faults; do pool $name $compile; done
