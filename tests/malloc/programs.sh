#!/bin/bash
# Real programs give the same output, to the byte, and the same status with heapmm's malloc as without.
# SPDX-License-Identifier: MIT
#
#     programs.sh LIBRARY ROOT      LIBRARY: libheapmm-malloc.so; ROOT: of the sources
#
# Writes to a temporary directory only.
set -u
library=$1
root=$2
export LC_ALL=C PYTHONDONTWRITEBYTECODE=1 PYTHONMALLOC=malloc PYTHONHASHSEED=0

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
count=0
failures=0

# same NAME COMMAND: runs a shell command, in an empty directory, without and with the library.
same() {
    local kind status
    for kind in without with; do
        rm -rf here && mkdir here
        if [ $kind = with ]; then
            (cd here && LD_PRELOAD=$library bash -c "$2") > $kind.out 2> $kind.err
        else
            (cd here && bash -c "$2") > $kind.out 2> $kind.err
        fi
        status=$?
        echo "status $status" >> $kind.out
    done
    count=$((count + 1))
    if [ "$(tail -n 1 without.out)" != "status 0" ] || ! cmp -s without.out with.out || ! cmp -s without.err with.err; then
        failures=$((failures + 1))
        echo "$1: differs, or failed:"
        diff <(tail -n 5 without.out without.err) <(tail -n 5 with.out with.err)
    fi
}

# The library is in use, or all of this shows nothing.
if [ "$(LD_PRELOAD=$library HEAPMM_VERBOSE=1 /bin/true 2>&1)" != "heapmm: malloc is heapmm's" ]; then
    echo "the library is not in use"
    exit 1
fi
unknown=$(LD_PRELOAD=$library HEAPMM_PURGE_DELAY=1x HEAPMM_OTHER=1 /bin/true 2>&1 | grep -c "heapmm: ignored: HEAPMM_\(PURGE_DELAY=1x\|OTHER=1\)$")
if [ "$unknown" != 2 ]; then
    echo "wrong variables are not named"
    exit 1
fi

seq 1 200000 | sed 's/\(.*\)/\1 line \1 of text/' > text
export text=$work/text root

same python 'python3 -c "
import json, re, threading, collections
data = [{\"n\": i, \"s\": str(i) * (i % 50), \"l\": list(range(i % 30))} for i in range(20000)]
text = json.dumps(data)
assert json.loads(text) == data
results = []
def count(k):
    results.append((k, len(re.findall(str(k) + \"[0-9]\", text))))
threads = [threading.Thread(target=count, args=(k,)) for k in range(8)]
[t.start() for t in threads]
[t.join() for t in threads]
print(len(text), sorted(results), collections.Counter(text).most_common(5))"'
same python-processes 'python3 -c "
import multiprocessing
def work(n):
    return sum(len(str(i) * 3) for i in range(n))
if __name__ == \"__main__\":
    with multiprocessing.get_context(\"fork\").Pool(3) as pool:
        print(pool.map(work, range(0, 40000, 1000)))"'
same python-limit '(ulimit -v 600000; python3 -c "
blocks = []
try:
    while True:
        blocks.append(bytearray(10000000))
except MemoryError:
    n = len(blocks)
    del blocks
    print(20 < n < 60, len([str(i) for i in range(100000)]))")'
same perl 'perl -e '\''
my %count;
open my $file, "<", $ENV{text};
while (<$file>) { $count{$_}++ for split /[^a-z0-9]+/ }
my @words = sort { $count{$b} <=> $count{$a} || $a cmp $b } keys %count;
print scalar(@words), " @words[0..20]\n";
my $s = join ",", map { $_ x 3 } @words; print length $s, "\n";'\'
same lua 'lua5.4 -e '\''
local t = {}
for i = 1, 200000 do t[i] = {tostring(i), i % 7 == 0 and string.rep("x", i % 300) or i} end
table.sort(t, function(a, b) return a[1] < b[1] end)
local n = 0
for i, v in ipairs(t) do n = n + #v[1] + (type(v[2]) == "string" and #v[2] or 0) end
print(n, t[1][1], t[#t][1])'\'
same sqlite 'sqlite3 :memory: "
create table t(a integer primary key, b text, c);
with recursive n(i) as (select 1 union all select i + 1 from n where i < 100000)
insert into t select i, printf(\"row %d %s\", i, hex(i * i)), i % 97 from n;
create index u on t(c, b);
select c, count(*), max(b) from t group by c order by 2 desc, 1 limit 10;
delete from t where c % 3 = 0; vacuum; select count(*), sum(length(b)) from t;"'
same gcc 'gcc -std=c11 -O2 -I"$root/include" -S "$root/src/heap/heap.c" -o heap.s && cat heap.s'
same gcc-c++ 'printf "#include <map>\n#include <string>\n#include <regex>\nstd::map<std::string, std::regex> m;\n" > a.cpp && g++ -std=c++17 -O1 -S a.cpp && cat a.s'
same sort 'sort --parallel=4 -S 20M -k 2 -k 1nr "$text" | md5sum'
same xz 'xz -T2 -3 --block-size=1MiB -c "$text" | tee a.xz | md5sum && xz -dc -T2 a.xz | cmp - "$text"'
same git '
export GIT_AUTHOR_DATE="2020-01-01 00:00 +0000" GIT_COMMITTER_DATE="2020-01-01 00:00 +0000" HOME=$PWD
git init -q -b main r && cd r && git config user.name a && git config user.email a@b && git config gc.auto 0
for i in 1 2 3 4 5; do cp -r "$root/src" "src$i"; git add . && git commit -q -m "commit $i"; done
git -c pack.threads=4 repack -q -a -d && git fsck --no-progress && git log --stat --format=%H | md5sum
git clone -q . ../s && git -C ../s rev-parse HEAD'
same awk 'awk "{ n[\$1 % 1000] = n[\$1 % 1000] substr(\$0, 1, 9) } END { for (i = 0; i < 1000; i++) t += length(n[i]); print t }" "$text"'
same cmake 'printf "cmake_minimum_required(VERSION 3.25)\nproject(p NONE)\nforeach(i RANGE 3000)\nlist(APPEND l \${i}_x)\nendforeach()\nlist(JOIN l + s)\nfile(WRITE out \"\${s}\")\n" > CMakeLists.txt && cmake . > /dev/null && md5sum < out'
same find 'find "$root" -name "*.h" -o -name "*.c" | sort | xargs cat | wc -l'

echo "$count programs, $failures differ"
[ $failures -eq 0 ]
