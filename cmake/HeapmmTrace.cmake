# The trace library, libheapmm-trace, static, as heapmm::trace.
# SPDX-License-Identifier: MIT
#
# HEAPMM_HAS_TRACE says whether it is built: where libzstd is there for the machine that is compiled for. What reads and writes frames
# needs no library and no system, see HEAPMM_TRACE_SOURCES.
set(HEAPMM_TRACE_SOURCES src/trace/reader.c src/trace/writer.c src/trace/names.c)
list(TRANSFORM HEAPMM_TRACE_SOURCES PREPEND ${PROJECT_SOURCE_DIR}/)

include(CheckCSourceCompiles)
set(CMAKE_REQUIRED_LIBRARIES zstd)
check_c_source_compiles("#include <zstd.h>\nint main(void) { return ZSTD_createDCtx() == 0; }" HEAPMM_HAS_ZSTD)
unset(CMAKE_REQUIRED_LIBRARIES)
set(HEAPMM_HAS_TRACE FALSE)
if(HEAPMM_HAS_ZSTD AND UNIX)
    set(HEAPMM_HAS_TRACE TRUE)
endif()

if(HEAPMM_HAS_TRACE)
    add_library(heapmm_trace STATIC ${HEAPMM_TRACE_SOURCES} ${PROJECT_SOURCE_DIR}/src/os/trace_file.c)
    add_library(heapmm::trace ALIAS heapmm_trace)
    target_compile_features(heapmm_trace PUBLIC c_std_11)
    target_include_directories(heapmm_trace PUBLIC
        $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
        $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
    target_link_libraries(heapmm_trace PRIVATE $<BUILD_INTERFACE:heapmm_warnings> PUBLIC zstd)
    set_target_properties(heapmm_trace PROPERTIES
        OUTPUT_NAME heapmm-trace
        EXPORT_NAME trace
        C_EXTENSIONS OFF
        C_VISIBILITY_PRESET hidden
        POSITION_INDEPENDENT_CODE ON)
    add_dependencies(heapmm_libraries heapmm_trace)
endif()
