#!/bin/sh
# Builds programs that use the classic heap from source, as users of heapmm 1.1 do, and looks at the names that they get.
# SPDX-License-Identifier: MIT
#
#     embed.sh COMPILER ROOT
#
# The ways: one file of ours beside the application; no file of ours, the code at the end of the application; several
# configurations in one translation unit, the code of one at its end; all of them in one unit and one program. At two levels of
# optimisation, as 32 bit, with AddressSanitizer and with UndefinedBehaviorSanitizer, with audits and without.
set -eu
compiler=$1
cd "$2"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
warnings="-std=c11 -Wall -Wextra -Wpedantic -Wundef -Werror -Iinclude"
count=0

fail() {
    echo "$*"
    exit 1
}

# build PROGRAM SOURCE-OR-OPTION...
build() {
    program=$1
    shift
    count=$((count + 1))
    "$compiler" $warnings "$@" -o "$work/$program" || fail "$compiler $warnings $*: does not build"
}

# run PROGRAM EXPECTED-STATUS: what it writes is in $work/printed.
run() {
    status=0
    ( ulimit -c 0; exec "$work/$1" ) > "$work/printed" 2>&1 || status=$?
    [ $status -eq "$2" ] || { cat "$work/printed"; fail "$1, built with $options: status $status, expected $2"; }
}

{ cat examples/classic/classic_chunks.c; echo '#include "heapmm_impl.h"'; } > "$work/at_the_end.c"
numbers='-DHMM_CNFG_HEADER="configurations.h" -Itests/classic'
for audits in 0 1; do
    for way in "-O0" "-O2" "-m32 -O2" "-O1 -fsanitize=address" "-O1 -fsanitize=undefined -fno-sanitize-recover=all"; do
        options="$way -DHMM_AUDIT_LEVEL=$audits -DTEST_AUDITS=$audits"
        build app $options examples/classic/classic_chunks.c src/classic/classic.c
        run app 0
        mv "$work/printed" "$work/expected"
        build two $options $numbers tests/classic/embed_two.c src/classic/classic.c
        run two 0
        [ "$way" = -O0 ] || continue
        for number in 0 1 2 3 4 5; do
            "$compiler" $warnings $options $numbers -DHMM_CNFG_NUM=$number -c -x c include/heapmm_impl.h -o "$work/$number.o"
        done
        build six $options $numbers tests/classic/embed_six.c "$work"/[0-5].o
        run six 0
        build at_the_end $options "$work/at_the_end.c"
        run at_the_end 0
        cmp "$work/expected" "$work/printed"
    done
done

# The default configuration's end of a failed audit: printed, or where there is no operating system a trap.
options="-O2 -DHMM_HOSTED=1"
build twice $options tests/classic/embed_twice.c src/classic/classic.c src/os/audit_abort.c
run twice 134
grep -q "the block was freed already, by the last free" "$work/printed" || fail "an audit does not print what it found"
options=-O2
build twice $options tests/classic/embed_twice.c src/classic/classic.c
run twice 132

# ---- Names ------------------------------------------------------------------------------------------------------------------

ours='^(one_|hmm_|HMM_|HEAPMM_)'

# Symbols of the object file.
"$compiler" -std=c11 -O0 -c -DHMM_CNFG_NUM=1 $numbers -Iinclude -x c include/heapmm_impl.h -o "$work/one.o"
leaks=$(nm "$work/one.o" | awk '{ print $NF }' |
    grep -vE "$ours|^(\\.L.*|memcpy|longjmp|_longjmp|test_failed|test_reason|_GLOBAL_OFFSET_TABLE_)$" || true)
[ -z "$leaks" ] || fail "symbols outside of HMM_UNIQUE, hmm_ and HMM_:" $leaks

# Whatever stands at file scope beside what the standard's headers bring: types, tags, enumerators, functions, variables.
# Clang tells, whichever compiler builds.
names() {
    clang -std=c11 -fsyntax-only -DHMM_CNFG_NUM=1 $numbers -DTEST_AUDITS=0 -Iinclude -Xclang -ast-dump "$1" |
        awk '/^[|`]-(Function|Var|Typedef|Enum|Record)Decl|^[|` ] [|`]-EnumConstantDecl/' |
        sed -E 's/.*(Function|Var|EnumConstant|Typedef|Enum|Record)Decl 0x[0-9a-f]+ (parent 0x[0-9a-f]+ )?(prev 0x[0-9a-f]+ )?//;
            s/<[^>]*<[^>]*>[^>]*>//; s/<[^>]*>//; s/^ *((line|col)[:0-9]*|<[^ ]*>[:0-9]*|[^ ]*:[0-9]+:[0-9]+)//;
            s/ (implicit|used|referenced)//g; s/^ *(struct|union|enum) //' | awk '{ print $1 }' | grep -E '^[A-Za-z_]' | sort -u
}
includes='#include <stdbool.h>\n#include <stddef.h>\n#include <stdint.h>\n#include "configurations.h"\n'
printf "$includes" > "$work/standard.c"
printf "${includes}#include \"heapmm_impl.h\"\n" > "$work/ours.c"
for file in standard ours; do names "$work/$file.c" > "$work/$file.names"; done
total=$(comm -13 "$work/standard.names" "$work/ours.names" | wc -l)
[ "$total" -gt 80 ] || fail "only $total names were seen at file scope: the check does not see what it should"
leaks=$(comm -13 "$work/standard.names" "$work/ours.names" | grep -vE "$ours|^memcpy$" || true)
[ -z "$leaks" ] || fail "names outside of HMM_UNIQUE, hmm_ and HMM_:" $leaks

# Macros; of the header alone, which includes none of the standard's, and of the implementation.
macros() {
    "$compiler" -std=c11 -dM -E -Iinclude "$1" | awk '{ sub(/\(.*/, "", $2); print $2 }' | sort -u
}
: > "$work/nothing.c"
echo '#include "heapmm.h"' > "$work/header.c"
printf '#include <stdbool.h>\n#include <stddef.h>\n#include <stdint.h>\n' > "$work/standard.c"
{ cat "$work/standard.c"; echo '#include "heapmm_impl.h"'; } > "$work/ours.c"
for file in nothing header standard ours; do macros "$work/$file.c" > "$work/$file.macros"; done
leaks=$({ comm -13 "$work/nothing.macros" "$work/header.macros"; comm -13 "$work/standard.macros" "$work/ours.macros"; } |
    grep -vE "$ours" || true)
[ -z "$leaks" ] || fail "macros outside of HMM_:" $leaks

echo "$count programs embed the classic heap; $total names at file scope stay under HMM_UNIQUE, HMM_ and hmm_"
