#!/bin/bash
# Real programs give the same output, to the byte, and the same status with heapmm's malloc as without: in the default mode, and checked.
# SPDX-License-Identifier: MIT
#
#     programs.sh LIBRARY ROOT [NAME...]      LIBRARY: libheapmm-malloc.so; ROOT: of the sources; NAME: of the programs, default all
#
# Writes to a temporary directory only. Servers listen on this machine, on sockets in that directory, or on 127.0.0.1.
# HEAPMM_TEST_STEPS above 1: larger loads, and programs that take long.
set -u
library=$1
root=$2
names=" ${*:3} "
export LC_ALL=C PYTHONDONTWRITEBYTECODE=1 PYTHONMALLOC=malloc PYTHONHASHSEED=0
steps=${HEAPMM_TEST_STEPS:-1}
export steps

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
count=0
failures=0

# run KIND COMMAND: in an empty directory; output and status in KIND.out, KIND.err.
run() {
    rm -rf here && mkdir here
    case $1 in
        without) (cd here && bash -o pipefail -c "$2") > $1.out 2> $1.err ;;
        default) (cd here && LD_PRELOAD=$library bash -o pipefail -c "$2") > $1.out 2> $1.err ;;
        checked) (cd here && HEAPMM_CHECK=2 LD_PRELOAD=$library bash -o pipefail -c "$2") > $1.out 2> $1.err ;;
    esac
    echo "status $?" >> $1.out
}

# same NAME COMMAND: runs a shell command without and with the library.
same() {
    local kind
    case $names in "  " | *" $1 "*) ;; *) return ;; esac
    count=$((count + 1))
    run without "$2"
    if [ "$(tail -n 1 without.out)" != "status 0" ]; then
        failures=$((failures + 1))
        echo "$1: failed:"
        tail -n 5 without.out without.err
        return
    fi
    for kind in default checked; do
        run $kind "$2"
        cmp -s without.out $kind.out && cmp -s without.err $kind.err && continue
        failures=$((failures + 1))
        echo "$1, $kind: differs:"
        diff <(tail -n 5 without.out without.err) <(tail -n 5 $kind.out $kind.err | sed "s/$kind/without/")
    done
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
    print(20 < n < 65, len([str(i) for i in range(100000)]))")'
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


# ---- Python's own tests; their output without the times ----------------------------------------------------------------------------

python_tests() {
    /usr/bin/python3 -m unittest "$@" 2>&1 | sed 's/ in [0-9.]*s$//' | tail -n 3
}
export -f python_tests
same python-json 'python_tests test.test_json.test_decode test.test_json.test_dump test.test_json.test_recursion test.test_json.test_unicode'
same python-re 'python_tests test.test_re.ReTests'
same python-threading 'python_tests test.test_threading.LockTests test.test_threading.ConditionTests test.test_threading.SemaphoreTests'

# ---- Other languages -----------------------------------------------------------------------------------------------------------------

same tclsh 'tclsh <<"END"
for {set i 0} {$i < 40000} {incr i} { dict set d key[expr {$i * 7919 % 10007}] [string repeat $i [expr {$i % 9}]] }
set l [lsort -dictionary [dict keys $d]]
puts "[llength $l] [lindex $l 17] [string length [join [dict values $d] ,]] [regsub -all {1+} [lrange $l 0 50] <&>]"
END'
same gawk 'gawk "{ n[\$1 % 777] = n[\$1 % 777] \" \" \$3 } END { k = asorti(n, s); for (i = 1; i <= k; i++) t = t substr(n[s[i]], 1, 30); print k, length(t), toupper(t) }" "$text" | md5sum'
same jq 'seq 1 20000 | jq -c "{n: ., s: (tostring * 3), l: [range(. % 9)]}" | jq -s -c "map(.l | add // 0) as \$sums | (group_by(.n % 10) | map({k: .[0].n, c: length, s: (map(.s | length) | add)})), (\$sums | add)"'
same gs 'gs -q -dSAFER -dNOPAUSE -dBATCH -sDEVICE=ppmraw -r60 -sOutputFile=- - <<"END" | md5sum
/Times-Roman findfont 24 scalefont setfont
0 1 300 { /i exch def newpath 100 i 2 mul moveto i 3 mod 1 add 3 div i 7 mod 7 div 0.5 setrgbcolor
i 10 mul 300 i 20 add 50 500 i curveto stroke 72 i 2 mul moveto i 10 string cvs show } for
<< /ShadingType 2 /ColorSpace /DeviceRGB /Coords [0 0 500 500] /Function << /FunctionType 2 /Domain [0 1] /C0 [1 0 0] /C1 [0 0 1] /N 1 >> >> shfill
showpage
END'

# ---- Servers -------------------------------------------------------------------------------------------------------------------------

