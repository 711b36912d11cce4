#!/bin/bash
# What another allocator would make of a real program: records the C compiler at work, replays that on the heaps of heapmm, the single
# tree of heapmm 1.1 and the C library's malloc, says how small a heap may be, and writes a report that a browser shows.
# SPDX-License-Identifier: MIT
#
#     demo-trace.sh BUILD-DIRECTORY OUTPUT-DIRECTORY
#
# Part of `make demo`.
set -euo pipefail
cd "$(dirname "$0")/.."

heapmm=$1/tools/heapmm
trace=$2/cc1.hmt
report=$2/report.html
on=(--on heap --on wide --on pool --on single-tree --on malloc --on glibc)
compile=("$(gcc -print-prog-name=cc1)" -quiet -I include -O2 -o /dev/null src/heap/heap.c)

# Shown as a person would type it.
run() {
    printf '\n$ heapmm %s\n' "$*"
    "$heapmm" "$@"
}

mkdir -p "$2"
run record -o "$trace" -- "${compile[@]}"
run replay "${on[@]}" "$trace"
run size --on heap --on wide "$trace"
run report "${on[@]}" -o "$report" "$trace"
printf '\nThe report, %s, is one page that needs no network. To see it:\n    xdg-open %s\n' "$report" "$report"
