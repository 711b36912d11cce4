# emulated.sh: what the checks that run the model test on an emulated processor have in common. Read by check-big-endian.sh and
# check-cortex-m4.sh.
# SPDX-License-Identifier: MIT
#
# A check begins with `needs`, says in run_emulated ARGUMENT... how $work/model_test is run, and calls `instance` for each.

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# needs THING...: programs, or files and directories by their whole names, without which there is nothing to do.
needs() {
    for thing in "$@"; do
        [ -e "$thing" ] || command -v "$thing" > /dev/null || { echo "$thing is missing: run scripts/setup.sh test"; exit 1; }
    done
}

# instance NAME SHAPES COMPILER OPTION...: builds the model test of the default, the tiny or the wide instance, and runs the shapes.
# Where one takes 100 seconds, twenty times what it should, run_emulated ends with status 124, as `timeout` does.
instance() {
    name=$1
    shapes=$2
    shift 2
    source=src/heap/${name}_heap.c
    [ "$name" != default ] || source=src/heap/heap.c
    echo "$name instance:"
    "$@" -std=gnu11 -include tests/instances/$name.h -DHMM_HOSTED=1 -Iinclude -Isrc -Itests \
        tests/heap/model_test.c tests/heap/model.c tests/heap/model_program.c "$source" src/heap/result.c src/os/fault.c \
        -o "$work/model_test"
    for shape in $shapes; do
        status=0
        run_emulated $shape || status=$?
        [ $status -ne 124 ] || echo "$name instance, $shape: no end within 100 seconds"
        [ $status -eq 0 ] || { echo "$name instance, $shape: status $status"; exit 1; }
    done
}
