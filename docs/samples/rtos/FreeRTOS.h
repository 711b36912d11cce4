/* FreeRTOS.h: as much of the kernel's header as the sample of the guide needs in order to be compiled.
 *
 * SPDX-License-Identifier: MIT */
#ifndef FREERTOS_H
#define FREERTOS_H

#include <stddef.h>

#define configTOTAL_HEAP_SIZE ((size_t)(16 * 1024))
#define configASSERT(condition) ((void)(condition))

typedef long BaseType_t;

#endif
