# The tool, heapmm, and the library that it preloads to record, libheapmm-record.so.
# SPDX-License-Identifier: MIT
#
# HEAPMM_HAS_TOOL says whether they are built: on Linux with 64-bit pointers, where the trace library and zlib are; the recorder not with a
# sanitizer, which has a malloc of its own. A command is a file tools/heapmm/command_NAME.c: see command.h there.
set(CMAKE_REQUIRED_LIBRARIES z)
check_c_source_compiles("#include <zlib.h>\nint main(void) { return zlibVersion() == 0; }" HEAPMM_HAS_ZLIB)
unset(CMAKE_REQUIRED_LIBRARIES)
set(HEAPMM_HAS_TOOL FALSE)
set(HEAPMM_HAS_RECORDER FALSE)
if(HEAPMM_HAS_TRACE AND HEAPMM_HAS_ZLIB AND CMAKE_SYSTEM_NAME STREQUAL Linux AND CMAKE_SIZEOF_VOID_P EQUAL 8)
    set(HEAPMM_HAS_TOOL TRUE)
    if(NOT CMAKE_C_FLAGS MATCHES "-fsanitize")
        set(HEAPMM_HAS_RECORDER TRUE)
    endif()
endif()
if(NOT HEAPMM_HAS_TOOL)
    return()
endif()

include(HeapmmReport)
# What the tool is linked with, but for the libraries of heapmm.
find_package(Threads REQUIRED)
set(HEAPMM_TOOL_LIBRARIES heapmm_page Threads::Threads z m)

file(GLOB HEAPMM_TOOL_SOURCES CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tools/heapmm/*.c)
set(heapmm_commands ${HEAPMM_TOOL_SOURCES})
list(FILTER heapmm_commands INCLUDE REGEX "/command_[a-z]+[.]c$")
list(TRANSFORM heapmm_commands REPLACE ".*/command_([a-z]+)[.]c$" "COMMAND(\\1)")
list(SORT heapmm_commands)
list(JOIN heapmm_commands " " heapmm_commands)
cmake_path(RELATIVE_PATH CMAKE_INSTALL_FULL_LIBDIR BASE_DIRECTORY ${CMAKE_INSTALL_FULL_BINDIR} OUTPUT_VARIABLE heapmm_record_path)

# The implementation as it is installed, heapmm/impl/: traces are replayed on instances with other granules than the library's.
set(HEAPMM_TOOL_INCLUDES ${PROJECT_BINARY_DIR}/tools/include)
file(MAKE_DIRECTORY ${HEAPMM_TOOL_INCLUDES}/heapmm)
file(CREATE_LINK ${PROJECT_SOURCE_DIR}/src ${HEAPMM_TOOL_INCLUDES}/heapmm/impl SYMBOLIC)

add_executable(heapmm_tool ${HEAPMM_TOOL_SOURCES})
target_compile_features(heapmm_tool PRIVATE c_std_11)
target_compile_definitions(heapmm_tool PRIVATE _GNU_SOURCE
    "HEAPMM_COMMANDS=${heapmm_commands}" HEAPMM_VERSION="${PROJECT_VERSION}" HEAPMM_RECORD_PATH="${heapmm_record_path}"
    HMM_HOSTED=1 HMM_AUDIT_LEVEL=${HEAPMM_AUDIT_LEVEL} HMM_STATS=$<BOOL:${HEAPMM_STATS}>)
target_include_directories(heapmm_tool PRIVATE ${HEAPMM_TOOL_INCLUDES} ${PROJECT_SOURCE_DIR}/tools/heapmm)
target_link_libraries(heapmm_tool PRIVATE heapmm_static heapmm_trace heapmm_warnings ${HEAPMM_TOOL_LIBRARIES})
set_target_properties(heapmm_tool PROPERTIES
    OUTPUT_NAME heapmm
    C_EXTENSIONS OFF
    RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tools)
add_dependencies(heapmm_libraries heapmm_tool)

if(HEAPMM_HAS_RECORDER)
    # The compiler must not know what malloc does: it would call calloc inside calloc.
    add_library(heapmm_record MODULE ${PROJECT_SOURCE_DIR}/tools/record/recorder.c)
    target_compile_features(heapmm_record PRIVATE c_std_11)
    target_compile_options(heapmm_record PRIVATE -fno-builtin)
    target_link_libraries(heapmm_record PRIVATE heapmm_headers heapmm_warnings)
    set_target_properties(heapmm_record PROPERTIES
        OUTPUT_NAME heapmm-record
        PREFIX lib
        C_EXTENSIONS OFF
        C_VISIBILITY_PRESET hidden
        LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tools)
    add_dependencies(heapmm_libraries heapmm_record)
    add_dependencies(heapmm_tool heapmm_record)
endif()
