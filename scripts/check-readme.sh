#!/bin/sh
# Compiles and runs the program in the README as a reader would, compares what it prints with what the README says, and checks
# that every file the documents link to is there.
# SPDX-License-Identifier: MIT
#
#     check-readme.sh COMPILER ROOT
set -eu
compiler=$1
cd "$2"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0

# The first fenced block that begins with the given line.
block() {
    awk -v fence="$1" '/^```/ { if (inside == fence) exit; inside = inside == "" ? $0 : ""; next } inside == fence' README.md
}
block '```c' > "$work/app.c"
block '```' > "$work/expected"
[ -s "$work/app.c" ] && [ -s "$work/expected" ] || { echo "README.md has no program, or not what it prints"; exit 1; }

"$compiler" -std=c11 -Wall -Wextra "$work/app.c" src/heap/heap.c src/heap/result.c -Iinclude -o "$work/trapping"
"$compiler" -std=c11 -Wall -Wextra -DHMM_HOSTED=1 "$work/app.c" src/heap/heap.c src/heap/result.c src/os/fault.c -Iinclude \
    -o "$work/aborting"
for program in trapping aborting; do
    # The program ends in a fault on purpose: it runs in a shell of its own, which may say so. The buffer of stdout is lost then.
    sh -c "ulimit -c 0; stdbuf -o0 '$work/$program' > '$work/printed' 2> '$work/diagnosis'" > /dev/null 2>&1 && {
        echo "$program: the double free in the README went unnoticed"
        failures=$((failures + 1))
    }
    diff "$work/expected" "$work/printed" || { echo "$program: the README says (<) something else than it prints (>)"; failures=1; }
done
grep -q 'HMM_FAULT_[A-Z_]* at ' "$work/diagnosis" || { echo "no diagnosis of the double free: $(cat "$work/diagnosis")"; failures=1; }

for document in *.md docs/*.md; do
    [ -f "$document" ] || continue
    for link in $(grep -o '](\([^)#:]*\)[)#]' "$document" | sed 's/^](//; s/[)#]$//'); do
        [ -e "$(dirname "$document")/$link" ] || { echo "$document: links to $link, which is not there"; failures=1; }
    done
done
[ $failures -eq 0 ] && echo "the program in the README prints what it says; all links lead somewhere"
[ $failures -eq 0 ]
