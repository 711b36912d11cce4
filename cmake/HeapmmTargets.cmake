# What every target of the project is compiled with.
# SPDX-License-Identifier: MIT

# The public headers, for whatever needs them and not the library.
add_library(heapmm_headers INTERFACE)
target_include_directories(heapmm_headers INTERFACE ${PROJECT_SOURCE_DIR}/include)

# The warnings that all code of the project passes, on gcc and clang.
add_library(heapmm_warnings INTERFACE)
target_compile_options(heapmm_warnings INTERFACE
    -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wundef -Wshadow
    $<$<COMPILE_LANGUAGE:C>:-Wstrict-prototypes>
    $<$<BOOL:${HEAPMM_WARNINGS_AS_ERRORS}>:-Werror>)
