#!/bin/sh
# Runs clang-tidy over the sources of the library; the checks and their reasons stand in .clang-tidy.
# SPDX-License-Identifier: MIT
#
# At audit level 2, where all code is in use: what an option leaves out would look dead.
set -eu
cd "$(dirname "$0")/.."

linter=clang-tidy-14
command -v $linter > /dev/null || { echo "lint: $linter is missing; run scripts/setup.sh"; exit 1; }
for file in $(find src -name '*.c' | sort); do
    $linter --quiet --warnings-as-errors='*' "$file" -- -std=c11 -Iinclude -DHMM_HOSTED=1 -DHMM_AUDIT_LEVEL=2 2> /dev/null
done
echo "$(find src -name '*.[ch]' | wc -l) files of src/ are clean"
