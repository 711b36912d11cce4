# The library, static and shared, from one list of sources.
# SPDX-License-Identifier: MIT
#
# heapmm::heapmm_static and heapmm::heapmm_shared always exist. heapmm::heapmm is the shared one where BUILD_SHARED_LIBS is true,
# else the static one; an installed copy follows the same rule.

# What the tests build with each program: one instance, the default one.
set(HEAPMM_HEAP_SOURCES src/heap/heap.c src/heap/result.c src/os/fault.c)
list(TRANSFORM HEAPMM_HEAP_SOURCES PREPEND ${PROJECT_SOURCE_DIR}/)
# The pool, with that.
set(HEAPMM_POOL_SOURCES ${HEAPMM_HEAP_SOURCES} ${PROJECT_SOURCE_DIR}/src/pool/pool.c)
set(HEAPMM_SOURCES src/heap/tiny_heap.c src/heap/wide_heap.c src/classic/classic.c src/os/audit_abort.c)
list(TRANSFORM HEAPMM_SOURCES PREPEND ${PROJECT_SOURCE_DIR}/)
list(PREPEND HEAPMM_SOURCES ${HEAPMM_POOL_SOURCES})

function(heapmm_add_library name type)
    add_library(${name} ${type} ${HEAPMM_SOURCES})
    add_library(heapmm::${name} ALIAS ${name})
    target_compile_features(${name} PUBLIC c_std_11)
    target_compile_definitions(${name} PRIVATE
        HMM_HOSTED=1
        HMM_AUDIT_LEVEL=${HEAPMM_AUDIT_LEVEL}
        HMM_STATS=$<BOOL:${HEAPMM_STATS}>
        HMM_CHECK_INTERVAL=${HEAPMM_CHECK_INTERVAL}
        HMM_VALGRIND=$<BOOL:${HEAPMM_VALGRIND}>)
    # The granule is part of the interface: a program that asks for it must see the library's.
    if(HEAPMM_GRANULE)
        target_compile_definitions(${name} PUBLIC HMM_HEAP_GRANULE=${HEAPMM_GRANULE})
    endif()
    target_include_directories(${name} PUBLIC
        $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
        $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
    target_link_libraries(${name} PRIVATE $<BUILD_INTERFACE:heapmm_warnings>)
    set_target_properties(${name} PROPERTIES
        OUTPUT_NAME heapmm
        C_EXTENSIONS OFF
        C_VISIBILITY_PRESET hidden
        POSITION_INDEPENDENT_CODE ON
        VERSION ${PROJECT_VERSION}
        SOVERSION ${PROJECT_VERSION_MAJOR})
endfunction()

heapmm_add_library(heapmm_static STATIC)
heapmm_add_library(heapmm_shared SHARED)
if(BUILD_SHARED_LIBS)
    add_library(heapmm::heapmm ALIAS heapmm_shared)
else()
    add_library(heapmm::heapmm ALIAS heapmm_static)
endif()
