#!/bin/sh
# The build of the page of heapmm report: without npm, without a network, and again when uPlot was fetched before.
# SPDX-License-Identifier: MIT
#
#     page_parts.sh CMAKE COMPILER UPLOT      UPLOT: the unpacked package, from a build that has fetched it
set -eu
cmake=$1
compiler=$2
uplot=$3
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
    echo "page_parts: $1"
    cat "$work/said"
    exit 1
}

# page NAME PATH UPLOT [FETCHES]: makes the page in the directory NAME. What it says is in `said`.
page() {
    mkdir -p "$work/$1"
    PATH=$2 "$cmake" -D SOURCE="$root/tools/report" -D DIRECTORY="$work/$1" -D UPLOT="$3" \
        -D FETCHES="${4:-ON}" -P "$root/cmake/HeapmmReportPage.cmake" \
        > "$work/said" 2>&1 || fail "$1: it ends with an error"
    "$compiler" -std=c11 -Wall -Wextra -Wpedantic -Werror -I"$root/tools/heapmm" -c "$work/$1/page_parts.c" -o "$work/page.o" 2>> "$work/said" ||
        fail "$1: it cannot be compiled"
}

# An npm that cannot reach its registry, and no npm at all.
mkdir "$work/bin" "$work/nothing"
printf '#!/bin/sh\necho "npm ERR! network" >&2\nexit 1\n' > "$work/bin/npm"
chmod +x "$work/bin/npm"

page offline "$work/bin" ""
[ ! -e "$work/offline/is_whole" ] || fail "offline: it says that it is whole"
grep -q "npm could not fetch uplot, which needs a network" "$work/said" || fail "offline: it does not say what is wrong"
grep -q "npm ERR! network" "$work/said" || fail "offline: it does not say what npm said"
strings "$work/page.o" | grep -q "this heapmm was built without its page: npm could not fetch" || fail "offline: the program would not say why"

page fetched "$work/bin" "$uplot"
[ -e "$work/fetched/is_whole" ] || fail "named: it is not whole"

mkdir -p "$work/offline/node_modules"
cp -r "$uplot" "$work/offline/node_modules/uplot"
page offline "$work/bin" ""
[ -e "$work/offline/is_whole" ] || fail "fetched before: it is not whole"
cmp "$work/offline/page_parts.c" "$work/fetched/page_parts.c" || fail "fetched before: it is another page"

sed -i 's/"version": "[^"]*"/"version": "0.0.1"/' "$work/offline/node_modules/uplot/package.json"
page offline "$work/bin" ""
[ ! -e "$work/offline/is_whole" ] || fail "another version: it says that it is whole"

page wrong "$work/bin" "$work/nothing"
grep -q "there is no dist/uPlot.iife.min.js in $work/nothing" "$work/said" || fail "a wrong directory: it does not say so"

page unwanted "$work/bin" "" OFF
[ -e "$work/unwanted/is_whole" ] || fail "not wanted: each build tries again"
[ ! -s "$work/said" ] || fail "not wanted: it says something"
strings "$work/page.o" | grep -q "built without its page: HEAPMM_REPORT is OFF" || fail "not wanted: the program would not say why"
echo "the page is built, or said to be missing"
