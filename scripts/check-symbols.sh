#!/bin/sh
# Compares the symbols that a library exports with the committed list.
# SPDX-License-Identifier: MIT
#
#     check-symbols.sh LIBRARY LIST
#
# What a library exports is promised to its users: a symbol appears or goes on purpose only.
set -eu
export LC_ALL=C
library=$1
list=$2

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
case $library in
    *.a) which=--extern-only ;;
    *) which=--dynamic ;;
esac
nm $which --defined-only "$library" | awk 'NF == 3 { print $NF }' | sort > "$work/exported"
grep -v '^#' "$list" | sort > "$work/promised"

if diff "$work/promised" "$work/exported" > "$work/difference"; then
    echo "$(wc -l < "$work/promised") symbols, as promised"
    exit 0
fi
echo "the symbols of $(basename "$library") differ from $list:"
sed -n 's/^> /    exported, not in the list:  /p; s/^< /    in the list, not exported:  /p' "$work/difference"
echo "If that is meant, change the list (and, if a symbol went, the version)."
exit 1
