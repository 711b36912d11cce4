# The malloc replacement: libheapmm-malloc, shared and static, as heapmm::malloc and heapmm::malloc_static.
# SPDX-License-Identifier: MIT
#
# HEAPMM_HAS_MALLOC says whether it is built: on Linux with 64-bit pointers, and not with a sanitizer, which has a malloc of its own.
set(HEAPMM_HAS_MALLOC FALSE)
if(CMAKE_SYSTEM_NAME STREQUAL Linux AND CMAKE_SIZEOF_VOID_P EQUAL 8 AND NOT CMAKE_C_FLAGS MATCHES "-fsanitize")
    set(HEAPMM_HAS_MALLOC TRUE)
endif()

set(HEAPMM_MALLOC_SOURCES ${PROJECT_SOURCE_DIR}/src/malloc/malloc.c ${PROJECT_SOURCE_DIR}/src/os/linux.c)

# A new that fails throws through the functions here: so -fexceptions.
function(heapmm_add_malloc name export_name type)
    add_library(${name} ${type} ${HEAPMM_MALLOC_SOURCES})
    add_library(heapmm::${export_name} ALIAS ${name})
    target_compile_features(${name} PUBLIC c_std_11)
    target_compile_options(${name} PRIVATE -fexceptions)
    if(type STREQUAL SHARED)
        target_compile_definitions(${name} PRIVATE HMM_NOTHROW_NEW=1)
        target_link_libraries(${name} PRIVATE ${CMAKE_DL_LIBS}) # for dlsym
    endif()
    target_link_options(${name} PUBLIC -pthread)
    target_include_directories(${name} PUBLIC
        $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
        $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
    target_link_libraries(${name} PRIVATE $<BUILD_INTERFACE:heapmm_warnings>)
    set_target_properties(${name} PROPERTIES
        OUTPUT_NAME heapmm-malloc
        EXPORT_NAME ${export_name}
        C_EXTENSIONS OFF
        C_VISIBILITY_PRESET hidden
        POSITION_INDEPENDENT_CODE ON
        VERSION ${PROJECT_VERSION}
        SOVERSION ${PROJECT_VERSION_MAJOR})
endfunction()

if(HEAPMM_HAS_MALLOC)
    heapmm_add_malloc(heapmm_malloc malloc SHARED)
    heapmm_add_malloc(heapmm_malloc_static malloc_static STATIC)
endif()

# All that is installed.
add_custom_target(heapmm_libraries DEPENDS heapmm_static heapmm_shared)
if(HEAPMM_HAS_MALLOC)
    add_dependencies(heapmm_libraries heapmm_malloc heapmm_malloc_static)
endif()
