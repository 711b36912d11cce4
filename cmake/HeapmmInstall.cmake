# Installation: libraries, headers, gdb's commands, manual pages, the CMake package and the pkg-config file.
# SPDX-License-Identifier: MIT
#
# Both descriptions name the prefix relative to themselves, so that an installed copy may be moved.
include(CMakePackageConfigHelpers)

set(heapmm_package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/heapmm)
set(heapmm_pkgconfig_dir ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

install(TARGETS heapmm_static heapmm_shared EXPORT heapmm)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
if(HEAPMM_HAS_MALLOC)
    install(TARGETS heapmm_malloc heapmm_malloc_static EXPORT heapmm)
    cmake_path(RELATIVE_PATH CMAKE_INSTALL_FULL_LIBDIR BASE_DIRECTORY ${CMAKE_INSTALL_FULL_BINDIR} OUTPUT_VARIABLE heapmm_run_lib_path)
    configure_file(${PROJECT_SOURCE_DIR}/scripts/heapmm-run.in ${PROJECT_BINARY_DIR}/heapmm-run @ONLY)
    install(PROGRAMS ${PROJECT_BINARY_DIR}/heapmm-run DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
if(HEAPMM_HAS_TRACE)
    install(TARGETS heapmm_trace EXPORT heapmm)
endif()
# gdb's commands: (gdb) source .../share/heapmm/gdb/heapmm-gdb.py
install(DIRECTORY ${PROJECT_SOURCE_DIR}/tools/gdb DESTINATION ${CMAKE_INSTALL_DATADIR}/heapmm FILES_MATCHING PATTERN "*.py")
# The implementation of the heap, for instances of the user's own.
foreach(layer base heap)
    install(DIRECTORY ${PROJECT_SOURCE_DIR}/src/${layer} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/heapmm/impl
        FILES_MATCHING PATTERN "*.h")
endforeach()

# The manual pages, if they have been built: make docs, or make install, which does both.
set(HEAPMM_MAN_DIRECTORY ${PROJECT_SOURCE_DIR}/build/docs/man CACHE PATH "Where the built manual pages are")
install(DIRECTORY ${HEAPMM_MAN_DIRECTORY}/man3 DESTINATION ${CMAKE_INSTALL_MANDIR} OPTIONAL FILES_MATCHING PATTERN "*.3")
if(HEAPMM_HAS_TOOL OR HEAPMM_HAS_MALLOC)
    install(DIRECTORY ${HEAPMM_MAN_DIRECTORY}/man1 DESTINATION ${CMAKE_INSTALL_MANDIR} OPTIONAL FILES_MATCHING PATTERN "*.1")
endif()
if(HEAPMM_HAS_TOOL)
    install(TARGETS heapmm_tool)
endif()
if(HEAPMM_HAS_RECORDER)
    install(TARGETS heapmm_record LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
endif()

install(EXPORT heapmm NAMESPACE heapmm:: FILE heapmm-targets.cmake DESTINATION ${heapmm_package_dir})
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/heapmm-config.cmake.in ${PROJECT_BINARY_DIR}/heapmm-config.cmake
    INSTALL_DESTINATION ${heapmm_package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/heapmm-config-version.cmake COMPATIBILITY SameMajorVersion)
install(FILES ${PROJECT_BINARY_DIR}/heapmm-config.cmake ${PROJECT_BINARY_DIR}/heapmm-config-version.cmake
    DESTINATION ${heapmm_package_dir})

cmake_path(RELATIVE_PATH CMAKE_INSTALL_FULL_INCLUDEDIR BASE_DIRECTORY ${CMAKE_INSTALL_PREFIX} OUTPUT_VARIABLE heapmm_include_path)
cmake_path(RELATIVE_PATH CMAKE_INSTALL_FULL_LIBDIR BASE_DIRECTORY ${CMAKE_INSTALL_PREFIX} OUTPUT_VARIABLE heapmm_lib_path)
cmake_path(ABSOLUTE_PATH heapmm_pkgconfig_dir BASE_DIRECTORY ${CMAKE_INSTALL_PREFIX} NORMALIZE OUTPUT_VARIABLE heapmm_pc_place)
cmake_path(RELATIVE_PATH CMAKE_INSTALL_PREFIX BASE_DIRECTORY ${heapmm_pc_place} OUTPUT_VARIABLE heapmm_prefix_path)
set(heapmm_pc_cflags "")
if(HEAPMM_GRANULE)
    set(heapmm_pc_cflags " -DHMM_HEAP_GRANULE=${HEAPMM_GRANULE}")
endif()
configure_file(${PROJECT_SOURCE_DIR}/cmake/heapmm.pc.in ${PROJECT_BINARY_DIR}/heapmm.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/heapmm.pc DESTINATION ${heapmm_pkgconfig_dir})
if(HEAPMM_HAS_TRACE)
    configure_file(${PROJECT_SOURCE_DIR}/cmake/heapmm-trace.pc.in ${PROJECT_BINARY_DIR}/heapmm-trace.pc @ONLY)
    install(FILES ${PROJECT_BINARY_DIR}/heapmm-trace.pc DESTINATION ${heapmm_pkgconfig_dir})
endif()
