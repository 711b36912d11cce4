#!/bin/sh
# Compiles every public header by itself, as C11 and as C++17.
# SPDX-License-Identifier: MIT
#
#     check-headers.sh C-COMPILER C++-COMPILER INCLUDE-DIRECTORY
#
# A header that needs another one in front of it breaks its users as soon as somebody sorts includes. A header that is a template
# (it says #error without its parameters) is compiled by its own tests.
set -eu
cc=$1
cxx=$2
cd "$3"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
warnings="-Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wundef -Wshadow -Werror"
failures=0
count=0

compile() {
    if ! "$@" -fsyntax-only $warnings -I. > "$work/log" 2>&1; then
        echo "$header by itself, $2:"
        cat "$work/log"
        failures=$((failures + 1))
    fi
}

for header in $(find . -name '*.h' | sed 's|^\./||' | sort); do
    case $header in
        heapmm.h) ;;                     # its errors are about wrong configurations
        heapmm/classic/*) continue ;;    # parts of heapmm_impl.h
        *) grep -qE '^#error|^ [*] A template' "$header" && continue ;;
    esac
    count=$((count + 1))
    # Twice, for the include guard.
    printf '#include "%s"\n#include "%s"\nextern int nothing;\n' "$header" "$header" > "$work/only.c"
    cp "$work/only.c" "$work/only.cpp"
    compile "$cc" -std=c11 -Wstrict-prototypes "$work/only.c"
    compile "$cxx" -std=c++17 "$work/only.cpp"
done

[ $count -gt 0 ] || { echo "no headers in $3"; exit 1; }
[ $failures -eq 0 ] && echo "$count headers compile by themselves, as C11 and as C++17"
[ $failures -eq 0 ]
