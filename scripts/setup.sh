#!/bin/sh
# Makes sure that what a make target needs is installed.
# SPDX-License-Identifier: MIT
#
#     setup.sh [demo|install|docs|test|coverage|bench|trust|malloc]     default: all of it
#
# As root it installs the Debian packages that are missing; as anybody else it prints the command to type. On a system without
# dpkg it only looks for the programs.
set -eu

what=${1:-all}
# Debian package, a program or header that comes with it, and who needs it. test includes what lint and format need,
# malloc is for bench-malloc. any:PROGRAM: it does not matter which package the program is of, since some come from elsewhere, too.
table='
build-essential   g++                       demo install test coverage bench trust malloc
cmake             cmake                     demo install test bench trust malloc
ninja-build       ninja                     demo install test bench trust malloc
pkg-config        pkg-config                demo install test
libsqlite3-dev    /usr/include/sqlite3.h    demo install test
libzstd-dev       /usr/include/zstd.h       demo install test
zlib1g-dev        /usr/include/zlib.h       demo install test
npm               any:npm                   demo install test
liblua5.4-dev     /usr/include/lua5.4       demo install test
python3           python3                   demo install docs test coverage bench trust malloc
doxygen           doxygen                   install docs test
mandoc            mandoc                    install docs test
pandoc            pandoc                    docs test
gcc-multilib      /usr/include/x86_64-linux-gnu/asm  test coverage
g++-multilib      /usr/lib/gcc/x86_64-linux-gnu/12/32/libstdc++.a test
clang             clang                     test
libclang-rt-14-dev /usr/lib/llvm-14/lib/clang test
clang-format-14   clang-format-14           test
clang-tidy-14     clang-tidy-14             test
python3-clang-14  /usr/lib/python3/dist-packages/clang/cindex.py test
valgrind          valgrind                  test bench malloc
gcc-arm-none-eabi arm-none-eabi-gcc         test bench
libnewlib-arm-none-eabi /usr/lib/arm-none-eabi/newlib test bench
gcc-avr           avr-gcc                   test bench
avr-libc          /usr/lib/avr              test bench
gcc-riscv64-unknown-elf riscv64-unknown-elf-gcc test
binutils-s390x-linux-gnu s390x-linux-gnu-ld test
libc6-dev-s390x-cross /usr/s390x-linux-gnu  test
libgcc-12-dev-s390x-cross /usr/lib/gcc-cross/s390x-linux-gnu test
qemu-user         qemu-s390x                test
picolibc-arm-none-eabi /usr/lib/picolibc/arm-none-eabi test
qemu-system-arm   qemu-system-arm           test
spin              spin                      test
lua5.4            lua5.4                    test malloc
sqlite3           sqlite3                   test malloc
git               git                       demo test malloc
xz-utils          xz                        test
perl              perl                      test malloc
gawk              gawk                      test
jq                jq                        test malloc
tcl               tclsh                     test
ghostscript       gs                        test malloc
redis-server      redis-server              test
redis-tools       redis-benchmark           test malloc
memcached         memcached                 test
nginx-light       /usr/sbin/nginx           test
stress-ng         stress-ng                 test
gdb               gdb                       test
gdb-multiarch     gdb-multiarch             test
chromium          chromium                  test
chromium-driver   chromedriver              test
python3-selenium  /usr/lib/python3/dist-packages/selenium test
fonts-dejavu-core /usr/share/fonts/truetype/dejavu/DejaVuSans.ttf test
libpython3.11-testsuite /usr/lib/python3.11/test test
gnuplot-nox       gnuplot                   bench malloc
z3                z3                        malloc
libmimalloc2.0    /usr/lib/x86_64-linux-gnu/libmimalloc.so.2.0 malloc
libjemalloc2      /usr/lib/x86_64-linux-gnu/libjemalloc.so.2 malloc
libtcmalloc-minimal4 /usr/lib/x86_64-linux-gnu/libtcmalloc_minimal.so.4 malloc
'

missing=$(echo "$table" | while read -r package evidence users; do
    [ -n "$package" ] || continue
    case "$what: $users" in
        all:*) ;;
        demo:*demo* | install:*install* | docs:*docs* | test:*test* | coverage:*coverage* | bench:*bench* | trust:*trust* | malloc:*malloc*) ;;
        *) continue ;;
    esac
    if [ "${evidence#any:}" != "$evidence" ]; then
        command -v "${evidence#any:}" > /dev/null || echo "$package"
    elif command -v dpkg-query > /dev/null; then
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2> /dev/null || true)" = installed ] || echo "$package"
    else
        command -v "$evidence" > /dev/null || [ -e "$evidence" ] || echo "$package"
    fi
done | tr '\n' ' ')
[ -n "$missing" ] || exit 0

if ! command -v apt-get > /dev/null; then
    echo "setup: this is no Debian; install what these Debian packages hold, then try again: $missing" >&2
    exit 1
fi
if [ "$(id -u)" -ne 0 ]; then
    echo "setup: packages are missing. Type this, then try again:" >&2
    echo "    sudo apt-get install --no-install-recommends $missing" >&2
    exit 1
fi

echo "setup: installing $missing"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
export DEBIAN_FRONTEND=noninteractive
if ! { apt-get update && apt-get install --yes --no-install-recommends $missing; } > "$log" 2>&1 < /dev/null; then
    tail -n 20 "$log" >&2
    echo "setup: the installation failed; the last lines of apt-get are above" >&2
    exit 1
fi
