/* task.h: as much of the kernel's header as the sample of the guide needs in order to be compiled.
 *
 * SPDX-License-Identifier: MIT */
#ifndef TASK_H
#define TASK_H

#include "FreeRTOS.h"

void vTaskSuspendAll(void);
BaseType_t xTaskResumeAll(void);

#endif
