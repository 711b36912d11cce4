# The page of `heapmm report`, without what is different in each report: one C file, made of tools/report/ and uPlot.
# SPDX-License-Identifier: MIT
#
# uPlot, which draws the curves, comes from npm once for a build directory: the version and its checksum stand in tools/report/. Without
# npm or a network everything else is built, `heapmm report` says what is missing, and the next build tries again. HEAPMM_UPLOT may name
# a directory with the unpacked package; then nothing is fetched.
# As a part of another project, heapmm fetches nothing unless HEAPMM_REPORT is ON.
option(HEAPMM_REPORT "Fetch what heapmm report needs with npm" ${PROJECT_IS_TOP_LEVEL})
set(HEAPMM_UPLOT "" CACHE PATH "The npm package uplot, unpacked; empty: npm fetches it")

set(heapmm_page_directory ${PROJECT_BINARY_DIR}/tools/report)
set(heapmm_page_source ${PROJECT_SOURCE_DIR}/tools/report)
file(GLOB heapmm_page_files CONFIGURE_DEPENDS ${heapmm_page_source}/*)
# The second output is there only when nothing is missing that was wanted: otherwise the next build does this again.
add_custom_command(
    OUTPUT ${heapmm_page_directory}/page_parts.c ${heapmm_page_directory}/is_whole
    COMMAND ${CMAKE_COMMAND} -D SOURCE=${heapmm_page_source} -D DIRECTORY=${heapmm_page_directory} -D UPLOT=${HEAPMM_UPLOT}
        -D FETCHES=${HEAPMM_REPORT} -P ${PROJECT_SOURCE_DIR}/cmake/HeapmmReportPage.cmake
    DEPENDS ${heapmm_page_files} ${PROJECT_SOURCE_DIR}/cmake/HeapmmReportPage.cmake
    COMMENT "The page of heapmm report"
    VERBATIM)
add_library(heapmm_page OBJECT ${heapmm_page_directory}/page_parts.c)
target_include_directories(heapmm_page PRIVATE ${PROJECT_SOURCE_DIR}/tools/heapmm)
target_link_libraries(heapmm_page PRIVATE heapmm_warnings)
