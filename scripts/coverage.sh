#!/bin/sh
# Which lines and branches of src/ and include/ the tests run.
# SPDX-License-Identifier: MIT
set -eu
cd "$(dirname "$0")/.."

directory=build/cov
cmake --preset cov > /dev/null
cmake --build --preset cov
find $directory -name '*.gcda' -delete
ctest --preset cov --label-exclude tree --parallel "$(nproc)" > $directory/tests.log || { tail -n 30 $directory/tests.log; exit 1; }
mkdir -p $directory/coverage
gcovr --root . --filter src/ --filter include/ --exclude-unreachable-branches --html-details $directory/coverage/index.html \
    --print-summary --txt - $directory
echo "pages: $directory/coverage/index.html"
