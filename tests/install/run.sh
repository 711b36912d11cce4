#!/bin/sh
# Installs heapmm from a build directory, moves the installed copy, and builds and runs programs against it: with CMake, with
# pkg-config and as a subproject, in C and C++, static and shared, and with an instance compiled from the installed headers.
# SPDX-License-Identifier: MIT
#
#     run.sh BUILD-DIRECTORY C-COMPILER C++-COMPILER [FLAGS]      FLAGS: what that build is compiled with, such as -m32
#
# Writes to a temporary directory only.
set -eu
build=$1
cc=$2
cxx=$3
flags=${4:-}
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
prefix=$work/moved

fail() {
    echo "install: $1"
    [ $# -lt 2 ] || cat "$2"
    exit 1
}

# quietly WHAT COMMAND...: runs it; its output is shown only if it fails.
quietly() {
    what=$1
    shift
    "$@" > "$work/log" 2>&1 || fail "$what failed: $*" "$work/log"
}

# runs PROGRAM shared|static: the program works, and needs the shared library or does not.
runs() {
    "$1" > "$work/log" 2>&1 || fail "$(basename "$1") ended with status $?" "$work/log"
    needs=static
    readelf -d "$1" | grep -q 'NEEDED.*libheapmm\.so\.2' && needs=shared
    [ $needs = "$2" ] || fail "$(basename "$1") is linked $needs, expected $2"
    printf '    %-24s %-7s %s\n' "$(basename "$1")" "$2" "$(cat "$work/log")"
}

# configure SOURCE BUILD OPTION...
configure() {
    source=$1
    binary=$2
    shift 2
    quietly "cmake $source" cmake -S "$source" -B "$binary" -G Ninja -DCMAKE_C_COMPILER="$cc" -DCMAKE_CXX_COMPILER="$cxx" \
        -DCMAKE_C_FLAGS="$flags -Wall -Wextra -Werror" -DCMAKE_CXX_FLAGS="$flags -Wall -Wextra -Werror" "$@"
}

quietly "cmake --install" cmake --install "$build" --prefix "$work/installed"
mv "$work/installed" "$prefix"
libdir=$(dirname "$(find "$prefix" -name libheapmm.a)")
for file in include/heapmm/heap.h include/heapmm/pool.h include/heapmm/avl.h include/heapmm/impl/base/compiler.h include/heapmm/impl/heap/public.h; do
    [ -f "$prefix/$file" ] || fail "$file is not installed"
done

cp -r "$here/consumer" "$work/source"
sed 's|#include "public.h"|#include "heapmm/impl/heap/public.h"|' "$root/src/heap/heap.c" > "$work/source/instance.c"

echo "find_package:"
for shared in OFF ON; do
    configure "$work/source" "$work/build" -DCMAKE_PREFIX_PATH="$prefix" -DBUILD_SHARED_LIBS=$shared
    quietly "building the consumer" cmake --build "$work/build"
    [ $shared = ON ] && kind=shared || kind=static
    runs "$work/build/consumer_default" $kind
    runs "$work/build/consumer_cpp" $kind
done
runs "$work/build/consumer_static" static
runs "$work/build/consumer_shared" shared
runs "$work/build/consumer_instance" static

echo "gdb:"
gdb -nx -batch -x "$prefix/share/heapmm/gdb/heapmm-gdb.py" -ex "help heapmm blocks" > "$work/log" 2>&1 || fail "gdb failed" "$work/log"
grep -q '^heapmm blocks ' "$work/log" || fail "gdb does not know the commands" "$work/log"

if [ -e "$libdir/libheapmm-malloc.a" ]; then
    echo "malloc:"
    runs "$work/build/consumer_malloc" static
    readelf -d "$work/build/consumer_malloc" | grep -q 'NEEDED.*libheapmm-malloc\.so\.2' || fail "consumer_malloc does not need the library"
    runs "$work/build/consumer_malloc_static" static
    said=$(HEAPMM_VERBOSE=1 "$prefix/bin/heapmm-run" /bin/echo one two 2>&1 | tr '\n' ' ')
    [ "$said" = "heapmm: malloc is heapmm's one two " ] || fail "heapmm-run said: $said"
fi

if [ -e "$libdir/libheapmm-trace.a" ]; then
    echo "traces:"
    cd "$work"
    runs "$work/build/consumer_trace" static
    "$prefix/bin/heapmm" stat consumer.hmt > "$work/log" 2>&1 || fail "heapmm stat failed" "$work/log"
    if [ -e "$libdir/libheapmm-record.so" ]; then
        quietly "heapmm record" "$prefix/bin/heapmm" record -o recorded.hmt -- /bin/ls
        "$prefix/bin/heapmm" stat recorded.hmt > "$work/log" 2>&1 || fail "heapmm stat failed" "$work/log"
        grep -q '^/bin/ls$' "$work/log" || fail "no trace of ls" "$work/log"
    fi
fi

echo "pkg-config:"
export PKG_CONFIG_PATH="$libdir/pkgconfig"
version=$(pkg-config --modversion heapmm)
[ "$version" = "$(sed -n 's/^project(heapmm VERSION \([0-9.]*\).*/\1/p' "$root/CMakeLists.txt")" ] ||
    fail "pkg-config says version $version"
cflags=$(pkg-config --cflags heapmm)
libs=$(pkg-config --libs heapmm)
cd "$work"
quietly "C, shared" $cc $flags "$here/consumer/consumer.c" -o pkg_c_shared $cflags $libs "-Wl,-rpath,$libdir"
quietly "C, static" $cc $flags "$here/consumer/consumer.c" -o pkg_c_static $cflags -Wl,-Bstatic $libs -Wl,-Bdynamic
quietly "C++, shared" $cxx $flags -std=c++17 "$here/consumer/consumer.cpp" -o pkg_cpp_shared $cflags $libs "-Wl,-rpath,$libdir"
quietly "C++, static" $cxx $flags -std=c++17 "$here/consumer/consumer.cpp" -o pkg_cpp_static $cflags -Wl,-Bstatic $libs -Wl,-Bdynamic
runs "$work/pkg_c_shared" shared
runs "$work/pkg_c_static" static
runs "$work/pkg_cpp_shared" shared
runs "$work/pkg_cpp_static" static

if [ -e "$libdir/libheapmm-trace.a" ]; then
    quietly "C, traces" $cc $flags "$here/consumer/trace.c" -o pkg_trace $(pkg-config --cflags --libs heapmm-trace)
    rm consumer.hmt
    runs "$work/pkg_trace" static
    "$prefix/bin/heapmm" stat consumer.hmt > "$work/log" 2>&1 || fail "heapmm stat failed" "$work/log"
    for on in heap pool glibc; do
        quietly "heapmm replay" "$prefix/bin/heapmm" replay --verify --concurrent --on $on consumer.hmt
    done
    quietly "heapmm size" "$prefix/bin/heapmm" size consumer.hmt
    quietly "heapmm shrink" "$prefix/bin/heapmm" shrink --fails "'$prefix/bin/heapmm' export {} | (! grep -q malloc)" consumer.hmt
    quietly "C, shrunk" $cc -std=c11 $flags -DARENA=65536 consumer-shrunk.c -o pkg_shrunk $cflags -Wl,-Bstatic $libs -Wl,-Bdynamic
    runs "$work/pkg_shrunk" static
fi

# The granule is part of the interface: a user of a library built with another one must see it, by every way.
echo "granule 32:"
quietly "building the manual pages" "$root/scripts/manual/build.py" --man --output "$work/docs"
configure "$root" "$work/granule" -DHEAPMM_GRANULE=32 -DHEAPMM_REPORT=OFF -DHEAPMM_TESTS=OFF -DHEAPMM_EXAMPLES=OFF -DCMAKE_INSTALL_PREFIX="$work/g32" \
    -DHEAPMM_MAN_DIRECTORY="$work/docs/man"
quietly "building with granule 32" cmake --build "$work/granule" --target install
configure "$work/source" "$work/build32" -DCMAKE_PREFIX_PATH="$work/g32"
quietly "building the consumer" cmake --build "$work/build32" --target consumer_static
runs "$work/build32/consumer_static" static
grep -q "granule 32" "$work/log" || fail "find_package does not hand on the granule"
export PKG_CONFIG_PATH="$work/g32${libdir#"$prefix"}/pkgconfig"
quietly "pkg-config, granule 32" $cc $flags "$here/consumer/consumer.c" -o pkg_granule $(pkg-config --cflags heapmm) \
    -Wl,-Bstatic $(pkg-config --libs heapmm) -Wl,-Bdynamic
runs "$work/pkg_granule" static
grep -q "granule 32" "$work/log" || fail "pkg-config does not hand on the granule"

# Pages that were built are installed, and those of the other instances lead to those of the default one.
echo "manual pages:"
cd "$work/g32/share/man"
mandoc -T ascii man3/hmm_tiny_heap_alloc.3 > "$work/log" 2>&1 || fail "mandoc failed" "$work/log"
grep -q 'Allocates a block' "$work/log" || fail "hmm_tiny_heap_alloc(3) does not show hmm_heap_alloc(3)" "$work/log"
[ ! -e "$work/g32/bin/heapmm" ] || mandoc -T ascii man1/heapmm-record.1 > "$work/log" 2>&1 || fail "no page of heapmm record" "$work/log"
[ ! -e "$work/g32/bin/heapmm-run" ] || mandoc -T ascii man1/heapmm-run.1 > "$work/log" 2>&1 || fail "no page of heapmm-run" "$work/log"
printf '    %s pages\n' "$(ls man1 man3 | wc -l)"
cd "$work"

echo "subproject:"
mkdir "$work/super"
cat > "$work/super/CMakeLists.txt" << END
cmake_minimum_required(VERSION 3.25)
project(super LANGUAGES C)
add_subdirectory($root heapmm)
add_executable(super $here/consumer/consumer.c)
target_link_libraries(super PRIVATE heapmm::heapmm)
END
configure "$work/super" "$work/superbuild" -DHEAPMM_GRANULE=16
quietly "building the subproject" cmake --build "$work/superbuild"
runs "$work/superbuild/super" static
! ls "$work/superbuild" | grep -qi test || fail "a subproject builds the tests of heapmm"
