#!/bin/sh
# Has spin look at every interleaving of the model of the remote queue, and shows that it finds each mistake that the model can make.
# SPDX-License-Identifier: MIT
#
#     check-model.sh [PUSHES]      PUSHES: how many blocks are pushed in all; more states with each. Default: what queue.pml says.
set -eu
model=$(cd "$(dirname "$0")" && pwd)/queue.pml
pushes=${1:+-DPUSHES=$1}
for program in spin gcc; do
    command -v $program > /dev/null || { echo "$program is missing: run scripts/setup.sh test"; exit 1; }
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
failures=0

# explore OPTION...: the verdict of spin is in log.
explore() {
    spin -a $pushes "$@" "$model" > log 2>&1 && gcc -O1 -w -DSAFETY -DCOLLAPSE -DMEMLIM=4096 -o pan pan.c >> log 2>&1 ||
        { cat log; exit 1; }
    ./pan -m100000 > log 2>&1 || true
}

# holds TEXT PROCESS OPTION...: no error in any state, and the last process, which looks at the result, went to its end.
holds() {
    text=$1
    process=$2
    shift 2
    explore "$@"
    states=$(sed -n 's/^ *\([0-9.e+]*\) states, stored.*/\1/p' log)
    if grep -q 'errors: 0' log && ! grep -q 'search depth too small' log &&
        grep -A 1 "unreached in proctype $process" log | grep -q '(0 of'; then
        echo "$text: holds in all $states states"
        return
    fi
    echo "$text: does not hold"
    head -40 log
    failures=$((failures + 1))
}

holds 'blocks come home once, owners alternate' all_is_home -DMISTAKE=0 -DTWICE=0
holds 'a block that is pushed twice' list_is_right -DMISTAKE=0 -DTWICE=1

for mistake in $(sed -n 's/^ \* *\([0-9][0-9]*\)  .*/\1/p' "$model"); do
    text=$(sed -n "s/^ \* *$mistake  //p" "$model")
    explore -DMISTAKE=$mistake
    if grep -q '^pan:1: assertion violated' log; then
        echo "found: $text"
    else
        echo "NOT FOUND: $text"
        grep '^pan:1:\|errors:' log || true
        failures=$((failures + 1))
    fi
done
[ $failures -eq 0 ]
