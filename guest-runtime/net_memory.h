/* SPDX-License-Identifier: ISC */
/* Memory of the network: counted, so that no peer can take all of it. */
#ifndef RT_NET_MEMORY_H
#define RT_NET_MEMORY_H

#include <lwip/memp.h>

/* How many of one of lwIP's kinds there are. */
unsigned net_memory_count(memp_t kind);

#endif
