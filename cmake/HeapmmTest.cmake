# How tests are declared.
# SPDX-License-Identifier: MIT
#
#     heapmm_add_test(NAME SOURCE... [LIBRARIES L...] [DEFINITIONS D...] [ARGS A...] [CASES C...] [TIMEOUT SECONDS] [VALGRIND])
#
# builds the program NAME with all warnings, the public headers, src/ and tests/ in its include path, and registers it as a test.
# CASES: one test NAME.CASE for each, run as `NAME CASE` in its own process. VALGRIND: once more under valgrind.
#
#     heapmm_add_test_matrix(NAME SOURCE... [the same] [EXCEPT REGEX] [HOSTILE])
#
# does so once for every row of the table in HeapmmTestMatrix.cmake, as NAME.ROW. The sources include the heap's own sources, so
# that each program holds a heap compiled with the values of its row; a row whose name has `tiny`, `wide` or `hostile` in it holds
# that instance, under the default one's names (tests/instances/). EXCEPT: rows to leave out, a regular expression; say why where
# you use it. HOSTILE: also the rows of the hostile instance, for tests that fit into it.
#
# Rows of the long tier are built by the target heapmm_tests_long and run by `ctest -C long` only.
include(HeapmmTestMatrix)

set(HEAPMM_TEST_TIMEOUT 120 CACHE STRING "Seconds after which a test has failed")
set(HEAPMM_TEST_MATRIX full CACHE STRING "full: tests run on every row of the matrix; plain: once, with the flags of this build")
set_property(CACHE HEAPMM_TEST_MATRIX PROPERTY STRINGS full plain)

set(HEAPMM_VALGRIND_COMMAND valgrind --quiet --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite)
add_custom_target(heapmm_tests_long)

# Registers COMMAND as the test NAME, or one test NAME.CASE for each of its cases.
function(heapmm_register_test name timeout configurations cases)
    if(NOT timeout)
        set(timeout ${HEAPMM_TEST_TIMEOUT})
    endif()
    set(names ${name})
    if(cases)
        set(names ${cases})
        list(TRANSFORM names PREPEND ${name}.)
    else()
        set(cases " ")
    endif()
    foreach(test case IN ZIP_LISTS names cases)
        string(STRIP "${case}" case)
        add_test(NAME ${test} CONFIGURATIONS ${configurations} COMMAND ${ARGN} ${case})
        set_tests_properties(${test} PROPERTIES TIMEOUT ${timeout})
    endforeach()
endfunction()

function(heapmm_add_test_program target)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LIBRARIES;DEFINITIONS;OPTIONS")
    add_executable(${target} ${arg_SOURCES})
    target_compile_features(${target} PRIVATE c_std_11)
    target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/tests)
    target_compile_definitions(${target} PRIVATE ${arg_DEFINITIONS})
    # Debian 12's valgrind cannot read the debug information that clang writes by default.
    target_compile_options(${target} PRIVATE $<$<C_COMPILER_ID:Clang>:-gdwarf-4> ${arg_OPTIONS})
    target_link_options(${target} PRIVATE ${arg_OPTIONS})
    target_link_libraries(${target} PRIVATE heapmm_headers heapmm_warnings ${arg_LIBRARIES})
endfunction()

function(heapmm_add_test name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "VALGRIND" "TIMEOUT" "LIBRARIES;DEFINITIONS;ARGS;CASES")
    heapmm_add_test_program(${name} SOURCES ${arg_UNPARSED_ARGUMENTS} LIBRARIES ${arg_LIBRARIES} DEFINITIONS ${arg_DEFINITIONS})
    heapmm_register_test(${name} "${arg_TIMEOUT}" "" "${arg_CASES}" $<TARGET_FILE:${name}> ${arg_ARGS})
    if(arg_VALGRIND AND HEAPMM_TEST_MATRIX STREQUAL full)
        heapmm_register_test(${name}.valgrind "${arg_TIMEOUT}" "" "${arg_CASES}"
            ${HEAPMM_VALGRIND_COMMAND} $<TARGET_FILE:${name}> ${arg_ARGS})
    endif()
endfunction()

# One program and its tests for one row of the matrix.
function(heapmm_add_test_row name row tier runner options definitions)
    cmake_parse_arguments(PARSE_ARGV 6 arg "" "TIMEOUT" "SOURCES;LIBRARIES;DEFINITIONS;ARGS;CASES")
    set(target ${name}.${row})
    if(row MATCHES "(tiny|wide|hostile)")
        set(instance ${CMAKE_MATCH_1})
        set(directory src/heap)
        if(instance STREQUAL hostile)
            set(directory tests/instances)
        endif()
        list(TRANSFORM arg_SOURCES REPLACE "/src/heap/heap[.]c$" "/${directory}/${instance}_heap.c")
        list(APPEND options "SHELL:-include ${PROJECT_SOURCE_DIR}/tests/instances/${instance}.h")
    endif()
    heapmm_add_test_program(${target} SOURCES ${arg_SOURCES} LIBRARIES ${arg_LIBRARIES}
        DEFINITIONS ${definitions} ${arg_DEFINITIONS} OPTIONS ${options})
    set(configurations "")
    if(tier STREQUAL long)
        set(configurations long)
        set_target_properties(${target} PROPERTIES EXCLUDE_FROM_ALL ON)
        add_dependencies(heapmm_tests_long ${target})
    endif()
    set(command $<TARGET_FILE:${target}>)
    if(runner STREQUAL valgrind)
        list(PREPEND command ${HEAPMM_VALGRIND_COMMAND})
    endif()
    heapmm_register_test(${target} "${arg_TIMEOUT}" "${configurations}" "${arg_CASES}" ${command} ${arg_ARGS})
endfunction()

function(heapmm_add_test_matrix name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "HOSTILE" "TIMEOUT;EXCEPT" "LIBRARIES;DEFINITIONS;ARGS;CASES")
    set(common SOURCES ${arg_UNPARSED_ARGUMENTS} LIBRARIES ${arg_LIBRARIES} DEFINITIONS ${arg_DEFINITIONS}
        ARGS ${arg_ARGS} CASES ${arg_CASES} TIMEOUT "${arg_TIMEOUT}")
    if(NOT HEAPMM_TEST_MATRIX STREQUAL full)
        heapmm_add_test_row(${name} plain short direct "" "" ${common})
        return()
    endif()
    set(rows ${HEAPMM_TEST_ROWS})
    if(arg_HOSTILE)
        list(APPEND rows ${HEAPMM_HOSTILE_ROWS})
    endif()
    foreach(line IN LISTS rows)
        string(REGEX REPLACE " *[|] *" "|" line "${line}")
        string(REPLACE "|" ";" columns "${line}")
        list(GET columns 0 row)
        list(GET columns 1 tier)
        list(GET columns 2 runner)
        list(GET columns 3 options)
        list(GET columns 4 definitions)
        separate_arguments(options)
        separate_arguments(definitions)
        if(arg_EXCEPT AND row MATCHES "${arg_EXCEPT}")
            continue()
        endif()
        heapmm_add_test_row(${name} ${HEAPMM_COMPILER_NAME}-${row} ${tier} ${runner} "${options}" "${definitions}" ${common})
    endforeach()
endfunction()
