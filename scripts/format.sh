#!/bin/sh
# Lays out the C files of the tree with clang-format 14, or checks that they are laid out.
# SPDX-License-Identifier: MIT
#
#     format.sh           rewrites the files that are not
#     format.sh --check   names them, with the first lines that would change, and fails
#
# The version is fixed, since every version of clang-format lays out a little differently.
set -eu
cd "$(dirname "$0")/.."

formatter=clang-format-14
command -v $formatter > /dev/null || { echo "format: $formatter is missing; run scripts/setup.sh"; exit 1; }
files=$(for directory in include src tests examples tools bench fuzz docs; do
    [ -d $directory ] && find $directory -name '*.[ch]' -o -name '*.cpp'
done | sort)

if [ "${1:-}" != --check ]; then
    $formatter -i $files
    echo "$(echo "$files" | wc -l) files laid out"
    exit 0
fi
wrong=0
for file in $files; do
    if ! difference=$($formatter "$file" | diff "$file" -); then
        echo "$file is not laid out; it would change so:"
        echo "$difference" | head -12 | sed 's/^/    /'
        wrong=$((wrong + 1))
    fi
done
[ $wrong -eq 0 ] || { echo "$wrong files are not laid out: run make format"; exit 1; }
echo "$(echo "$files" | wc -l) files are laid out"
