/* SPDX-License-Identifier: ISC */
/* tender --check: what this host offers, and what to do about the rest. */
#ifndef HOST_CHECK_H
#define HOST_CHECK_H

#include <stdbool.h>

/* Prints one line for each thing looked at. Whether a guest can run here. */
bool host_check(void);

#endif
