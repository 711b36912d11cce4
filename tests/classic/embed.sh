#!/bin/sh
# Builds programs that use the classic heap from source, as users of heapmm 1.1 do, and looks at the names that they get.
# SPDX-License-Identifier: MIT
#
#     embed.sh COMPILER ROOT
set -eu
compiler=$1
cd "$2"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
warnings="-std=c11 -Wall -Wextra -Wpedantic -Wundef -Werror"
count=0

try() {
    count=$((count + 1))
    "$compiler" $warnings examples/classic/classic_chunks.c src/classic/classic.c -Iinclude "$@" -o "$work/app"
    "$work/app" > "$work/printed" || { echo "classic_chunks.c with $*: status $?"; exit 1; }
    "$compiler" $warnings -DHMM_CNFG_HEADER='"configurations.h"' tests/classic/embed_two.c src/classic/classic.c -Iinclude \
        -Itests/classic "$@" -o "$work/two"
    "$work/two" || { echo "embed_two.c with $*: status $?"; exit 1; }
}

for audits in 0 1; do
    try -O0 -DHMM_AUDIT_LEVEL=$audits
    try -O2 -DHMM_AUDIT_LEVEL=$audits
    try -m32 -O2 -DHMM_AUDIT_LEVEL=$audits
    try -O1 -fsanitize=address -DHMM_AUDIT_LEVEL=$audits
    try -O1 -fsanitize=undefined -fno-sanitize-recover=all -DHMM_AUDIT_LEVEL=$audits
done

# Symbols: those of the configuration, and static ones under hmm_impl_.
"$compiler" -std=c11 -O0 -c -DHMM_CNFG_NUM=1 '-DHMM_CNFG_HEADER="configurations.h"' -Itests/classic -Iinclude -x c \
    include/heapmm_impl.h -o "$work/one.o"
leaks=$(nm "$work/one.o" | awk '{ print $NF }' | grep -vE '^(one_|hmm_|HMM_|\.L|memcpy$|_GLOBAL_OFFSET_TABLE_$)' || true)
[ -z "$leaks" ] || { echo "symbols outside of HMM_UNIQUE, hmm_ and HMM_:" $leaks; exit 1; }

# Macros: what the headers define beside those that they include.
printf '#include <limits.h>\n#include <stdbool.h>\n#include <stddef.h>\n#include <stdint.h>\n' > "$work/standard.c"
{ cat "$work/standard.c"; echo '#include "heapmm_impl.h"'; } > "$work/ours.c"
for file in standard ours; do
    "$compiler" -std=c11 -dM -E -Iinclude "$work/$file.c" | awk '{ sub(/\(.*/, "", $2); print $2 }' | sort -u > "$work/$file.macros"
done
leaks=$(comm -13 "$work/standard.macros" "$work/ours.macros" | grep -vE '^(HMM_|hmm_|HEAPMM_)' || true)
[ -z "$leaks" ] || { echo "macros outside of HMM_:" $leaks; exit 1; }
echo "$count ways to embed the classic heap; its names stay under HMM_UNIQUE, HMM_ and hmm_"
