# emulated.sh: what the checks that run tests on an emulated processor have in common. Read by check-big-endian.sh and
# check-cortex-m4.sh.
# SPDX-License-Identifier: MIT
#
# A check begins with `needs`, says in run_emulated ARGUMENT... how $work/model_test is run, and calls `instance` for each and `pool`
# for tests of the pool.

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# needs THING...: programs, or files and directories by their whole names, without which there is nothing to do.
needs() {
    for thing in "$@"; do
        [ -e "$thing" ] || command -v "$thing" > /dev/null || { echo "$thing is missing: run scripts/setup.sh test"; exit 1; }
    done
}

# build OPTION... SOURCE...: makes $work/model_test.
build() {
    "$@" -std=gnu11 -DHMM_HOSTED=1 -Iinclude -Isrc -Itests src/heap/result.c src/os/fault.c -o "$work/model_test"
}

# run WHAT ARGUMENT...: runs $work/model_test. Where it takes 100 seconds, twenty times what it should, run_emulated ends with status
# 124, as `timeout` does.
run() {
    what=$1
    shift
    status=0
    run_emulated "$@" || status=$?
    [ $status -ne 124 ] || echo "$what: no end within 100 seconds"
    [ $status -eq 0 ] || { echo "$what: status $status"; exit 1; }
}

# pool NAME COMPILER OPTION...: builds tests/pool/pool_NAME.c and runs all its tests, by name: a board has no empty command line.
pool() {
    name=$1
    shift
    echo "pool, $name:"
    build "$@" tests/pool/pool_$name.c src/pool/pool.c src/heap/heap.c
    run "pool, $name" $(grep -o 'TEST([a-z_]*)' tests/pool/pool_$name.c | sed 's/TEST(//; s/)//')
}

# instance NAME SHAPES COMPILER OPTION...: builds the model test of the default, the tiny or the wide instance, and runs the shapes.
instance() {
    name=$1
    shapes=$2
    shift 2
    source=src/heap/${name}_heap.c
    [ "$name" != default ] || source=src/heap/heap.c
    echo "$name instance:"
    build "$@" -include tests/instances/$name.h tests/heap/model_test.c tests/heap/model.c tests/heap/model_program.c \
        tests/heap/model_regions.c "$source"
    for shape in $shapes; do run "$name instance, $shape" $shape; done
}