# started FILE PID: waits until the file is there, or the process is gone, for 20 s at most.
started() {
    for ((i = 0; i < 200; i++)); do
        [ -e "$1" ] && return 0
        kill -0 "$2" 2> /dev/null || return 1
        sleep 0.1
    done
    return 1
}
export -f started

redis() {
    redis-server --port 0 --unixsocket socket --save '' --enable-debug-command local > log &
    local server=$!
    started socket $server || { cat log; return 1; }
    seq 1 $((3000 * steps)) | awk '{ printf "SET k%d %0*d\nLPUSH l%d %s\nZADD z %d m%d\nHSET h%d f %d\nAPPEND k%d xyz\n", $1, $1 % 500, $1, $1 % 90, $1, $1 * 7 % 1000, $1, $1 % 300, $1, $1 * 3 }
        $1 % 5 == 0 { printf "DEL k%d\n", $1 / 2 }' | redis-cli -s socket | md5sum
    redis-benchmark -s socket -q -n $((3000 * steps)) -r 1000 -P 8 -t set,get,lpush,lpop,sadd,hset,zadd > /dev/null
    redis-cli -s socket del key:__rand_int__ mylist myset myhash myzset > /dev/null
    redis-cli -s socket eval "for i, k in ipairs(redis.call('keys', 'key:*')) do redis.call('del', k) end return redis.call('dbsize')" 0
    redis-cli -s socket debug digest
    redis-cli -s socket shutdown nosave
    wait $server
}
export -f redis
same redis redis

memcache() {
    memcached -s socket -u root -t 4 -m 64 &
    local server=$!
    started socket $server || return 1
    python3 -c '
import hashlib, os, socket
talk = socket.socket(socket.AF_UNIX)
talk.settimeout(20)
talk.connect("socket")
stream = talk.makefile("rwb")
digest = hashlib.md5()
def ask(request, last):
    stream.write(request)
    stream.flush()
    line = b""
    while line not in last:
        line = stream.readline()
        digest.update(line)
for i in range(4000 * int(os.environ["steps"])):
    value = (b"%d " % i) * (i % 400)
    ask(b"set key%d 0 0 %d\r\n%s\r\n" % (i, len(value), value), [b"STORED\r\n"])
    ask(b"get key%d\r\n" % (i // 2), [b"END\r\n"])
    if i % 7 == 0:
        ask(b"delete key%d\r\n" % (i // 3), [b"DELETED\r\n", b"NOT_FOUND\r\n"])
print(digest.hexdigest())'
    kill $server
    wait $server
}
export -f memcache
same memcached memcache

web() {
    local port
    port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    mkdir logs
    cat > conf << END
worker_processes 2; daemon off; pid nginx.pid; error_log logs/error.log; user root;
events { worker_connections 64; }
http { access_log logs/access.log; client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4; scgi_temp_path t5;
gzip on; gzip_types *; gzip_min_length 1;
server { listen 127.0.0.1:$port; root $root; location /list/ { alias $root/; autoindex on; autoindex_format json; } } }
END
    nginx -p "$PWD" -c "$PWD/conf" -e logs/error.log &
    local server=$!
    started nginx.pid $server || { cat logs/*; return 1; }
    port=$port python3 -c '
import gzip, hashlib, os, threading, urllib.request
root = os.environ["root"]
files = sorted(os.path.join("src", d, f) for d in ("heap", "malloc", "pool", "os") for f in os.listdir(os.path.join(root, "src", d)))
results = {}
def fetch(part):
    for i in range(4 * int(os.environ["steps"])):
        for name in files[part::4]:
            request = urllib.request.Request("http://127.0.0.1:%s/%s" % (os.environ["port"], name), headers={"Accept-Encoding": "gzip"})
            with urllib.request.urlopen(request, timeout=20) as answer:
                results[name] = hashlib.md5(gzip.decompress(answer.read())).hexdigest()
threads = [threading.Thread(target=fetch, args=(part,)) for part in range(4)]
[t.start() for t in threads]
[t.join() for t in threads]
print(len(files), sorted(results.items()))'
    kill -QUIT $server
    wait $server
}
export -f web
PATH=$PATH:/usr/sbin same nginx web

same stress-ng 'stress-ng --quiet --malloc 2 --malloc-ops $((6000 * steps)) --malloc-bytes 64M --malloc-max 2000 --temp-path . --timeout 60'

# ---- Only where there is time ----------------------------------------------------------------------------------------------------------

if [ "$steps" -gt 1 ]; then
    same python-json-all 'python_tests test.test_json'
    same python-re-all 'python_tests test.test_re'
    same python-threading-all 'python_tests test.test_threading'
    same python-processes-all 'python_tests test.test_multiprocessing_fork'
    same gcc-all 'for f in "$root"/src/*/*.c; do gcc -std=gnu11 -DHMM_HOSTED=1 -O2 -I"$root/include" -S "$f" -o - || exit 1; done | md5sum'
fi

echo "$count programs, in two modes; $failures differ"
[ $failures -eq 0 ]
