/* SPDX-License-Identifier: ISC */
/* struct cpu_state of the architecture that this is built for. */
#ifndef CPU_STATE_H
#define CPU_STATE_H

#include "cpu_state_x86_64.h"

#endif
