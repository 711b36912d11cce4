#!/bin/bash
# The ways of using the library that docs/guide/malloc.md names, tried: static linking, valgrind, a root directory of its own.
# SPDX-License-Identifier: MIT
#
#     ways.sh LIBRARY STATIC-LIBRARY COMPILER
#
# Writes to a temporary directory only.
set -u
cc=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
failures=0

# As it is installed; valgrind does not know all debug information of clang.
library=$work/libheapmm-malloc.so.2
static=$work/libheapmm-malloc.a
strip --strip-debug -o "$library" "$1" && strip --strip-debug -o "$static" "$2" || exit 1

# expect NAME TEXT COMMAND...: the command must print a line that has the text.
expect() {
    local name=$1 text=$2
    shift 2
    { "$@"; } > said 2>&1
    grep -qF -- "$text" said && return
    failures=$((failures + 1))
    echo "$name: no line with \"$text\" in:"
    head -n 20 said
}

cat > overflow.c << 'END'
#include <stdlib.h>
int main(void) {
    volatile char *p = malloc(10);
    p[10] = 1;
    free((void *)p);
    return 0;
}
END
active="heapmm: malloc is heapmm's"
overflow="behind its end: overflow"
link() { "$cc" -fno-builtin overflow.c "$@" || failures=$((failures + 1)); }
link -o plain
link -o linked "$library" "-Wl,-rpath,$(dirname "$library")"
link -o static -static "$static" -pthread
link -o half_static "$static" -pthread

expect preloaded "$active" env HEAPMM_VERBOSE=1 LD_PRELOAD="$library" ./plain
for program in linked static half_static; do
    expect $program "$active" env HEAPMM_VERBOSE=1 ./$program
    expect $program "$overflow" env HEAPMM_CHECK=2 ./$program
done

expect memcheck "Invalid write of size 1" env LD_PRELOAD="$library" valgrind ./plain
expect memcheck "0 bytes after a block of size 10" valgrind ./linked
expect "memcheck, of heapmm's" "$overflow" env HEAPMM_CHECK=2 valgrind --soname-synonyms=somalloc=none ./linked
expect callgrind "$overflow" env HEAPMM_CHECK=2 valgrind --tool=callgrind --callgrind-out-file=/dev/null ./linked

# As in a container: nothing beside the program but what it and the library need.
if [ "$(id -u)" = 0 ]; then
    mkdir root
    for file in $(ldd plain "$library" | grep -o "/[^ :]*\.so[^ :]*"); do
        mkdir -p "root$(dirname "$file")" && cp -L "$file" "root$file"
    done
    cp "$library" root/
    cp plain root/
    expect container "$active" env HEAPMM_VERBOSE=1 LD_PRELOAD=/libheapmm-malloc.so.2 "$(command -v chroot)" root /plain
fi

echo "$failures of these ways do not work"
[ $failures -eq 0 ]
