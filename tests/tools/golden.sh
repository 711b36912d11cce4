#!/bin/sh
# Compares what the commands of heapmm print with what is committed, byte by byte.
# SPDX-License-Identifier: MIT
#
#     golden.sh HEAPMM [--update]      HEAPMM: the program. --update writes what is printed now; look at it before committing it
#
# golden/small.hmt is a trace of the first version of the format, whatever is written now. The others are made of the texts beside it.
set -eu
export LC_ALL=C
heapmm=$(readlink -f "$1")
update=${2:-}
cd "$(dirname "$0")/golden"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0
count=0

# expect NAME STATUS COMMAND...: what COMMAND prints, on both streams, is in the file NAME, and it ends with STATUS.
expect() {
    name=$1
    expected=$2
    shift 2
    count=$((count + 1))
    status=0
    "$@" > "$work/output" 2>&1 || status=$?
    sed "s|$work/||g" "$work/output" > "$work/printed"
    if [ "$status" -ne "$expected" ]; then
        echo "$name: status $status, expected $expected: $*"
        cat "$work/printed"
        failures=$((failures + 1))
    fi
    if [ "$update" = --update ]; then
        cp "$work/printed" "$name"
    elif ! diff "$name" "$work/printed" > "$work/difference" 2>&1; then
        echo "$name: differs: $*"
        cat "$work/difference"
        failures=$((failures + 1))
    fi
}

# import FORMAT TEXT: makes TEXT.hmt.
import() {
    expect "$2.import" 0 "$heapmm" import --from "$1" -o "$work/$2.hmt" "$2.txt"
    expect "$2.csv" 0 "$heapmm" export "$work/$2.hmt"
    expect "$2.import" 0 "$heapmm" import -o "$work/$2.hmt" "$2.txt" # the format is found out
}

# Every command has a help that begins with its name; those that are not listed here may come and go.
for command in $("$heapmm" --help | sed -n 's/^    \([a-z]*\)  .*/\1/p'); do
    "$heapmm" "$command" --help | head -1 | grep -q "^heapmm $command: " || { echo "$command: no help"; failures=$((failures + 1)); }
done
for command in export import map record replay report shrink size stat; do
    expect $command.help 0 "$heapmm" $command --help
done
"$heapmm" --version | grep -qE '^heapmm [0-9.]+$' || { echo "no version"; failures=$((failures + 1)); }

import android android
import heaptrack heaptrack
import heaptrack heaptrack-interpreted
import ltrace ltrace

expect small.stat 0 "$heapmm" stat small.hmt
expect small.json 0 "$heapmm" stat --json small.hmt
expect android.csv 0 "$heapmm" export small.hmt
expect small.perfetto 0 "$heapmm" export --to perfetto small.hmt
expect small.counters 0 "$heapmm" export --to perfetto --every 4 small.hmt
for json in small.json small.perfetto small.counters; do
    python3 -m json.tool $json > /dev/null || failures=$((failures + 1))
done
"$heapmm" export -o "$work/file.csv" small.hmt
expect android.csv 0 cat "$work/file.csv"

# What heaps do is the same everywhere; how long it takes is not, nor how wide the column of times is, nor the order where all else is.
untimed() {
    status=0
    "$@" > "$work/timed" 2>&1 || status=$?
    sed -E 's/ +/ /g; s/ [0-9.]+ (ns|us|ms|s) [0-9]+ ns / TIME /' "$work/timed" | sort
    return $status
}
heaps="--no-instructions --on heap --on heap8 --on tiny --on tiny4 --on wide --on single-tree --on pool"
expect small.replay 0 untimed "$heapmm" replay $heaps small.hmt
expect verified.replay 0 untimed "$heapmm" replay $heaps --verify --samples 4 small.hmt
expect arena.replay 0 untimed "$heapmm" replay --no-instructions --on single-tree --on tiny --on heap --on pool --arena 6K small.hmt
expect least.replay 1 untimed "$heapmm" replay --no-instructions --on heap --on tiny --arena 16 small.hmt
expect small.size 0 "$heapmm" size small.hmt
expect size.json 0 "$heapmm" size --json --fits 6720 --on tiny --on pool small.hmt
expect fits.size 0 "$heapmm" size --fits 64K small.hmt
expect narrow.size 0 "$heapmm" size --fits 6700 --on heap --on single-tree small.hmt
expect short.size 3 "$heapmm" size --fits 6K small.hmt
python3 -m json.tool size.json > /dev/null || failures=$((failures + 1))

# The command fails where a block of 1,000 bytes or more is resized. Trials are the same everywhere.
expect small.shrink 0 "$heapmm" shrink --fails "'$heapmm' export {} | awk -F, 'NR > 1 && \$4 == \"realloc\" && \$6 >= 1000 { exit 1 }'" -o "$work/less.hmt" small.hmt
expect less.csv 0 "$heapmm" export "$work/less.hmt"
expect less.program 0 cat "$work/less.c"
expect sound.shrink 1 "$heapmm" shrink --fails true -o "$work/less.hmt" small.hmt
expect empty.shrink 1 "$heapmm" shrink --fails false -o "$work/less.hmt" small.hmt
expect unrunnable.shrink 1 "$heapmm" shrink --fails /nowhere/at/all -o "$work/less.hmt" small.hmt
# What it says; what stands in the page, report.py looks at.
expect small.report 0 "$heapmm" report --on none -o "$work/page.html" small.hmt
expect again.report 0 "$heapmm" report --svg --on none -o "$work/page.html" small.hmt
expect small-live.svg 0 cat "$work/page-live.svg"
expect small-fragmentation.svg 0 cat "$work/page-fragmentation.svg"
expect small-map.svg 0 cat "$work/page-map.svg"

