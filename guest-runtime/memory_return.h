/* SPDX-License-Identifier: ISC */
/* Memory that the program has no use for goes back to the host. */
#ifndef RT_MEMORY_RETURN_H
#define RT_MEMORY_RETURN_H

#include <stdint.h>

#include "extent.h"

/* Gives [start, end) of the heap back: to extent.c, and in time to the host. */
void __rt_memory_freed(uintptr_t start, uintptr_t end);

/* memory.c, which knows what was never in use: */
void __rt_memory_touched(const struct rt_extent *range,
			 struct rt_extent touched[2]);
void __rt_memory_is_untouched(const struct rt_extent *range);

#endif
