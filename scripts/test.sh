#!/bin/bash
# Builds and runs the tests with one compiler after the other, and prints one summary.
# SPDX-License-Identifier: MIT
#
#     test.sh [--long] COMPILER...
#
# gcc builds in build/dev, another COMPILER in build/dev-COMPILER. --long: also the long rows of the test matrix, random programs
# HEAPMM_TEST_STEPS (default 20) times as long, and the presets release, asan, ubsan and m32.
# Ends with a line "N passed, N failed"; a build that fails counts as one failure. Exit status 0 if nothing failed.
set -u
cd "$(dirname "$0")/.."

long=false
if [ "${1:-}" = --long ]; then
    long=true
    shift
    export HEAPMM_TEST_STEPS=${HEAPMM_TEST_STEPS:-20}
fi
[ $# -gt 0 ] || { echo "usage: test.sh [--long] COMPILER..." >&2; exit 2; }

passed=0
failed=0
summary=()
tree=() # ctest's options that leave out what does not depend on the build, from the second run on

log=$(mktemp)
trap 'rm -f "$log"' EXIT

# row NAME PASSED FAILED SECONDS NOTE: adds a line to the summary.
row() {
    summary+=("$(printf '    %-16s %8s %8s %7s s  %s' "$@")")
}

# run NAME PRESET CMAKE-OPTION...: configures, builds and tests in build/NAME.
run() {
    local name=$1 preset=$2 directory=build/$1 start=$SECONDS total bad
    shift 2
    echo "== $name: building"
    local timeout=300
    $long && timeout=3600
    if ! cmake --preset "$preset" -B "$directory" -DHEAPMM_TEST_TIMEOUT=$timeout "$@" > "$log" 2>&1; then
        cat "$log"
        failed=$((failed + 1))
        row "$name" - - $((SECONDS - start)) "could not be configured"
        return
    fi
    local targets=(all)
    $long && targets+=(heapmm_tests_long)
    if ! cmake --build "$directory" --target "${targets[@]}"; then
        failed=$((failed + 1))
        row "$name" - - $((SECONDS - start)) "could not be built"
        return
    fi
    local options=(--output-on-failure --no-tests=error --parallel "$(nproc)" "${tree[@]}")
    $long && options+=(-C long)
    [ -t 1 ] && options+=(--progress)
    ctest --test-dir "$directory" "${options[@]}" 2>&1 | tee "$log"
    if ! read -r bad total < <(sed -n 's/.* tests passed, \([0-9]*\) tests\{0,1\} failed out of \([0-9]*\).*/\1 \2/p' "$log"); then
        failed=$((failed + 1))
        row "$name" - - $((SECONDS - start)) "ran no test"
        return
    fi
    passed=$((passed + total - bad))
    failed=$((failed + bad))
    row "$name" $((total - bad)) "$bad" $((SECONDS - start)) ""
    tree=(--label-exclude tree)
}

for compiler in "$@"; do
    if ! command -v "$compiler" > /dev/null; then
        echo "$compiler: no such compiler" >&2
        exit 2
    fi
    case $compiler in
        *clang*) cxx=${compiler/clang/clang++} ;;
        *) cxx=${compiler/gcc/g++} ;;
    esac
    name=dev
    [ "$compiler" = gcc ] || name=dev-${compiler##*/}
    run "$name" dev -DCMAKE_C_COMPILER="$compiler" -DCMAKE_CXX_COMPILER="$cxx"
done
if $long; then
    for preset in release asan ubsan m32; do
        run $preset $preset
    done
fi

printf '\n    %-16s %8s %8s %9s\n' build passed failed time
printf '%s\n' "${summary[@]}"
printf '\n%d passed, %d failed\n' $passed $failed
[ $failed -eq 0 ]