# Traces that are not whole.
head -c 100 small.hmt > "$work/part.hmt"
expect part.stat 0 "$heapmm" stat "$work/part.hmt"
bytes=$(wc -c < small.hmt)
head -c $((bytes - 41)) small.hmt > "$work/unfinished.hmt"
expect unfinished.stat 0 "$heapmm" stat "$work/unfinished.hmt"
{ head -c 60 small.hmt; printf 'x'; tail -c +62 small.hmt; } > "$work/damaged.hmt"
expect damaged.stat 0 "$heapmm" stat "$work/damaged.hmt"
expect damaged.export 0 "$heapmm" export "$work/damaged.hmt"
expect damaged.replay 0 untimed "$heapmm" replay --no-instructions --on heap --on wide "$work/damaged.hmt"
expect damaged.report 0 "$heapmm" report --on none -o "$work/page.html" "$work/damaged.hmt"
expect damaged.size 0 "$heapmm" size --on heap "$work/damaged.hmt"
{ printf '\211hmt\002'; tail -c +6 small.hmt; } > "$work/newer.hmt"
expect newer.stat 1 "$heapmm" stat "$work/newer.hmt"

# What is no trace, and what is called wrongly.
: > "$work/empty.hmt"
expect empty.stat 1 "$heapmm" stat "$work/empty.hmt"
expect text.stat 1 "$heapmm" stat android.txt
expect directory.stat 1 "$heapmm" stat /
expect nowhere.stat 1 "$heapmm" stat /nowhere/at/all.hmt
expect nowhere.export 1 "$heapmm" export -o /nowhere/at/all.csv small.hmt
expect nowhere.import 1 "$heapmm" import -o "$work/x.hmt" /nowhere/at/all.txt
expect empty.import 1 "$heapmm" import -o "$work/x.hmt" "$work/empty.hmt"
expect over.import 1 "$heapmm" import -o android.txt ltrace.txt
expect full.stat 1 sh -c "'$heapmm' stat small.hmt > /dev/full"
expect usage.unknown 2 "$heapmm" nothing
expect usage.stat 2 "$heapmm" stat
expect usage.export 2 "$heapmm" export --to nothing small.hmt
expect usage.every 2 "$heapmm" export --every 0 small.hmt
expect usage.replay 2 "$heapmm" replay
expect usage.on 2 "$heapmm" replay --on nothing small.hmt
expect usage.by 2 "$heapmm" replay --by name small.hmt
expect usage.arena 2 "$heapmm" replay --arena 0 small.hmt
expect usage.samples 2 "$heapmm" replay --samples many small.hmt
expect usage.size 2 "$heapmm" size small.hmt small.hmt
expect usage.heap 2 "$heapmm" size --on malloc small.hmt
expect usage.many 2 "$heapmm" size $(printf -- '--on heap %.0s' $(seq 17)) small.hmt
expect usage.map 2 "$heapmm" map
expect usage.interval 2 "$heapmm" map --interval 0 1
expect nowhere.map 1 "$heapmm" map --file /nowhere/at/all.heap
expect text.map 1 "$heapmm" map --file android.txt
expect usage.fits 2 "$heapmm" size --fits 64X small.hmt
expect usage.report 2 "$heapmm" report
expect usage.report-on 2 "$heapmm" report --on nothing small.hmt
expect usage.report-options 2 "$heapmm" report --nothing small.hmt
expect over.report 1 "$heapmm" report --on none -o android.txt small.hmt
expect empty.report 1 "$heapmm" report -o "$work/x.html" "$work/empty.hmt"
expect text.report 1 "$heapmm" report -o "$work/x.html" android.txt
expect input.report 1 "$heapmm" report -o "$work/x.html" -
expect nowhere.report 1 "$heapmm" report --on none -o /nowhere/at/all.html small.hmt
expect full.report 1 "$heapmm" report --on none -o /dev/full small.hmt
expect text.replay 1 "$heapmm" replay android.txt
expect text.size 1 "$heapmm" size android.txt
expect input.replay 1 "$heapmm" replay -
expect nowhere.replay 1 "$heapmm" replay --on /nowhere/at/all.so small.hmt
expect nowhere.size 1 "$heapmm" size /nowhere/at/all.hmt
expect text.shrink 1 "$heapmm" shrink --fails false android.txt
expect over.shrink 1 "$heapmm" shrink --fails false -o android.txt small.hmt
expect same.shrink 1 "$heapmm" shrink --fails false -o small.hmt small.hmt
expect input.shrink 1 "$heapmm" shrink --fails false -
expect usage.shrink 2 "$heapmm" shrink --fails false
expect usage.fails 2 "$heapmm" shrink small.hmt
expect usage.timeout 2 "$heapmm" shrink --fails false --timeout 0 small.hmt
expect usage.import 2 "$heapmm" import android.txt
expect usage.record 2 "$heapmm" record -q
expect over.record 125 "$heapmm" record -o android.txt true
# These look for the recorder first, which is not beside every build.
if [ -e "$(dirname "$heapmm")/libheapmm-record.so" ]; then
    expect missing.record 127 "$heapmm" record -o "$work/x.hmt" /nowhere/at/all
    expect unrunnable.record 126 "$heapmm" record -o "$work/x.hmt" /dev/null
fi

[ $failures -eq 0 ] && echo "$count outputs are as committed"
[ $failures -eq 0 ]
