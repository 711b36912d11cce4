# Runs one example as a test: cmake -DPROGRAM=... -DARGS=... -DSTATUS=N -DPRINTS=REGEX;... -P run_example.cmake
# SPDX-License-Identifier: MIT
#
# A test by itself looks either at the exit status or at what is printed; an example must have both right.
execute_process(COMMAND ${PROGRAM} ${ARGS} RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
message("${output}")
if(NOT status STREQUAL STATUS)
    message(FATAL_ERROR "ended with status ${status}, expected ${STATUS}")
endif()
foreach(regex IN LISTS PRINTS)
    if(NOT output MATCHES "${regex}")
        message(FATAL_ERROR "printed nothing that matches: ${regex}")
    endif()
endforeach()
